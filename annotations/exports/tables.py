"""What is exported: which rows belong to a day, and which of their columns, as Parquet types."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import Length

from annotations.models import Revision
from captions.models import Caption, Vote
from gallery.models import CaptionJob

CHUNK = 20_000
Row = tuple[Any, ...]
MOMENT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Column:
    """A column: its name, its Parquet type, the lookup it is read from, and what becomes of it."""

    name: str
    type: pa.DataType
    lookup: str = ""
    turned: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Table:
    """A table: all rows, the moment that says which day they belong to, and the columns."""

    name: str
    rows: Callable[[], QuerySet[Any]]
    moment: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Parquet schema."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    def batches(self, day: date) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one day (UTC), at most CHUNK at a time."""
        start = datetime.combine(day, time(), UTC)
        within = {f"{self.moment}__gte": start, f"{self.moment}__lt": start + timedelta(days=1)}
        lookups = [column.lookup or column.name for column in self.columns]
        found = self.rows().filter(**within).order_by("pk").values_list(*lookups)
        for begin in range(0, found.count(), CHUNK):
            yield self._batch(list(found[begin : begin + CHUNK]))

    def _batch(self, rows: list[Row]) -> pa.RecordBatch:
        arrays = []
        for column, values in zip(self.columns, zip(*rows, strict=True), strict=True):
            turned = values if column.turned is None else [column.turned(one) for one in values]
            arrays.append(pa.array(turned, column.type))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def pseudonym(person: int | None) -> str | None:
    """Return the same opaque name for a person in every file; only this site can make it."""
    if person is None:
        return None
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"export:{person}".encode(), hashlib.sha256).hexdigest()[:16]


def _identity(name: str, lookup: str = "") -> Column:
    return Column(name, pa.string(), lookup, lambda key: None if key is None else str(key))


def _person(name: str, lookup: str) -> Column:
    return Column(name, pa.string(), lookup, pseudonym)


TABLES = (
    Table(
        "captions",
        Caption.everything.all,
        "created_at",
        (
            _identity("id"),
            _identity("image", "image_id"),
            Column("language", pa.string()),
            Column("strategy", pa.string()),
            Column("rank", pa.int32()),
            Column("confidence", pa.float64()),
            Column("model", pa.string(), "model__revision"),
            Column("up_votes", pa.int32()),
            Column("down_votes", pa.int32()),
            Column("hidden", pa.bool_(), "hidden_at", lambda moment: moment is not None),
            Column("created_at", MOMENT),
        ),
    ),
    Table(
        "votes",
        lambda: Vote.objects.all(),
        "updated_at",
        (
            _identity("caption", "caption_id"),
            _person("voter", "voter_id"),
            Column("value", pa.int8()),
            Column("harmful", pa.bool_()),
            Column("created_at", MOMENT),
            Column("updated_at", MOMENT),
        ),
    ),
    Table(
        "edits",
        lambda: Revision.objects.annotate(length=Length("text"), spoken=F("annotation__language")),
        "created_at",
        (
            _identity("annotation", "annotation_id"),
            Column("number", pa.int32()),
            Column("kind", pa.string()),
            Column("language", pa.string(), "spoken"),
            Column("characters", pa.int32(), "length"),
            _person("author", "author_id"),
            Column("created_at", MOMENT),
        ),
    ),
    Table(
        "jobs",
        lambda: CaptionJob.objects.all(),
        "created_at",
        (
            _identity("id"),
            _identity("image", "image_id"),
            Column("state", pa.string()),
            Column("strategy", pa.string()),
            Column("language", pa.string()),
            Column("attempts", pa.int16()),
            Column("error_code", pa.string()),
            Column("created_at", MOMENT),
            Column("started_at", MOMENT),
            Column("finished_at", MOMENT),
        ),
    ),
)
