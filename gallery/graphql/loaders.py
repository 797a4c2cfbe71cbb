"""Loads what hangs together, for every row of an operation at once, and only what may be seen."""

from typing import Any

from graphene import Field

from capsite.common.graphql.context import loaded
from gallery.access import may_see
from gallery.models import CaptionJob, Image


async def image_loaded(info: Any, key: Any) -> Image | None:
    """Return a photo by key, or None where the person may not see it."""
    person = info.context.person

    def batch(keys: list[Any]) -> dict[Any, Image]:
        found = Image.objects.in_bulk(keys)
        return {pk: image for pk, image in found.items() if may_see(person, image)}

    return await loaded(info, "images", key, batch)


async def job_loaded(info: Any, key: Any) -> CaptionJob | None:
    """Return a job by key, or None where the person may not see its photo."""
    person = info.context.person

    def batch(keys: list[Any]) -> dict[Any, CaptionJob]:
        found = CaptionJob.objects.select_related("image").in_bulk(keys)
        return {pk: job for pk, job in found.items() if may_see(person, job.image)}

    return await loaded(info, "jobs", key, batch)


async def latest_job_loaded(info: Any, key: Any) -> CaptionJob | None:
    """Return the newest job of a photo."""

    def batch(keys: list[Any]) -> dict[Any, CaptionJob]:
        rows = CaptionJob.objects.filter(image_id__in=keys)
        newest = rows.order_by("image_id", "-created_at", "-id").distinct("image_id")
        return {job.image_id: job for job in newest}

    return await loaded(info, "latest jobs", key, batch)


def image_field(kind: Any, *, required: bool = False) -> Field:
    """Return a field that shows the photo a foreign key names."""

    async def resolve(row: Any, info: Any) -> Image | None:
        return await image_loaded(info, row.image_id)

    return Field(kind, resolver=resolve, required=required)


def job_field(kind: Any) -> Field:
    """Return a field that shows the job a foreign key names."""

    async def resolve(row: Any, info: Any) -> CaptionJob | None:
        return await job_loaded(info, row.job_id)

    return Field(kind, resolver=resolve)
