"""Requests as they are sent and answers as they come, without any network."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from capsite_client.errors import AnswerInvalid

JSON = "application/json"
Query = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One HTTP request, whole: an attempt after the first sends exactly the same bytes."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    repeatable: bool = False  # sending it twice does what sending it once does
    patience: float = 0.0  # seconds that the site may take on purpose, before it answers

    def with_headers(self, **headers: str) -> "Request":
        """Return the same with more headers; underscores stand for hyphens."""
        more = {name.replace("_", "-"): value for name, value in headers.items() if value}
        return replace(self, headers={**self.headers, **more})


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AnswerInvalid(
                f"The site's answer (status {self.status}) is not JSON.", status=self.status
            ) from error

    def object(self) -> dict[str, Any]:
        """Return the body as a JSON object."""
        found = self.json()
        if not isinstance(found, dict):
            raise AnswerInvalid("The site's answer is no JSON object.", status=self.status)
        return found

    def problem(self) -> dict[str, Any]:
        """Return the body as an object where it is one, else nothing."""
        try:
            return self.object()
        except AnswerInvalid:
            return {}

    def retry_after(self) -> float | None:
        """Return the seconds of Retry-After (which may also be a date), or of the body."""
        text = self.headers.get("retry-after", "").strip()
        if text:
            return _seconds(text)
        told = self.problem().get("retry_after")
        return float(told) if isinstance(told, int | float) and told >= 0 else None


def _seconds(text: str) -> float | None:
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def new_key() -> str:
    """Return an Idempotency-Key for one call, whatever number of attempts it takes."""
    return uuid.uuid4().hex


def get(path: str, query: Query | None = None, *, patience: float = 0.0) -> Request:
    """A request that only reads."""
    return Request("GET", _address(path, query), repeatable=True, patience=patience)


def send(
    method: str,
    path: str,
    body: Any = None,
    *,
    key: str = "",
    repeatable: bool | None = None,
    patience: float = 0.0,
) -> Request:
    """A request that writes: PUT and DELETE may be repeated, POST and PATCH with a key."""
    content = b"" if body is None else json.dumps(body).encode()
    bare = Request(method, path, {}, content, patience=patience)
    request = bare.with_headers(
        Content_Type=JSON if content else "",
        Idempotency_Key=key,
    )
    safe = bool(key) or method in ("PUT", "DELETE") if repeatable is None else repeatable
    return replace(request, repeatable=safe)


@dataclass(frozen=True)
class FilePart:
    """A file in a multipart form."""

    field: str
    name: str
    data: bytes


def form(
    path: str,
    fields: Iterable[tuple[str, str]],
    files: Sequence[FilePart],
    *,
    key: str,
    patience: float = 0.0,
) -> Request:
    """A POST of a multipart form; its boundary comes from the key, so a repeat is the same."""
    boundary = f"capsite-{key}"
    parts = [_part(boundary, f'name="{_quoted(name)}"', text.encode()) for name, text in fields]
    for file in files:
        naming = f'name="{_quoted(file.field)}"; filename="{_quoted(file.name)}"'
        kind = "\r\nContent-Type: application/octet-stream"
        parts.append(_part(boundary, naming + kind, file.data))
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Idempotency-Key": key,
    }
    content = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return Request("POST", path, headers, content, repeatable=True, patience=patience)


def _part(boundary: str, naming: str, data: bytes) -> bytes:
    opening = f"--{boundary}\r\nContent-Disposition: form-data; {naming}\r\n\r\n"
    return opening.encode() + data + b"\r\n"


def _quoted(text: str) -> str:
    """Escape a name as browsers do."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _address(path: str, query: Query | None) -> str:
    kept = {name: _plain(value) for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return list(value) if isinstance(value, tuple | list | set | frozenset) else value
