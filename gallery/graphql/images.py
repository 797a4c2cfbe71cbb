"""Lists of photos and jobs, and what is done with one photo."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from graphene import ID, Boolean, DateTime, Field, Int, NonNull, String
from graphql_relay import from_global_id

from capsite.accounts.graphql.people import Me
from capsite.common.errors import CapsiteError, Forbidden
from capsite.common.graphql.connections import Listing
from capsite.common.graphql.extend import extends
from capsite.common.graphql.ids import found_field, uuid_of
from capsite.common.graphql.writes import Write
from gallery.access import Person, images_listed, job_for, jobs_listed, may_retry
from gallery.graphql import enums
from gallery.graphql.intake import Upload, sent_photo
from gallery.graphql.types import Image, ImageConnection, Job, JobConnection
from gallery.models import CaptionJob
from gallery.models import Image as ImageRow
from gallery.models.job import State
from gallery.services.images import image_delete, image_update
from gallery.services.jobs import job_again
from gallery.services.uploads import image_upload


def images_filtered(
    info: Any,
    owner: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    state: State | None = None,
    visibility: str | None = None,
) -> QuerySet[ImageRow]:
    """Return the photos listed for the person that fit every filter."""
    person = info.context.person
    wanted = Q()
    if owner is not None:
        wanted &= Q(owner_id=person_key(person, owner))
    if since is not None:
        wanted &= Q(created_at__gte=moment(since, "since"))
    if until is not None:
        wanted &= Q(created_at__lt=moment(until, "until"))
    if visibility is not None:
        wanted &= Q(visibility=visibility)
    images = images_listed(person).filter(wanted)
    return images if state is None else _in_state(images, state)


def person_key(person: Person, given: str) -> int:
    """Return the key in a User's id; ``me`` is whoever asks."""
    if given == "me":
        if not person.is_authenticated:
            raise Forbidden(_("Sign in to see what is yours."), code="sign_in_required")
        return int(person.pk)
    try:
        kind, key = from_global_id(given)
        if kind == "User" and int(key) < 2**31:
            return int(key)
    except ValueError:
        pass
    message = _("owner is the id of a User, or me.")
    raise CapsiteError("bad_id", message, field="owner")


def moment(given: datetime, field: str) -> datetime:
    """Return a time in UTC, which a time without a zone is taken to be in."""
    try:
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except OverflowError:
        message = _("This time is too far away.")
        raise CapsiteError("invalid", message, field=field) from None


def _in_state(images: QuerySet[ImageRow], state: State) -> QuerySet[ImageRow]:
    """Keep photos in a state: the newest job's, but done where captions came of an earlier one."""
    newest = CaptionJob.objects.filter(image=OuterRef("pk")).order_by("-created_at", "-id")
    shown = ImageRow.objects.filter(pk=OuterRef("pk"), captions__isnull=False)
    captioned = Exists(shown.filter(captions__hidden_at__isnull=True))
    job = Coalesce(Subquery(newest.values("state")[:1]), Value(""), output_field=CharField())
    images = images.annotate(_job=job, _captioned=captioned)
    kept = Q(_job="", _captioned=True) | Q(_job=State.FAILED, _captioned=True)
    if state == State.DONE:
        return images.filter(Q(_job=State.DONE) | kept)
    alike = Q(_job=state) | (Q(_job="") if state == State.QUEUED else Q(pk__in=[]))
    return images.filter(alike & ~kept)


def _jobs(info: Any, state: State | None = None) -> QuerySet[CaptionJob]:
    jobs = jobs_listed(info.context.person)
    return jobs if state is None else jobs.filter(state=state)


IMAGE_FILTERS = {
    "owner": lambda: ID(description="The id of a User, or me."),
    "since": lambda: DateTime(description="Uploaded then or later."),
    "until": lambda: DateTime(description="Uploaded before."),
    "state": lambda: enums.JobState(),
    "visibility": lambda: enums.Visibility(),
}


class Query:
    """Photos and jobs."""

    image = found_field(Image, "A photo that you may see.")
    images = Listing(images_filtered).field(
        ImageConnection,
        description="The gallery: public photos and your own, the newest first.",
        **{name: make() for name, make in IMAGE_FILTERS.items()},
    )
    job = found_field(Job, "A job of a photo that you may see.")
    jobs = Listing(_jobs).field(
        JobConnection,
        description="Jobs of the photos that the gallery lists for you, the newest first.",
        state=enums.JobState(),
    )


@extends(Me)
class MyImages:
    """One's photos."""

    images = Listing(lambda info, **given: images_filtered(info, owner="me", **given)).field(
        ImageConnection,
        description="Your photos, the newest first.",
        **{name: make() for name, make in IMAGE_FILTERS.items() if name != "owner"},
    )


class ImageUpload(Write):
    """Send a photo and ask for its captions; the same bytes again are the same photo."""

    image = Field(NonNull(Image))
    job = Field(NonNull(Job))
    existing = Boolean(required=True, description="Whether these bytes were here already.")

    class Arguments:
        """A file (multipart) or an address, and how to caption it."""

        file = Upload()
        url = String(description="A public address of http or https.")
        strategy = enums.Strategy()
        language = String()
        num = Int(description="Captions, 1 to 10.")
        visibility = enums.Visibility()

    @classmethod
    def write(
        cls, info: Any, file: Any = None, url: str | None = None, **ask: Any
    ) -> dict[str, Any]:
        """Call the service."""
        data, name = sent_photo(file, url)
        try:
            done = image_upload(data=data, name=name, person=info.context.person, **ask)
        except CapsiteError as error:
            if error.field == "image":
                error.field = "url" if file is None else "file"
            raise
        return {"image": done.image, "job": done.job, "existing": done.existing}


class ImageUpdate(Write):
    """Change one's photo's title, or who may see it."""

    image = Field(NonNull(Image))

    class Arguments:
        """Which, and what changes."""

        id = ID(required=True)
        title = String()
        visibility = enums.Visibility()

    @classmethod
    def write(cls, info: Any, id: str, **given: Any) -> dict[str, Any]:
        """Call the service."""
        key = uuid_of(id, "Image")
        return {"image": image_update(person=info.context.person, image_id=key, **given)}


class ImageDelete(Write):
    """Delete one's photo with everything that hangs on it."""

    ok = Boolean(required=True)

    class Arguments:
        """Which."""

        id = ID(required=True)

    @classmethod
    def write(cls, info: Any, id: str) -> dict[str, Any]:
        """Call the service."""
        image_delete(person=info.context.person, image_id=uuid_of(id, "Image"))
        return {"ok": True}


class JobRetry(Write):
    """Ask again for what a job was asked; a job that waits or is done is returned as it is."""

    job = Field(NonNull(Job))

    class Arguments:
        """Which."""

        id = ID(required=True)

    @classmethod
    def write(cls, info: Any, id: str) -> dict[str, Any]:
        """Call the service."""
        person = info.context.person
        job = job_for(person, uuid_of(id, "Job"))
        if not may_retry(person, job.image):
            raise Forbidden(_("Sign in to ask for captions."), code="sign_in_required")
        return {"job": job_again(job)}


class Mutation:
    """What one does with photos and jobs."""

    image_upload = ImageUpload.Field()
    image_update = ImageUpdate.Field()
    image_delete = ImageDelete.Field()
    job_retry = JobRetry.Field()
