"""Fills every table that the schema shows, with as many rows a list as a test asks for."""

from typing import Any

from django.utils import timezone

from annotations.models import Revision
from capsite.accounts.models import PersonalToken
from captions.models import ModelRole, WebhookDelivery, WebhookEndpoint
from gallery.models import AlbumItem, Batch, BatchItem
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    ModelFactory,
    UserFactory,
    VoteFactory,
)
from tests.graphql.asking import gid


def fill(person: Any, count: int) -> dict[str, str]:
    """Write ``count`` of everything, all of it to be seen by ``person``; return ids by type."""
    ids = _keys(person, count) | {"User": gid(person), "Model": gid(ModelFactory(), "Model")}
    ids["Album"], ids["Batch"] = _albums(person, count), _batches(person, count)
    # The richest photos come last, so that the first page of a list holds some.
    for place in range(count):
        owner = person if place % 2 else UserFactory()
        image = ImageFactory(owner=owner)
        ids["Image"] = gid(image)
        ids["Caption"], ids["Job"] = _captions(person, image, count)
        ids["Annotation"], ids["Revision"] = _texts(image, count)
    return ids


def _captions(person: Any, image: Any, count: int) -> tuple[str, str]:
    for place in range(count):
        version = ModelFactory(revision=f"{place}")
        if place < 2:
            role = ("active", None) if place == 0 else ("candidate", 10)
            ModelRole.objects.get_or_create(
                language="en",
                role=role[0],
                defaults={
                    "model": version,
                    "share": role[1],
                    "chosen_by": "operator",
                    "since": timezone.now(),
                },
            )
        job = JobFactory(image=image, failed=place % 2 == 1, done=place % 2 == 0)
        caption = CaptionFactory(image=image, job=job, model=version, text=f"a dog {place}")
        VoteFactory(caption=caption, voter=person)
        CaseFactory(caption=caption)
    CaptionFactory(
        image=image, origin="person", author=UserFactory(), model=None, confidence=None, strategy=""
    )
    return gid(caption), gid(job, "Job")


def _texts(image: Any, count: int) -> tuple[str, str]:
    annotation = AnnotationFactory(image=image)
    for number in range(2, count + 1):
        caption = CaptionFactory(image=image, text=f"source {number}")
        last = Revision.objects.create(
            annotation=annotation,
            number=number,
            text=f"text {number}",
            author=UserFactory(),
            kind="written",
            caption=caption,
        )
    return gid(annotation), gid(last)


def _albums(person: Any, count: int) -> str:
    for _ in range(count):
        album = AlbumFactory(owner=person)
        for place in range(count):
            image = ImageFactory(owner=UserFactory())
            AlbumItem.objects.create(album=album, image=image, position=place)
    return gid(album)


def _batches(person: Any, count: int) -> str:
    batch = Batch.objects.create(owner=person)
    for place in range(count):
        job = JobFactory()
        BatchItem.objects.create(batch=batch, position=place, image=job.image, job=job)
    return gid(batch)


def _keys(person: Any, count: int) -> dict[str, str]:
    for place in range(count):
        endpoint = WebhookEndpoint.objects.create(
            owner=person, url=f"https://example.org/{place}", events=["ping"], secret="sealed"
        )
        for _ in range(count):
            delivery = WebhookDelivery.objects.create(
                endpoint=endpoint, event="ping", payload={}, next_at=timezone.now()
            )
        token = PersonalToken.objects.create(
            person=person,
            name=f"token {place}",
            prefix="cap_",
            digest=f"{person.pk} {place}",
            scopes=["captions:read"],
            expires_at=timezone.now(),
        )
    return {
        "WebhookEndpoint": gid(endpoint),
        "WebhookDelivery": gid(delivery),
        "PersonalToken": gid(token),
    }
