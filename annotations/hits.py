"""Which photos speak of some words, and how nearly: the strictest way first, the rest if needed.

1. Every word stands in the text, or begins a word of it: for common words the newest texts are
   enough, and an index finds them without comparing a single trigram.
2. Every word is similar to one of the text: slips are forgiven.
3. The whole of it is similar to a part of the text; for a few words only, since what many
   common words are similar to is half of all texts.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import F, IntegerField, Q, QuerySet, Value
from django.utils.translation import gettext as _

from annotations.models import Annotation
from capsite.common.errors import CapsiteError
from capsite.common.texts import tidy_line
from captions.models import Caption
from gallery.models import Image

TEXT_LENGTH = 200
MOST_WORDS = 12
WORDS_ALIKE = 3
LONG = 3  # letters; shorter words count only where there are no others
MOST_HITS = 500  # texts of each kind that one way brings, and photos that a search finds
ENOUGH = 30  # with so many photos no looser way is tried
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Filters:
    """What narrows a search; ``strategy`` and ``min_confidence`` speak of captions by models."""

    language: str = ""
    strategy: str = ""
    min_confidence: float | None = None
    uploader: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def of_captions_only(self) -> bool:
        """Tell whether published texts and titles are left out."""
        return bool(self.strategy) or self.min_confidence is not None

    @property
    def photos(self) -> Q:
        """The condition on photos."""
        wanted = Q()
        if self.uploader:
            wanted &= Q(owner__username=self.uploader)
        if self.since:
            wanted &= Q(created_at__gte=self.since)
        if self.until:
            wanted &= Q(created_at__lt=self.until)
        return wanted


@dataclass(frozen=True)
class Wanted:
    """What is searched for: the text, and its telling words once each."""

    text: str
    words: tuple[str, ...]


@dataclass
class Hit:
    """How near a photo is, 0 to 1, and what it was found for."""

    rank: float
    text: str
    source: int  # place of the text's table among the sources
    likeness: float

    def improve(self, source: int, likeness: float, text: str) -> None:
        """Take in one text more: published ones come before captions, and those before titles."""
        self.rank = max(self.rank, likeness)
        # Among equals the last: rows come newest first, and the oldest is shown.
        if (-source, likeness) >= (-self.source, self.likeness):
            self.source, self.likeness, self.text = source, likeness, text


Way = Callable[[str, Wanted], Q]


def wanted_of(given: str) -> Wanted:
    """Check a text to search for and take it apart."""
    text = tidy_line(given)
    if not text or len(text) > TEXT_LENGTH:
        message = _("Search for 1 to %(most)d characters; these are %(now)d.")
        named = {"most": TEXT_LENGTH, "now": len(text)}
        raise CapsiteError("invalid_length", message % named, field="q")
    words = tuple(dict.fromkeys(WORD.findall(text.lower())))
    telling = tuple(word for word in words if len(word) >= LONG)
    return Wanted(text, (telling or words)[:MOST_WORDS])


def begun(name: str, wanted: Wanted) -> Q:
    """Return the condition that every word begins a word of column ``name``."""
    return _every(name, "iregex", [rf"(^|[^[:alnum:]]){word}" for word in wanted.words])


def similar(name: str, wanted: Wanted) -> Q:
    """Return the condition that every word is similar to one of column ``name``."""
    return _every(name, "trigram_word_similar", wanted.words)


def alike(name: str, wanted: Wanted) -> Q:
    """Return the condition that all of it is similar to a part of column ``name``."""
    return Q(**{f"{name}__trigram_word_similar": wanted.text})


def hits(listed: QuerySet[Image], wanted: Wanted, filters: Filters) -> dict[UUID, Hit]:
    """Return what was found for the photos of ``listed``, the nearest first; in 1 to 3 queries."""
    found: dict[UUID, Hit] = {}
    photos = listed.filter(filters.photos).order_by()
    for way in _ways(wanted, found):
        newest = way is begun
        sources = [
            _nearest(rows.filter(way(name, wanted)), name, wanted.text, newest, place)
            for place, (rows, name) in enumerate(_sources(photos, filters))
        ]
        first, *others = sources
        for image, likeness, place, text in first.union(*others, all=True) if others else first:
            hit = found.setdefault(image, Hit(likeness, text, place, likeness))
            hit.improve(place, likeness, text)
    nearest = sorted(found.items(), key=lambda item: -item[1].rank)  # stable: the newest first
    return dict(nearest[:MOST_HITS])


def captions_within(filters: Filters) -> QuerySet[Caption]:
    """Return the captions that the filters leave."""
    rows = Caption.objects.order_by()
    if filters.language:
        rows = rows.filter(language=filters.language)
    if filters.strategy:
        rows = rows.filter(strategy=filters.strategy)
    if filters.min_confidence is not None:
        rows = rows.filter(confidence__gte=filters.min_confidence)
    return rows


def texts_within(filters: Filters) -> QuerySet[Annotation]:
    """Return the published texts that the filters leave."""
    if filters.of_captions_only:
        return Annotation.objects.none()
    rows = Annotation.objects.order_by()
    return rows.filter(language=filters.language) if filters.language else rows


def _every(name: str, lookup: str, values: Any) -> Q:
    condition = Q()
    for value in values:
        condition &= Q(**{f"{name}__{lookup}": value})
    return condition


def _ways(wanted: Wanted, found: dict[UUID, Hit]) -> Iterator[Way]:
    """Go through the ways while what they found is too little."""
    if wanted.words:
        yield begun
        if len(found) < ENOUGH:
            yield similar
        if len(found) < ENOUGH and 1 < len(wanted.words) <= WORDS_ALIKE:
            yield alike


def _sources(photos: QuerySet[Image], filters: Filters) -> Iterator[tuple[QuerySet, str]]:
    """Return the tables to look into, each with its column, those first that are shown first.

    ``photo`` names their photo.
    """
    keys = photos.values("pk")
    if not filters.of_captions_only:
        yield texts_within(filters).filter(image__in=keys).annotate(photo=F("image_id")), "text"
    yield captions_within(filters).filter(image__in=keys).annotate(photo=F("image_id")), "text"
    if not filters.of_captions_only and not filters.language:
        yield photos.annotate(photo=F("pk")), "title"


def _nearest(rows: QuerySet, name: str, text: str, newest: bool, place: int) -> QuerySet:
    likeness = TrigramWordSimilarity(text, name)
    ranked = rows.annotate(likeness=likeness, place=Value(place, IntegerField()))
    order = ("-created_at", "-pk") if newest else ("-likeness", "-created_at")
    return ranked.order_by(*order).values_list("photo", "likeness", "place", name)[:MOST_HITS]
