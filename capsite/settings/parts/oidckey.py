"""The RSA key that signs access tokens of the app client and ID tokens for other programs."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ImproperlyConfigured

from capsite.settings.parts.kept import kept

BITS = 2048


def private_key_from(given: str, var: Path) -> str:
    """Return the PEM that was given, or the one kept in ``var/oidc-key.pem``, made on first use."""
    if not given:
        return kept(var / "oidc-key.pem", _make)
    pem = given.replace("\\n", "\n")  # a variable holds it on one line
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < BITS:
        raise ImproperlyConfigured(
            f"CAPSITE_OIDC_KEY must be an RSA private key of at least {BITS} bits as PEM, "
            "its line ends written as \\n."
        )
    return pem


def _make() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
