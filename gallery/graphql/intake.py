"""Takes photos out of an operation: files that came as multipart, or addresses to fetch."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from graphene import Scalar
from graphql import GraphQLError, Undefined

from capsite.common.errors import CapsiteError
from capsite.common.outbound import fetch
from gallery.services.batches import Sent

FETCH_SECONDS = 10
BATCH_SECONDS = 20  # for all the addresses of a batch together


class Upload(Scalar):
    """A file of a multipart request (graphql-multipart-request-spec)."""

    @staticmethod
    def serialize(_value: Any) -> Any:
        """Nothing answers with a file."""
        raise GraphQLError("A file is sent, not answered.")

    @staticmethod
    def parse_literal(_node: Any, _variables: Any = None) -> Any:
        """A file cannot stand in the text of a query."""
        return Undefined

    @staticmethod
    def parse_value(value: Any) -> UploadedFile:
        """Take the file that the multipart body put in this place."""
        if not isinstance(value, UploadedFile):
            raise GraphQLError("Send the file as multipart, with its place in map.")
        return value


def sent_photo(file: UploadedFile | None, url: str | None) -> tuple[bytes, str]:
    """Return the bytes and the name of the one photo that was sent."""
    if (file is None) == (url is None):
        message = _("Send one photo: file or url.")
        raise CapsiteError("required", message, field="file")
    if file is not None:
        return file.read(), file.name or ""
    assert url is not None
    return _fetched(url, FETCH_SECONDS), _name_in(url)


@dataclass(frozen=True)
class FetchedLater:
    """A photo of a batch that is fetched when its turn comes; it has the attributes of ``Sent``.

    So a batch of fifty addresses holds one photo in memory at a time.
    """

    url: str
    until: float
    refusal: CapsiteError | None = None

    @property
    def name(self) -> str:
        """What the address calls it."""
        return _name_in(self.url)

    @property
    def data(self) -> bytes:
        """The photo's bytes; CapsiteError where they cannot be had in the batch's time."""
        return _fetched(self.url, min(FETCH_SECONDS, self.until - time.monotonic()))


def sent_photos(
    files: Sequence[UploadedFile], urls: Sequence[str], *, seconds: float
) -> Iterator[Sent | FetchedLater]:
    """Yield every photo, files first; the addresses share ``seconds``."""
    for file in files:
        yield Sent(file.name or "", file.read())
    until = time.monotonic() + seconds
    for url in urls:
        yield FetchedLater(url, until)


def _fetched(url: str, seconds: float) -> bytes:
    if seconds <= 0:
        message = _("There was no time left to fetch this photo. Send it again in another batch.")
        raise CapsiteError("url_unreachable", message, field="url")
    return fetch(url, max_bytes=settings.CAPSITE_UPLOAD_MAX_BYTES, seconds=seconds).data


def _name_in(url: str) -> str:
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).name
    except ValueError:
        return ""
