"""Receiving webhooks."""

import hashlib
import hmac
import json

import pytest
from capsite_client import WebhookInvalid, verify_webhook
from hypothesis import given
from hypothesis import strategies as st

SECRET, NOW = "whsec_something", 1_800_000_000
BODY = json.dumps({"id": "e-1", "event": "caption.ready", "data": {"image": "x"}}).encode()


def headers(body: bytes = BODY, secret: str = SECRET, at: int = NOW) -> dict[str, str]:
    """Sign as the contract says, by hand."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Signature-256": f"sha256={mac}", "X-Capsite-Timestamp": str(at)}


def refused(*args, **options) -> str:
    with pytest.raises(WebhookInvalid) as caught:
        verify_webhook(*args, **{"now": NOW} | options)
    return caught.value.code


def test_a_genuine_message_is_read():
    message = verify_webhook(BODY, headers(), SECRET, now=NOW + 299)
    assert (message.id, message.event, message.data) == ("e-1", "caption.ready", {"image": "x"})
    lower = {name.lower(): value for name, value in headers().items()}
    assert verify_webhook(BODY, lower, SECRET, now=NOW) == message


def test_either_secret_serves_while_one_takes_over():
    assert verify_webhook(BODY, headers(), ["new", SECRET], now=NOW).id == "e-1"
    assert refused(BODY, headers(), ["new", "newer"]) == "signature_wrong"
    assert refused(BODY, headers(secret=""), [""]) == "signature_wrong"


def test_forgeries_and_replays_are_refused():
    assert refused(BODY + b" ", headers(), SECRET) == "signature_wrong"
    assert refused(BODY, headers(), "other") == "signature_wrong"
    assert refused(BODY, headers(), SECRET, now=NOW + 301) == "timestamp_stale"
    assert refused(BODY, headers(), SECRET, now=NOW - 301) == "timestamp_stale"
    later = headers() | {"X-Capsite-Timestamp": str(NOW + 1)}
    assert refused(BODY, later, SECRET) == "signature_wrong"
    assert refused(BODY, {}, SECRET) == "signature_missing"
    assert refused(b"[]", headers(b"[]"), SECRET) == "body_invalid"


@given(st.text(max_size=40), st.text(max_size=40), st.binary(max_size=40))
def test_whatever_comes_is_refused_in_one_way(signature, timestamp, body):
    odd = {"X-Signature-256": signature, "X-Capsite-Timestamp": timestamp}
    assert refused(body, odd, SECRET) in ("signature_missing", "signature_wrong")
