"""What the photo page shows of published texts, ready for its templates."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import get_language

from annotations.diff import Piece, has_changes, words_diff
from annotations.models import Annotation, Revision
from annotations.selectors import revisions_of
from captions.models import Caption
from gallery.models import Image
from gallery.models.job import Language

VERSIONS_AT_ONCE = 20


@dataclass(frozen=True)
class PublishedText:
    """The place of one language's text: with a text, or still empty."""

    image_id: UUID
    language: str
    annotation: Annotation | None

    @property
    def version(self) -> int:
        """Return the version that an edit made here stands on."""
        return self.annotation.version if self.annotation else 0

    @property
    def text(self) -> str:
        """Return the words, empty where there are none."""
        return self.annotation.text if self.annotation else ""


def texts_of(image: Image) -> list[PublishedText]:
    """Return a place for every language, those with a text first; one query a photo object."""
    rows = Prefetch("annotations", queryset=Annotation.objects.select_related("author"))
    prefetch_related_objects([image], rows)
    found = {row.language: row for row in image.annotations.all()}
    texts = [PublishedText(image.pk, code, found.get(code)) for code in Language.values]
    return sorted(texts, key=_rank)


def text_in(image: Image, language: str) -> PublishedText:
    """Return the place of one language, read anew."""
    rows = Annotation.objects.select_related("author")
    row = rows.filter(image=image, language=language).first()
    return PublishedText(image.pk, language, row)


def _rank(text: PublishedText) -> tuple[bool, bool]:
    return (text.annotation is None, text.language != (get_language() or "")[:2])


def is_published(caption: Caption, texts: Iterable[PublishedText]) -> bool:
    """Tell whether a suggestion, word for word, is what is published in its language."""
    return any(text.language == caption.language and text.text == caption.text for text in texts)


@dataclass(frozen=True)
class Version:
    """One version with what it changed in the one before."""

    revision: Revision
    pieces: list[Piece]
    newest: bool

    @property
    def only_blanks(self) -> bool:
        """Tell a version that looks like the one before."""
        return self.revision.number > 1 and not has_changes(self.pieces)


@dataclass(frozen=True)
class Timeline:
    """Some versions, the newest first, and the number before which to go on (0 at the end)."""

    versions: list[Version]
    before: int


def timeline_of(annotation: Annotation, before: int = 0) -> Timeline:
    """Return the versions before a number, or the newest ones; one query."""
    rows = revisions_of(annotation)
    rows = rows.filter(number__lt=before) if before else rows
    # One more than is shown, for it is what the last one is compared with.
    found = list(rows[: VERSIONS_AT_ONCE + 1])
    shown = found[:VERSIONS_AT_ONCE]
    return Timeline(
        versions=[_version(annotation, found, place) for place in range(len(shown))],
        before=shown[-1].number if len(found) > len(shown) else 0,
    )


def _version(annotation: Annotation, found: list[Revision], place: int) -> Version:
    revision = found[place]
    earlier = found[place + 1].text if place + 1 < len(found) else ""
    # The first version is all new; marking it all would say nothing.
    compared = words_diff(earlier or revision.text, revision.text)
    return Version(revision, compared, revision.number == annotation.version)


@dataclass(frozen=True)
class Conflict:
    """Two texts that were written on top of one: what each of both changed in it."""

    version: int
    author: str | None
    theirs: list[Piece]
    mine: list[Piece]
    text: str


def conflict_between(text: PublishedText, *, base_version: int, mine: str) -> Conflict:
    """Compare what is published now, and what somebody wanted to, with what both began from."""
    base = _base(text, base_version)
    author = text.annotation.author if text.annotation else None
    return Conflict(
        version=text.version,
        author=author.get_username() if author else None,
        theirs=words_diff(base or text.text, text.text),
        mine=words_diff(base or mine, mine),
        text=mine,
    )


def _base(text: PublishedText, number: int) -> str:
    if text.annotation is None:
        return ""
    found = text.annotation.revisions.filter(number=number).first()
    return found.text if found else ""
