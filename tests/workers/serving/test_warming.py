"""An idle worker encodes popular photos ahead, a few, and never before a job."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import default_storage

from gallery.models import CaptionJob, Image
from gallery.services.jobs import job_ensure
from gallery.services.uploads import image_upload
from tests.factories import ModelFactory, photo_bytes
from tests.workers.pipeline.test_captioner_cache import Memory
from workers import flow
from workers.pipeline.captioner import Captioner
from workers.serving.loading import Loaded
from workers.serving.warming import Warmer, popular_photos

pytestmark = pytest.mark.django_db


class Fixed:
    """A pool of one version."""

    def __init__(self, captioner) -> None:
        self.loaded = Loaded(captioner, captioner, ModelFactory())

    def english(self):
        return self.loaded

    def able(self) -> bool:
        return True

    def assign(self, jobs):
        return [(self.loaded, jobs)]

    def rest(self) -> None:
        """Nothing to follow."""


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture
def pool(tiny_model, store) -> Fixed:
    return Fixed(Captioner.from_pretrained(tiny_model, features=store))


def upload(count: int, first: int = 0) -> list[Image]:
    visitor = AnonymousUser()
    return [
        image_upload(data=photo_bytes(n, size=(48, 32)), name=f"{n}.jpg", person=visitor).image
        for n in range(first, first + count)
    ]


def drain(pool, **options) -> int:
    return flow.drain(pool=pool, worker="w", recycle=pytest.fail, **options)


def test_the_photos_asked_for_most_come_first_and_only_so_many(settings):
    settings.CAPSITE_WARM_PHOTOS = 2
    images = upload(4)
    for strategy in ("greedy", "nucleus"):
        job_ensure(image=images[2], strategy=strategy, language="en", num=1)
    job_ensure(image=images[1], strategy="greedy", language="en", num=1)
    assert list(popular_photos()) == []  # what was never done may be what kills a worker
    CaptionJob.objects.update(state="done", finished_at="2026-01-01T00:00Z")
    assert list(popular_photos()) == [images[2].original, images[1].original]


def test_an_idle_worker_fills_the_cache_once(pool, store, settings):
    settings.CAPSITE_WARM_PHOTOS = 3
    upload(5)
    CaptionJob.objects.update(state="done", finished_at="2026-01-01T00:00Z")
    warmer = Warmer(pool)
    assert drain(pool, warmer=warmer) == 0
    assert len(store) == 3
    upload(1, first=5)
    CaptionJob.objects.update(state="done", finished_at="2026-01-01T00:00Z")
    drain(pool, warmer=warmer)
    assert len(store) == 3


def test_a_job_goes_before_the_next_photo(pool, monkeypatch):
    upload(3)
    CaptionJob.objects.update(state="done", finished_at="2026-01-01T00:00Z")
    captioner, order = pool.loaded.captioner, []
    remember, caption = captioner.remember, captioner.caption

    def remembering(photos):
        order.append("ahead")
        if len(order) == 1:
            upload(1, first=3)  # somebody uploads meanwhile
        remember(photos)

    def captioning(requests):
        order.append("job")
        return caption(requests)

    monkeypatch.setattr(captioner, "remember", remembering)
    monkeypatch.setattr(captioner, "caption", captioning)
    assert drain(pool, warmer=Warmer(pool)) == 1
    assert order == ["ahead", "job", "ahead", "ahead"]


def test_missing_and_damaged_photos_are_passed_over(pool, store):
    missing, damaged, _good = upload(3)
    CaptionJob.objects.update(state="done", finished_at="2026-01-01T00:00Z")
    default_storage.delete(missing.original)
    with default_storage.open(damaged.original, "wb") as file:
        file.write(b"no photo")
    drain(pool, warmer=Warmer(pool))
    assert len(store) == 1


@pytest.mark.parametrize("name", ["CAPSITE_WARM_PHOTOS", "CAPSITE_FEATURE_CACHE"])
def test_it_can_be_switched_off(settings, name):
    upload(1)
    setattr(settings, name, 0)
    assert list(popular_photos()) == []
