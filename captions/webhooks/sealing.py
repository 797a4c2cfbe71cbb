"""Keeps webhook secrets encrypted: a copy of the database alone signs nothing."""

import base64
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

PREFIX = "whsec_"
_PURPOSE = b"capsite webhook secrets"


class SealBroken(Exception):
    """A secret was sealed with a SECRET_KEY that this site no longer has."""


def secret_make() -> str:
    """Return a new secret of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def seal(secret: str) -> str:
    """Return the secret as the database keeps it."""
    return _keys().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the secret; raises SealBroken when no key of this site opens it."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken from None


def _keys() -> MultiFernet:
    """Seal with SECRET_KEY, open with it or one of SECRET_KEY_FALLBACKS."""
    return MultiFernet([_key(key) for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])


def _key(secret_key: str | bytes) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(force_bytes(secret_key))
    return Fernet(base64.urlsafe_b64encode(derived))
