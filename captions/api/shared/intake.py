"""How a photo comes in: as a file, as base64 in JSON, or as a URL that is fetched."""

import base64
import binascii
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from capsite.common.errors import CapsiteError
from capsite.common.outbound import fetch

FETCH_SECONDS = 10
BATCH_FETCH_SECONDS = 60
WAYS = ("image", "image_base64", "url")
NOT_AS_TEXT = gettext_lazy("Send a photo as the multipart field 'image', not as text.")


class PhotoFields(serializers.Serializer):
    """The three ways to send a photo; exactly one is taken."""

    image = serializers.FileField(
        required=False,
        allow_empty_file=True,  # an empty file is refused by the ingest, in its own words
        max_length=None,
        error_messages={"invalid": NOT_AS_TEXT},
        help_text="The photo itself, in a multipart form.",
    )
    image_base64 = serializers.CharField(
        required=False,
        trim_whitespace=False,
        help_text="The photo in base64; a `data:` URI is understood too.",
    )
    url = serializers.CharField(
        required=False,
        max_length=2000,
        help_text="Where the photo can be fetched: http or https, at a public address.",
    )
    name = serializers.CharField(
        required=False, max_length=255, help_text="A file name, for the title."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take exactly one photo."""
        ways = [way for way in WAYS if way in self.fields]
        sent = [way for way in ways if way in attrs]
        if len(sent) != 1:
            message = _("Send one photo as one of: %(ways)s.") % {"ways": ", ".join(ways)}
            code = "required" if not sent else "invalid"
            field = sent[1] if sent else ways[0]
            raise serializers.ValidationError({field: [serializers.ErrorDetail(message, code)]})
        return attrs


@dataclass(frozen=True)
class PhotoSource:
    """One photo that was announced; its bytes are read when they are asked for, and not kept.

    It has the attributes of ``gallery.services.batches.Sent``, so that a batch of fifty URLs holds
    one photo in memory at a time.
    """

    given: Mapping[str, Any]
    seconds: float = FETCH_SECONDS
    refusal: CapsiteError | None = None

    @property
    def way(self) -> str:
        """The field that it came in."""
        return next(way for way in WAYS if way in self.given)

    @property
    def name(self) -> str:
        """What the photo was called."""
        file = self.given.get("image")
        fallback = file.name if file is not None else _name_in(self.given.get("url", ""))
        return str(self.given.get("name") or fallback or "")

    @property
    def data(self) -> bytes:
        """The photo's bytes; CapsiteError where they cannot be had."""
        if "image" in self.given:
            return bytes(self.given["image"].read())
        if "image_base64" in self.given:
            return base64_decode(self.given["image_base64"])
        most = settings.CAPSITE_UPLOAD_MAX_BYTES
        return fetch(self.given["url"], max_bytes=most, seconds=self.seconds).data


@dataclass(frozen=True)
class HurriedSource(PhotoSource):
    """A photo of a batch, whose URLs share one deadline."""

    until: float = 0.0

    @property
    def data(self) -> bytes:
        """The photo's bytes; CapsiteError once the batch's time is used up."""
        left = self.until - time.monotonic()
        if "url" in self.given and left <= 0:
            message = _("The URLs of this batch took more than %(seconds)d seconds together.")
            raise CapsiteError(
                "url_unreachable", message % {"seconds": BATCH_FETCH_SECONDS}, field="url"
            )
        return PhotoSource(self.given, min(FETCH_SECONDS, left)).data


@contextmanager
def refusals_titled(source: PhotoSource) -> Iterator[None]:
    """Give the refusal of a photo its title, and the name of the field that it came in."""
    try:
        yield
    except CapsiteError as error:
        if error.field == "image":
            error.data.setdefault("title", _("Invalid image format."))
            error.field = source.way
        raise


def batch_sources(items: Iterable[Mapping[str, Any]]) -> Iterator[HurriedSource]:
    """Yield the photos of a batch, in order; their URLs are given a minute together."""
    until = time.monotonic() + BATCH_FETCH_SECONDS
    for item in items:
        yield HurriedSource(item, until=until)


def base64_decode(text: str) -> bytes:
    """Return the bytes of a base64 text or ``data:`` URI, standard or URL-safe alphabet."""
    if text.startswith("data:"):
        head, comma, text = text.partition(",")
        if not comma or not head.endswith(";base64"):
            raise _not_base64()
    compact = "".join(text.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise _not_base64() from None


def _not_base64() -> CapsiteError:
    message = _("This is not base64. Send the bytes of a photo in base64, or a file, or a URL.")
    return CapsiteError("invalid", message, field="image_base64")


def _name_in(url: str) -> str:
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).name
    except ValueError:
        return ""
