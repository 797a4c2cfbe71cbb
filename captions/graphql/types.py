"""Captions as a GraphQL type, and what they add to photos and jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID as Key

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce
from graphene import UUID, Boolean, Enum, Field, Float, Int, NonNull, ObjectType, String, relay
from graphene_django import DjangoObjectType

from capsite.accounts.graphql.people import person_field
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.context import loaded, loader
from capsite.common.graphql.extend import extends
from capsite.common.graphql.ids import uuid_of
from capsite.common.graphql.paging import Ordering
from captions.access import caption_for
from captions.graphql.models import Model
from captions.models import Caption as CaptionRow
from captions.models import Origin as Origins
from captions.selectors import votes_mine
from gallery.access import may_see
from gallery.graphql import enums
from gallery.graphql.loaders import image_field, job_field, latest_job_loaded
from gallery.graphql.types import Image, Job
from gallery.models.job import State
from gallery.reasons import reason_words

Origin = Enum.from_enum(Origins, name="CaptionOrigin", description="Who wrote a caption.")

# The most confident first; people's captions, which have no confidence, last.
SUREST = Ordering((("-sureness", float), ("rank", int), ("created_at", datetime), ("id", Key)))
IN_JOB = Ordering((("rank", int), ("id", Key)))


def captions_shown(
    _info: Any,
    language: str | None = None,
    strategy: str | None = None,
    min_confidence: float | None = None,
) -> QuerySet[CaptionRow]:
    """Return captions that no moderator has hidden; the parent decides of which photos."""
    rows = CaptionRow.objects.select_related("model")
    if language is not None:
        rows = rows.filter(language=language)
    if strategy is not None:
        rows = rows.filter(strategy=strategy)
    if min_confidence is not None:
        rows = rows.filter(confidence__gte=min_confidence)
    return rows.annotate(sureness=Coalesce(F("confidence"), Value(-1.0)))


async def caption_loaded(info: Any, key: Any) -> CaptionRow | None:
    """Return a caption by key, or None where it is hidden or its photo is not to be seen."""
    person = info.context.person

    def batch(keys: list[Any]) -> dict[Any, CaptionRow]:
        rows = CaptionRow.objects.select_related("image", "model").filter(pk__in=keys)
        return {row.pk: row for row in rows if may_see(person, row.image)}

    return await loaded(info, "captions", key, batch)


def caption_field(kind: Any, description: str = "") -> Field:
    """Return a field that shows the caption a foreign key names."""

    async def resolve(row: Any, info: Any) -> CaptionRow | None:
        return await caption_loaded(info, row.caption_id)

    return Field(kind, resolver=resolve, description=description or None)


class Votes(ObjectType):
    """What members think of a caption."""

    up = Int(required=True)
    down = Int(required=True)
    mine = Int(required=True, description="Your vote: 1, -1, or 0 for none.")

    @staticmethod
    def resolve_up(caption: CaptionRow, _info: Any) -> int:
        """Return the votes for it."""
        return caption.up_votes

    @staticmethod
    def resolve_down(caption: CaptionRow, _info: Any) -> int:
        """Return the votes against it."""
        return caption.down_votes

    @staticmethod
    async def resolve_mine(caption: CaptionRow, info: Any) -> int:
        """Return one's own vote, for every caption at once."""
        person = info.context.person

        def batch(rows: list[CaptionRow]) -> dict[CaptionRow, int]:
            cast = votes_mine(person, rows)
            return {row: cast.get(row.pk, 0) for row in rows}

        return int(await loader(info, "my votes", batch, missing=0).load(caption))


class Caption(DjangoObjectType):
    """One suggestion for a photo's text; its text never changes."""

    uuid = UUID(required=True)
    image = image_field(lambda: Image)
    job = job_field(lambda: Job)
    model = Field(lambda: Model, description="The version that wrote it; null for people's.")
    author = person_field("author", "Who wrote it; null for models'.")
    origin = Origin(required=True)
    strategy = enums.Strategy(description="Null for people's.")
    language = String(required=True)
    rank = Int(required=True)
    confidence = Float(description="Calibrated, from 0 to 1; null for people's.")
    level = String(description="low, medium or high; null for people's.")
    votes = Field(NonNull(Votes))
    hidden = Boolean(required=True, description="By a moderator; moderators alone see these.")

    class Meta:
        """What is shown of the row."""

        model = CaptionRow
        name = "Caption"
        fields = ("id", "text", "log_probability", "created_at")
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(caption: CaptionRow, _info: Any) -> Any:
        """Return the bare id."""
        return caption.pk

    @staticmethod
    def resolve_strategy(caption: CaptionRow, _info: Any) -> str | None:
        """Return how it was decoded."""
        return caption.strategy or None

    @staticmethod
    def resolve_level(caption: CaptionRow, _info: Any) -> str | None:
        """Return the word for its confidence."""
        return caption.level or None

    @staticmethod
    def resolve_votes(caption: CaptionRow, _info: Any) -> CaptionRow:
        """Return the caption, which holds the counts."""
        return caption

    @staticmethod
    def resolve_hidden(caption: CaptionRow, _info: Any) -> bool:
        """Return whether a moderator took it away."""
        return caption.hidden_at is not None

    @classmethod
    def get_node(cls, info: Any, key: str) -> CaptionRow:
        """Return a caption that the person may see."""
        return caption_for(info.context.person, uuid_of(key, "Caption"))


CaptionConnection = connection_of(Caption)


@extends(Image)
class ImageCaptions:
    """What captions tell of a photo."""

    captions = Listing(captions_shown, order=SUREST, by="image_id").field(
        CaptionConnection,
        description="Its captions, the most confident first, those of people last.",
        language=String(),
        strategy=enums.Strategy(),
        min_confidence=Float(),
    )
    best_caption = Field(Caption, description="The most confident one.")
    state = enums.JobState(required=True, description="Where it stands; done once it has captions.")
    error = Field("gallery.graphql.types.Problem", description="Why it has no captions.")

    @staticmethod
    async def resolve_best_caption(image: Any, info: Any) -> CaptionRow | None:
        """Return the surest caption of every photo at once."""

        def batch(keys: list[Any]) -> dict[Any, CaptionRow]:
            rows = captions_shown(info).filter(image_id__in=keys)
            surest = rows.order_by("image_id", *SUREST.names).distinct("image_id")
            return {row.image_id: row for row in surest}

        return await loaded(info, "best captions", image.pk, batch)

    @staticmethod
    async def resolve_state(image: Any, info: Any) -> str:
        """Return the newest job's state; a photo that has captions already counts as done."""
        job = await latest_job_loaded(info, image.pk)
        if job is not None and job.state != State.FAILED:
            return job.state
        if await ImageCaptions.resolve_best_caption(image, info) is not None:
            return State.DONE
        return State.QUEUED if job is None else State.FAILED

    @staticmethod
    async def resolve_error(image: Any, info: Any) -> dict[str, str] | None:
        """Return the reason of a photo that failed."""
        job = await latest_job_loaded(info, image.pk)
        if job is None or await ImageCaptions.resolve_state(image, info) != State.FAILED:
            return None
        message = reason_words(job.error_code, job.error_message)
        return {"code": job.error_code, "message": message}


@extends(Job)
class JobCaptions:
    """What a job made."""

    captions = Listing(captions_shown, order=IN_JOB, by="job_id").field(
        CaptionConnection, description="What it made, the best first."
    )
