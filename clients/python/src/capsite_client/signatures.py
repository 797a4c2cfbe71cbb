"""Checks that a request to a webhook receiver is a genuine, fresh message of the site."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from capsite_client.errors import WebhookInvalid

SIGNATURE = "X-Signature-256"
TIMESTAMP = "X-Capsite-Timestamp"
WINDOW = 300.0  # seconds


@dataclass(frozen=True)
class WebhookMessage:
    """One message; the same ``id`` may come more than once, and is to be acted on once."""

    id: str = ""
    event: str = ""
    created_at: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)  # all of it, as it came


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secret: str | Iterable[str],
    *,
    window: float = WINDOW,
    now: float | None = None,
) -> WebhookMessage:
    """Return the message of a request, given its body byte for byte; raise WebhookInvalid if not.

    Several secrets may be given while one takes over from another.
    """
    known = {name.lower(): value for name, value in headers.items()}
    signature, timestamp = known.get(SIGNATURE.lower(), ""), known.get(TIMESTAMP.lower(), "")
    if not signature or not timestamp:
        raise WebhookInvalid(f"{SIGNATURE} or {TIMESTAMP} is missing.", code="signature_missing")
    secrets = [secret] if isinstance(secret, str) else list(secret)
    # Every secret is compared, so that the time taken does not tell which of them fits.
    fits = [_same(sign(body, timestamp, one), signature) for one in secrets if one]
    if not any(fits):
        raise WebhookInvalid("The signature is not the site's.", code="signature_wrong")
    _check_age(timestamp, time.time() if now is None else now, window)
    return _message(body)


def sign(body: bytes, timestamp: str, secret: str) -> str:
    """Return the signature of a body at a time: HMAC-SHA256 over "TIMESTAMP.BODY"."""
    signed = timestamp.encode(errors="replace") + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode(errors="replace"))


def _check_age(timestamp: str, now: float, window: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        raise WebhookInvalid(f"{TIMESTAMP} is no Unix time in seconds.", code="timestamp_invalid")
    if abs(now - int(timestamp)) > window:
        raise WebhookInvalid(
            f"The message is more than {window:.0f} seconds old, or from the future.",
            code="timestamp_stale",
        )


def _message(body: bytes) -> WebhookMessage:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise WebhookInvalid("The body is no JSON object.", code="body_invalid")
    data = found.get("data")
    return WebhookMessage(
        id=str(found.get("id") or ""),
        event=str(found.get("event") or ""),
        created_at=str(found.get("created_at") or ""),
        data=data if isinstance(data, dict) else {},
        body=found,
    )
