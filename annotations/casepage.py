"""What a moderator looks at to decide a case, read in a fixed number of queries."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotations.models import Annotation, Revision
from captions.access import may_moderate
from captions.models import Caption, CaseState, ModerationCase, Vote
from gallery.access import Person, may_see
from gallery.cards import derivative_url, srcset_of
from gallery.models import Image

VERSIONS_SHOWN = 5
VOTES_SHOWN = 100
CASES_SHOWN = 20


@dataclass(frozen=True)
class CasePage:
    """One case with everything around it; lists are empty where the photo is not theirs to see."""

    case: ModerationCase
    caption: Caption
    image: Image
    seen: bool  # a private photo is its owner's and the administrators'
    picture: str
    srcset: str
    captions: list[Caption]
    texts: list[Annotation]
    text: Annotation | None  # the published one in the caption's language
    votes: list[Vote]
    earlier: list[ModerationCase]
    place: int
    waiting: int
    previous: ModerationCase | None
    next: ModerationCase | None
    bannable: Any
    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.case.state == CaseState.OPEN

    @property
    def published_alike(self) -> bool:
        """Whether the published text says the same words, which hiding would leave there."""
        return self.text is not None and self.text.text.casefold() == self.caption.text.casefold()


def cases_queued() -> QuerySet[ModerationCase]:
    """Return the cases as the queue lists them, with how many reported each caption."""
    votes = Vote.objects.filter(caption=OuterRef("caption"), harmful=True).order_by()
    reports = Subquery(votes.values("caption").annotate(number=Count("pk")).values("number"))
    rows = ModerationCase.objects.select_related("caption__image", "decided_by")
    return rows.annotate(reports=Coalesce(reports, 0))


def case_page(
    person: Person,
    case: ModerationCase,
    *,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> CasePage:
    """Return the page of a case; ``values`` and ``errors`` are those of a refused decision."""
    caption, image = case.caption, case.caption.image
    seen = may_see(person, image)
    texts = _texts(image) if seen else []
    owner = image.owner
    waiting = ModerationCase.objects.filter(state=CaseState.OPEN)
    before, after = _neighbours(case)
    return CasePage(
        case=case,
        caption=caption,
        image=image,
        seen=seen,
        picture=derivative_url(image, image.variants[-1]["name"]) if image.variants else "",
        srcset=srcset_of(image),
        captions=_captions(image) if seen else [caption],
        texts=texts,
        text=next((text for text in texts if text.language == caption.language), None),
        votes=list(caption.votes.select_related("voter")[:VOTES_SHOWN]),
        earlier=_earlier(case),
        place=waiting.filter(opened_at__lt=case.opened_at).count() + 1,
        waiting=waiting.count(),
        previous=before,
        next=after,
        bannable=owner if owner and not (may_moderate(owner) or owner.is_staff) else None,
        values=values or {},
        errors=errors or {},
    )


def case_after(case: ModerationCase) -> ModerationCase | None:
    """Return the open case to look at next: the one that waits longest after this, or at all."""
    waiting = ModerationCase.objects.filter(state=CaseState.OPEN).exclude(pk=case.pk)
    rows = waiting.order_by("opened_at", "id")
    return rows.filter(opened_at__gte=case.opened_at).first() or rows.first()


def _neighbours(case: ModerationCase) -> tuple[ModerationCase | None, ModerationCase | None]:
    others = ModerationCase.objects.filter(state=CaseState.OPEN).exclude(pk=case.pk)
    before = others.filter(opened_at__lt=case.opened_at).order_by("-opened_at", "-id")
    after = others.filter(opened_at__gte=case.opened_at).order_by("opened_at", "id")
    return before.first(), after.first()


def _captions(image: Image) -> list[Caption]:
    rows = Caption.everything.filter(image=image).select_related("model")
    reports = Count("votes", filter=Q(votes__harmful=True))
    return list(rows.annotate(reports=reports).order_by("language", "-confidence", "rank"))


def _texts(image: Image) -> list[Annotation]:
    newest = Revision.objects.select_related("author").order_by("-number")[:VERSIONS_SHOWN]
    versions = Prefetch("revisions", queryset=newest, to_attr="versions")
    return list(image.annotations.select_related("author").prefetch_related(versions))


def _earlier(case: ModerationCase) -> list[ModerationCase]:
    rows = ModerationCase.objects.filter(caption__image_id=case.caption.image_id)
    others = rows.exclude(pk=case.pk).select_related("caption", "decided_by")
    return list(others.order_by("-opened_at")[:CASES_SHOWN])
