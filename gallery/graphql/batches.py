"""Batches: many photos sent at once, each taken in or refused."""

from typing import Any

from django.db.models import Count, Q
from graphene import UUID, DateTime, Enum, Field, Int, List, NonNull, ObjectType, String, relay
from graphene_django import DjangoObjectType

from capsite.accounts.graphql.people import person_field
from capsite.common.graphql.connections import Listing, connection_of
from capsite.common.graphql.context import loaded
from capsite.common.graphql.ids import found_field, uuid_of
from capsite.common.graphql.paging import Ordering
from capsite.common.graphql.writes import Write
from gallery.access import batch_for
from gallery.graphql import enums
from gallery.graphql.intake import BATCH_SECONDS, Upload, sent_photos
from gallery.graphql.loaders import image_field, job_field
from gallery.graphql.types import Image, Job, Problem
from gallery.models import Batch as BatchRow
from gallery.models import BatchItem as ItemRow
from gallery.models.job import State
from gallery.services.batches import batch_create


class BatchState(Enum):
    """Where a batch stands."""

    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"


class BatchItem(ObjectType):
    """One photo of a batch: taken in, or refused with the reason."""

    position = Int(required=True)
    name = String(required=True)
    image = image_field(Image)
    job = job_field(Job)
    error = Field(Problem, description="Why it was refused.")

    @staticmethod
    def resolve_error(item: ItemRow, _info: Any) -> dict[str, str] | None:
        """Return code and message of a refusal."""
        if not item.error_code:
            return None
        return {"code": item.error_code, "message": item.error_message}


_items = Listing(
    lambda _info: ItemRow.objects.all(),
    order=Ordering((("position", int), ("id", int))),
    by="batch_id",
)


def _status_field(kind: Any, name: str) -> Field:
    async def resolve(batch: BatchRow, info: Any) -> Any:
        status = await loaded(info, "batch status", batch.pk, _statuses)
        return status[name]

    return Field(kind, required=True, resolver=resolve)


class Batch(DjangoObjectType):
    """What one request of many photos became."""

    uuid = UUID(required=True)
    owner = person_field("owner", "Who sent it; null for visitors.")
    created_at = DateTime(required=True)
    state = _status_field(BatchState, "state")
    total = _status_field(Int, "total")
    done = _status_field(Int, "done")
    failed = _status_field(Int, "failed")
    waiting = _status_field(Int, "waiting")
    items = _items.field(connection_of(BatchItem), description="Its photos, as they were sent.")

    class Meta:
        """What is shown of the row."""

        model = BatchRow
        name = "Batch"
        fields = ("id",)
        interfaces = (relay.Node,)

    @staticmethod
    def resolve_uuid(batch: BatchRow, _info: Any) -> Any:
        """Return the bare id."""
        return batch.pk

    @classmethod
    def get_node(cls, info: Any, key: str) -> BatchRow:
        """Return a batch that the person may see."""
        return batch_for(info.context.person, uuid_of(key, "Batch"))


def _statuses(keys: list[Any]) -> dict[Any, dict[str, Any]]:
    """Count the items of many batches at once, as ``batch_status`` does of one."""
    waits = Q(job__state__in=[State.QUEUED, State.CAPTIONING])
    rows = ItemRow.objects.filter(batch_id__in=keys).order_by().values("batch_id")
    counted = rows.annotate(
        total=Count("pk"),
        done=Count("pk", filter=Q(job__state=State.DONE)),
        waiting=Count("pk", filter=waits),
    )
    return {row["batch_id"]: _status(row) for row in counted}


def _status(row: Any) -> dict[str, Any]:
    failed = row["total"] - row["done"] - row["waiting"]
    if row["waiting"]:
        state = "running"
    elif not failed:
        state = "done"
    else:
        state = "partial" if row["done"] else "failed"
    return row | {"state": state, "failed": failed}


class BatchCreate(Write):
    """Send many photos at once; a refused one stops no other."""

    batch = Field(NonNull(Batch))

    class Arguments:
        """Files (multipart) and addresses, and how to caption them all."""

        files = List(NonNull(Upload))
        urls = List(NonNull(String))
        strategy = enums.Strategy()
        language = String()
        num = Int()

    @classmethod
    def write(
        cls, info: Any, files: Any = (), urls: list[str] | tuple[()] = (), **ask: Any
    ) -> dict[str, Any]:
        """Call the service."""
        photos: Any = sent_photos(files, urls, seconds=BATCH_SECONDS)
        return {"batch": batch_create(person=info.context.person, photos=photos, **ask)}


class Query:
    """Batches."""

    batch = found_field(Batch, "A batch that you sent.")


class Mutation:
    """What one does with batches."""

    batch_create = BatchCreate.Field()
