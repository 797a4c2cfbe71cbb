"""Photos as callers give them: a path, bytes, or the address of one."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from capsite_client.errors import PhotoUnreadable
from capsite_client.flow import Flow, ReadFile

Source = str | os.PathLike[str] | bytes


@dataclass(frozen=True)
class Photo:
    """One photo to send; ``digest`` is the SHA-256 of its bytes, or of its address."""

    name: str
    digest: str
    data: bytes = b""
    url: str = ""


def load(source: Source) -> Flow[Photo]:
    """Return a photo; text that begins with http:// or https:// is an address."""
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        return Photo("photo", _digest(data), data)
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        return Photo(source, _digest(source.encode()), url=source)
    path = Path(source)
    try:
        data = yield ReadFile(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PhotoUnreadable(f"{path} could not be read: {reason}.", field="image") from error
    return Photo(path.name, _digest(data), data)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
