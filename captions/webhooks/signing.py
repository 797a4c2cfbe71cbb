"""Signs deliveries, and checks a signature as receivers do; pure, standard library only."""

import hashlib
import hmac
import time

TOLERANCE_SECONDS = 300

SIGNATURE = "X-Signature-256"
TIMESTAMP = "X-Capsite-Timestamp"
EVENT = "X-Capsite-Event"
DELIVERY = "X-Capsite-Delivery"


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return ``sha256=`` and the HMAC in hex of ``<timestamp>.<body>``."""
    signed = f"{timestamp}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def verify(
    *,
    secret: str,
    signature: str,
    timestamp: str,
    body: bytes,
    now: float | None = None,
    tolerance: float = TOLERANCE_SECONDS,
) -> bool:
    """Tell whether a delivery is capsite's and was sent within ``tolerance`` seconds of ``now``.

    ``signature`` and ``timestamp`` are the headers as they came, ``body`` the bytes as they came.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        return False
    expected = sign(secret, int(timestamp), body)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
