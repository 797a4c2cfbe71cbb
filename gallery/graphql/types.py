"""Photos and jobs as GraphQL types; apps above add captions and texts to them."""

from typing import Any

from django.urls import reverse
from graphene import UUID, Field, Int, List, NonNull, ObjectType, String, relay
from graphene_django import DjangoObjectType

from capsite.accounts.graphql.people import person_field
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.ids import uuid_of
from gallery.access import image_for, job_for
from gallery.cards import derivative_url
from gallery.graphql import enums
from gallery.graphql.loaders import image_field
from gallery.models import CaptionJob
from gallery.models import Image as ImageRow
from gallery.reasons import reason_words


class Problem(ObjectType):
    """Why something failed."""

    code = String(required=True)
    message = String(required=True)


class Variant(ObjectType):
    """One size of a photo, as WebP."""

    name = String(required=True)
    width = Int(required=True)
    height = Int(required=True)
    url = String(required=True)


class Image(DjangoObjectType):
    """One photo."""

    uuid = UUID(required=True, description="The id that REST and addresses use.")
    url = String(required=True, description="The photo's page.")
    owner = person_field("owner", "Who uploaded it; null for visitors' photos.")
    visibility = enums.Visibility(required=True)
    variants = List(NonNull(Variant), required=True)

    class Meta:
        """What is not named here is not shown: among it where and with what it was taken."""

        model = ImageRow
        name = "Image"
        fields = ("id", "sha256", "title", "format", "size", "width", "height", "created_at")
        convert_choices_to_enum = False
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(image: ImageRow, _info: Any) -> Any:
        """Return the bare id."""
        return image.pk

    @staticmethod
    def resolve_url(image: ImageRow, _info: Any) -> str:
        """Return the address of the page."""
        return reverse("gallery:photo", args=[image.pk])

    @staticmethod
    def resolve_variants(image: ImageRow, _info: Any) -> list[dict[str, Any]]:
        """Return every size with its address."""
        return [
            variant | {"url": derivative_url(image, variant["name"])} for variant in image.variants
        ]

    @classmethod
    def get_node(cls, info: Any, key: str) -> ImageRow:
        """Return a photo that the person may see."""
        return image_for(info.context.person, uuid_of(key, "Image"))


class Job(DjangoObjectType):
    """One request to caption one photo."""

    uuid = UUID(required=True)
    image = image_field(lambda: Image)
    state = enums.JobState(required=True)
    strategy = enums.Strategy(required=True)
    language = String(required=True)
    num = Int(required=True)
    error = Field(Problem, description="Why it failed.")

    class Meta:
        """Leases and workers are the site's business."""

        model = CaptionJob
        name = "Job"
        fields = ("id", "created_at", "started_at", "finished_at")
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(job: CaptionJob, _info: Any) -> Any:
        """Return the bare id."""
        return job.pk

    @staticmethod
    def resolve_error(job: CaptionJob, _info: Any) -> dict[str, str] | None:
        """Return code and message of a failure."""
        if not job.error_code:
            return None
        message = reason_words(job.error_code, job.error_message)
        return {"code": job.error_code, "message": message}

    @classmethod
    def get_node(cls, info: Any, key: str) -> CaptionJob:
        """Return a job of a photo that the person may see."""
        return job_for(info.context.person, uuid_of(key, "Job"))


ImageConnection = connection_of(Image)
JobConnection = connection_of(Job)

_jobs = Listing(lambda _info, **_filters: CaptionJob.objects.all(), by="image_id")
Image._meta.fields["jobs"] = _jobs.field(
    JobConnection, description="What captions were asked for, the newest first."
)
