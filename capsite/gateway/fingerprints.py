"""Whether two requests are the same request, however they were encoded."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework.request import Request

# They choose the language of the answer.
HEADERS = ("Accept-Language", "X-Caption-Language")


def fingerprint(request: Request) -> str:
    """Return a hash of method, address, language and content.

    A form is taken by its fields and the bytes of its files, because its boundary differs each
    time a client sends it; JSON is taken by its meaning.
    """
    digest = hashlib.sha256()
    address = [request.method or "", request.get_full_path()]
    for part in [*address, *(request.headers.get(name, "") for name in HEADERS)]:
        _add(digest, part.encode())
    data = request.data
    parts = _form(data) if isinstance(data, QueryDict) else [_json(data)]
    for content in parts:
        _add(digest, content)
    return digest.hexdigest()


def _form(data: QueryDict) -> Iterable[bytes]:
    for name, values in sorted(data.lists()):
        for value in values:
            yield name.encode()
            if isinstance(value, UploadedFile):
                yield (value.name or "").encode()
                yield _content(value)
            else:
                yield str(value).encode()


def _content(file: UploadedFile) -> bytes:
    """Return the hash of a file, which is then read from its beginning again."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.digest()


def _json(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, default=str).encode()


def _add(digest: Any, part: bytes) -> None:
    """Add a part with its length, so that no two lists of parts read the same."""
    digest.update(len(part).to_bytes(8, "big"))
    digest.update(part)
