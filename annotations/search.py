"""Finds photos by words of their captions, published texts and titles, despite typing errors."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import F, FloatField, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from annotations.models import Annotation
from capsite.common.errors import CapsiteError
from capsite.common.texts import tidy_line
from captions.models import Caption
from gallery.access import Person, images_listed
from gallery.models import Image

TEXT_LENGTH = 200


@dataclass(frozen=True)
class Filters:
    """What narrows a search; ``strategy`` and ``min_confidence`` speak of captions by models."""

    language: str = ""
    strategy: str = ""
    min_confidence: float | None = None
    uploader: str = ""
    since: datetime | None = None
    until: datetime | None = None


def search(person: Person, *, text: str, filters: Filters | None = None) -> QuerySet[Image]:
    """Return the photos that ``person`` sees listed and that speak of ``text``, best first.

    Words match by the trigrams they share (PostgreSQL's word similarity, threshold 0.6), so
    "snowbording" finds "snowboarding"; a slip in a short word is too much. Each photo carries
    ``rank`` (0 to 1) and ``matched_text``.
    """
    filters = filters or Filters()
    wanted = _text(text)
    captions, texts = _captions(wanted, filters), _published(wanted, filters)
    found = Q(pk__in=captions.values("image")) | Q(pk__in=texts.values("image"))
    if not _of_captions_only(filters) and not filters.language:
        found |= Q(title__trigram_word_similar=wanted)
    images = images_listed(person).filter(found, _of_photos(filters))
    in_caption = Subquery(_best(captions, "likeness"), output_field=FloatField())
    in_text = Subquery(_best(texts, "likeness"), output_field=FloatField())
    zero = Value(0.0)
    ranked = images.annotate(
        rank=Greatest(
            Coalesce(in_caption, zero),
            Coalesce(in_text, zero),
            TrigramWordSimilarity(wanted, "title"),
        ),
        matched_text=Coalesce(
            Subquery(_best(texts, "text")),
            Subquery(_best(captions, "text")),
            F("title"),
            output_field=TextField(),
        ),
    )
    return ranked.order_by("-rank", "-created_at", "-id")


def _captions(text: str, filters: Filters) -> QuerySet[Caption]:
    rows = Caption.objects.filter(text__trigram_word_similar=text)
    if filters.language:
        rows = rows.filter(language=filters.language)
    if filters.strategy:
        rows = rows.filter(strategy=filters.strategy)
    if filters.min_confidence is not None:
        rows = rows.filter(confidence__gte=filters.min_confidence)
    return rows.annotate(likeness=TrigramWordSimilarity(text, "text"))


def _published(text: str, filters: Filters) -> QuerySet[Annotation]:
    if _of_captions_only(filters):
        return Annotation.objects.none().annotate(likeness=Value(0.0))
    rows = Annotation.objects.filter(text__trigram_word_similar=text)
    if filters.language:
        rows = rows.filter(language=filters.language)
    return rows.annotate(likeness=TrigramWordSimilarity(text, "text"))


def _best(rows: QuerySet, name: str) -> QuerySet:
    return rows.filter(image=OuterRef("pk")).order_by("-likeness").values(name)[:1]


def _of_captions_only(filters: Filters) -> bool:
    return bool(filters.strategy) or filters.min_confidence is not None


def _of_photos(filters: Filters) -> Q:
    wanted = Q()
    if filters.uploader:
        wanted &= Q(owner__username=filters.uploader)
    if filters.since:
        wanted &= Q(created_at__gte=filters.since)
    if filters.until:
        wanted &= Q(created_at__lt=filters.until)
    return wanted


def _text(given: str) -> str:
    text = tidy_line(given)
    if not text or len(text) > TEXT_LENGTH:
        message = _("Search for 1 to %(most)d characters; these are %(now)d.")
        named = {"most": TEXT_LENGTH, "now": len(text)}
        raise CapsiteError("invalid_length", message % named, field="q")
    return text
