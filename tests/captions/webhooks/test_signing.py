"""A signature covers time and body, and holds for five minutes."""

import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.webhooks.sealing import SealBroken, seal, secret_make, unseal
from captions.webhooks.signing import sign, verify

NOW = 1_800_000_000


def signed(body: bytes = b"{}", *, secret: str = "s", at: int = NOW) -> dict[str, Any]:
    """Return what a receiver knows of a delivery that was signed at ``at``, at NOW."""
    signature = sign(secret, at, body)
    facts = {"secret": secret, "signature": signature, "timestamp": str(at), "body": body}
    return facts | {"now": NOW}


def test_the_signature_is_the_documented_one():
    expected = hmac.new(b"s", b"1800000000.{}", hashlib.sha256).hexdigest()
    assert sign("s", NOW, b"{}") == f"sha256={expected}"


@given(st.binary(), st.text(st.characters(codec="utf-8")))
def test_what_was_signed_is_accepted(body, secret):
    assert verify(**signed(body, secret=secret))


@pytest.mark.parametrize(
    "changes",
    [
        {"body": b"{} "},
        {"secret": "t"},
        {"timestamp": str(NOW + 1)},
        {"timestamp": ""},
        {"timestamp": "soon"},
        {"timestamp": "٣"},
        {"timestamp": "9" * 400},
        {"signature": ""},
        {"signature": "sha256=é"},
        {"signature": sign("s", NOW, b"{}").removeprefix("sha256=")},
    ],
    ids=str,
)
def test_anything_else_is_refused(changes):
    assert verify(**signed())
    assert not verify(**signed() | changes)


def test_a_replay_is_refused_after_five_minutes_and_so_is_the_future():
    assert verify(**signed(at=NOW - 300))
    assert not verify(**signed(at=NOW - 301))
    assert not verify(**signed(at=NOW + 301))


def test_secrets_are_kept_encrypted_and_survive_a_change_of_the_key(settings):
    secret = secret_make()
    assert secret != secret_make()
    sealed = seal(secret)
    assert secret not in sealed
    assert unseal(sealed) == secret
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert unseal(sealed) == secret
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(SealBroken):
        unseal(sealed)
