"""What happens to photos and jobs, as it happens; access is asked anew for each event."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID as Key

from graphene import ID, UUID, Enum, Field, NonNull, ObjectType

from capsite.common.errors import CapsiteError
from capsite.common.graphql.context import in_own_thread
from capsite.common.graphql.ids import uuid_of
from capsite.common.push import GALLERY_GROUP, image_group, user_group
from gallery.access import images_listed, job_for
from gallery.graphql.loaders import image_loaded
from gallery.graphql.types import Image, Job
from gallery.models import CaptionJob
from gallery.models import Image as ImageRow
from gallery.models.job import ACTIVE


class FeedKind(Enum):
    """What happened to a photo."""

    CREATED = "image.created"
    UPDATED = "image.updated"
    REMOVED = "image.removed"


KINDS = ("image.created", "image.updated", "image.removed")


class FeedEvent(ObjectType):
    """Something happened to a photo that the gallery lists for you."""

    kind = Field(NonNull(FeedKind))
    uuid = UUID(required=True)
    image = Field(Image, description="Null once it is gone.")

    @staticmethod
    async def resolve_image(event: dict[str, Any], info: Any) -> ImageRow | None:
        """Return the photo as it is now."""
        return await image_loaded(info, event["uuid"])


def _listed(person: Any, key: Key) -> bool:
    return images_listed(person).filter(pk=key).exists()


def _job_now(person: Any, key: Key) -> CaptionJob | None:
    """Return the job as it is, or None once it or its photo is no longer there for ``person``."""
    try:
        return job_for(person, key)
    except CapsiteError:
        return None


class Subscription:
    """The feed, and one job's progress."""

    image_feed = Field(
        NonNull(FeedEvent), description="Photos of the gallery that come, change and go."
    )
    job_progress = Field(
        NonNull(Job),
        job_id=ID(required=True),
        description="A job now and with each change, until it is done or has failed.",
    )

    @staticmethod
    async def subscribe_image_feed(_root: Any, info: Any) -> AsyncIterator[dict[str, Any]]:
        """Tell of every photo that the gallery lists for the person."""
        person = info.context.person
        groups = [GALLERY_GROUP, *([user_group(person.pk)] if person.is_authenticated else [])]
        events = info.context.events
        async with events.listening(groups, lambda told: told.get("type") in KINDS) as messages:
            async for message in messages:
                event = {"kind": message["type"], "uuid": Key(message["image"])}
                gone = event["kind"] == "image.removed"
                if gone or await in_own_thread(_listed, person, event["uuid"]):
                    yield event

    @staticmethod
    async def subscribe_job_progress(
        _root: Any, info: Any, job_id: str
    ) -> AsyncIterator[CaptionJob]:
        """Tell of one job until it ends."""
        person = info.context.person
        job = await in_own_thread(job_for, person, uuid_of(job_id, "Job", "job_id"))
        told: tuple[Any, ...] = ()
        key, image = job.pk, str(job.image_id)
        groups = [GALLERY_GROUP, image_group(image)]
        events = info.context.events
        async with events.listening(groups, lambda told: told.get("image") == image) as messages:
            while (job := await in_own_thread(_job_now, person, key)) is not None:
                if (job.state, job.started_at) != told:
                    told = (job.state, job.started_at)
                    yield job
                if job.state not in ACTIVE:
                    return
                await anext(messages)
