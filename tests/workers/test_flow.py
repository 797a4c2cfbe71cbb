"""The worker's story with a tiny real captioner: every job ends exactly once, whatever happens."""

import dataclasses
import threading
import time
from datetime import timedelta

import pytest
import torch
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.utils import timezone

from captions.models import Caption
from gallery.models import CaptionJob, Image
from gallery.models.job import State
from gallery.services.uploads import image_upload
from tests.factories import ModelFactory, photo_bytes
from workers import flow
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionOutcome, CaptionRequest
from workers.pipeline.errors import OutOfMemory, RequestError
from workers.pipeline.faults import DeviceLost
from workers.serving.loading import Loaded

pytestmark = pytest.mark.django_db


def upload(count: int, **ask) -> list[Image]:
    visitor = AnonymousUser()
    return [
        image_upload(data=photo_bytes(n), name=f"{n}.jpg", person=visitor, **ask).image
        for n in range(count)
    ]


class OneModel:
    """A pool of one version that is always there."""

    def __init__(self, captioner, model=None, writer=None) -> None:
        self.loaded = Loaded(captioner, writer or captioner, model or ModelFactory())

    def able(self) -> bool:
        return True

    def assign(self, jobs):
        return [(self.loaded, jobs)]

    def rest(self) -> None:
        """Nothing to follow."""


def pool_of(captioner) -> OneModel:
    if isinstance(captioner, Replaced):
        return OneModel(captioner.captioner, writer=captioner)
    return OneModel(captioner)


def drain(captioner, recycle=lambda error: None, **options) -> int:
    return flow.drain(pool=pool_of(captioner), worker="w", recycle=recycle, **options)


class Replaced:
    """The tiny captioner with its answer changed by ``change``."""

    def __init__(self, captioner, change) -> None:
        self.captioner, self.change = captioner, change

    def caption(self, requests):
        return self.change(self.captioner.caption(requests))


def test_everything_that_waits_is_captioned(tiny_captioner):
    upload(11)
    assert drain(tiny_captioner) == 11
    for image in Image.objects.all():
        captions = image.captions.all()
        assert len(captions) == 3
        assert [caption.rank for caption in captions.order_by("rank")] == [0, 1, 2]
        assert all(caption.text and 0 <= caption.confidence <= 1 for caption in captions)
    jobs = CaptionJob.objects.all()
    assert {job.state for job in jobs} == {State.DONE}
    assert all(job.timings and job.finished_at for job in jobs)


def test_captions_of_one_photo_do_not_depend_on_its_batch(tiny_captioner):
    [alone] = upload(1)
    drain(tiny_captioner)
    words = list(alone.captions.order_by("rank").values_list("text", flat=True))
    Image.objects.all().delete()

    upload(8)
    drain(tiny_captioner)
    same = Image.objects.get(sha256=alone.sha256)
    assert list(same.captions.order_by("rank").values_list("text", flat=True)) == words


def test_a_strategy_is_carried_through(tiny_captioner):
    upload(1, strategy="greedy", num=1)
    drain(tiny_captioner)
    assert Caption.objects.get().strategy == "greedy"


def test_one_bad_file_spoils_no_other(tiny_captioner):
    good, damaged, missing = upload(3)
    with default_storage.open(damaged.original, "wb") as file:
        file.write(b"no photo any more")
    default_storage.delete(missing.original)

    drain(tiny_captioner)

    assert good.captions.count() == 3
    codes = dict(CaptionJob.objects.values_list("image_id", "error_code"))
    assert codes == {good.pk: "", damaged.pk: "photo_unreadable", missing.pk: "photo_missing"}
    assert set(CaptionJob.objects.exclude(image=good).values_list("state", flat=True)) == {"failed"}


def test_out_of_memory_is_tried_again_later_by_a_new_process(tiny_model, monkeypatch):
    upload(1)
    captioner = Captioner.from_pretrained(tiny_model)
    fail_encoding(captioner, monkeypatch, torch.OutOfMemoryError("full"), beyond=0)
    told: list[Exception] = []
    assert drain(captioner, recycle=told.append) == 1
    assert [type(error) for error in told] == [OutOfMemory]
    job = CaptionJob.objects.get()
    assert (job.state, job.error_code, job.attempts) == (State.QUEUED, "out_of_memory", 1)
    assert job.run_after > timezone.now()

    CaptionJob.objects.update(run_after=None)
    monkeypatch.undo()
    drain(captioner)
    job.refresh_from_db()
    assert (job.state, job.error_code, job.attempts) == (State.DONE, "", 2)


def fail_encoding(captioner, monkeypatch, error: Exception, beyond: int) -> list[int]:
    """Let the network raise for more than ``beyond`` photos; lists the sizes it was asked for."""
    encode, sizes = captioner.network.encode, []

    def limited(pixels, photos):
        sizes.append(len(photos))
        if len(photos) > beyond:
            raise error
        return encode(pixels, photos)

    monkeypatch.setattr(captioner.network, "encode", limited)
    return sizes


def test_a_batch_too_large_for_memory_is_done_in_halves(tiny_model, monkeypatch):
    upload(8)
    captioner = Captioner.from_pretrained(tiny_model)
    sizes = fail_encoding(captioner, monkeypatch, torch.OutOfMemoryError("full"), beyond=2)
    told: list[Exception] = []
    drain(captioner, recycle=told.append)
    assert sizes == [8, 4, 2, 2, 2, 2]
    assert told == []
    assert set(CaptionJob.objects.values_list("state", "attempts")) == {("done", 1)}


def test_a_broken_device_ends_the_process_and_costs_no_attempt(tiny_model, monkeypatch, settings):
    settings.CAPSITE_BATCH = 4
    upload(6)
    captioner = Captioner.from_pretrained(tiny_model)
    sticky = torch.AcceleratorError("CUDA error: device-side assert triggered")
    sizes = fail_encoding(captioner, monkeypatch, sticky, beyond=0)
    told: list[Exception] = []
    assert drain(captioner, recycle=told.append) == 4
    assert sizes == [4]
    assert [type(error) for error in told] == [DeviceLost]
    assert set(CaptionJob.objects.values_list("state", "attempts")) == {("queued", 0)}
    assert CaptionJob.objects.filter(error_code="device_lost").count() == 4


def test_a_photo_that_breaks_every_device_fails_alone_in_the_end(tiny_model, monkeypatch, settings):
    settings.CAPSITE_JOB_ATTEMPTS, settings.CAPSITE_JOB_BACKOFF_SECONDS = 3, 0
    poison = upload(5)[2]
    captioner = Captioner.from_pretrained(tiny_model)
    encode = captioner.network.encode

    def assert_in_kernel(pixels, photos):
        if any(photo.sha256 == poison.sha256 for photo in photos):
            raise torch.AcceleratorError("CUDA error: device-side assert triggered")
        return encode(pixels, photos)

    monkeypatch.setattr(captioner.network, "encode", assert_in_kernel)
    processes = 0
    while CaptionJob.objects.filter(state=State.QUEUED).exists():
        processes += 1
        assert processes < 10
        drain(captioner)
    states = dict(CaptionJob.objects.values_list("image_id", "state"))
    assert states.pop(poison.pk) == State.FAILED
    assert set(states.values()) == {State.DONE}


def test_a_captioner_that_breaks_loses_no_job(tiny_captioner):
    upload(2)

    def explode(_outcomes):
        raise ZeroDivisionError

    drain(Replaced(tiny_captioner, explode))
    assert set(CaptionJob.objects.values_list("state", "error_code")) == {
        ("queued", "inference_failed")
    }


def test_a_request_the_captioner_refuses_spoils_no_other(tiny_captioner, monkeypatch):
    class Picky(CaptionRequest):
        def __post_init__(self) -> None:
            if self.seed == 7:
                raise RequestError("No such seed.")

    monkeypatch.setattr(flow, "CaptionRequest", Picky)
    odd = upload(3)[1]
    CaptionJob.objects.filter(image=odd).update(seed=7)

    drain(tiny_captioner)

    codes = dict(CaptionJob.objects.values_list("image_id", "error_code"))
    assert codes.pop(odd.pk) == "request_invalid"
    assert set(codes.values()) == {""}
    assert Caption.objects.count() == 6


def test_an_outcome_that_is_refused_twice_ends_no_worker(tiny_captioner, monkeypatch):
    upload(1)

    def refuse(*args, **kwargs):
        raise ValueError("the database says no")

    monkeypatch.setattr(flow, "captions_store", refuse)
    monkeypatch.setattr(flow, "job_release", refuse)
    assert drain(tiny_captioner) == 1
    job = CaptionJob.objects.get()
    assert (job.state, job.lease is not None) == (State.CAPTIONING, True)


@pytest.mark.parametrize("text", ["", "a\x00b"])
def test_a_caption_the_database_refuses_costs_its_own_job_alone(tiny_captioner, text):
    upload(3)

    def spoil(outcomes):
        bad = dataclasses.replace(outcomes[1].captions[0], text=text)
        return [outcomes[0], CaptionOutcome(captions=(bad,)), *outcomes[2:]]

    drain(Replaced(tiny_captioner, spoil))
    ends = sorted(CaptionJob.objects.values_list("state", "error_code"))
    assert ends == [("done", ""), ("done", ""), ("queued", "store_failed")]


def test_a_worker_that_lost_its_lease_stores_nothing(tiny_captioner):
    upload(1)

    def overtaken(outcomes):
        CaptionJob.objects.update(state="queued", lease=None, lease_expires_at=None, attempts=0)
        return outcomes

    jobs = flow.jobs_claim(worker="slow", limit=1)
    flow.batch_caption(jobs, pool=pool_of(Replaced(tiny_captioner, overtaken)))

    assert not Caption.objects.exists()
    assert CaptionJob.objects.get().state == State.QUEUED


def test_it_stops_between_batches(tiny_captioner, settings):
    settings.CAPSITE_BATCH = 2
    upload(6)
    asked = iter([False, True])
    assert drain(tiny_captioner, stopping=lambda: next(asked)) == 2
    assert CaptionJob.objects.filter(state=State.QUEUED).count() == 4


def test_a_short_outage_while_storing_is_waited_out(tiny_captioner, monkeypatch):
    upload(1)
    monkeypatch.setattr(flow, "STORE_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(flow.connection, "close", lambda: None)  # the test's own transaction
    store, failures = flow.captions_store, iter([True, True, False])

    def shaky(**kwargs):
        if next(failures):
            raise OperationalError("the server closed the connection unexpectedly")
        return store(**kwargs)

    monkeypatch.setattr(flow, "captions_store", shaky)
    drain(tiny_captioner)
    assert Caption.objects.count() == 3
    assert CaptionJob.objects.get().attempts == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_caption_every_photo_once(tiny_captioner, settings):
    settings.CAPSITE_BATCH = 3
    upload(20)
    pool = pool_of(tiny_captioner)

    def work(name: str) -> None:
        flow.drain(pool=pool, worker=name, recycle=lambda error: None)
        connection.close()

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Caption.objects.count() == 60
    assert set(CaptionJob.objects.values_list("state", "attempts")) == {("done", 1)}


@pytest.mark.django_db(transaction=True)
def test_a_slow_batch_keeps_its_lease(tiny_captioner, settings):
    settings.CAPSITE_LEASE_SECONDS = 1
    upload(1)

    def slow(outcomes):
        time.sleep(2.2)
        expired = CaptionJob.objects.filter(lease_expires_at__lt=timezone.now())
        assert not expired.exists()
        return outcomes

    assert drain(Replaced(tiny_captioner, slow)) == 1
    assert CaptionJob.objects.get().state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_hangs_is_let_go(tiny_captioner, settings):
    settings.CAPSITE_LEASE_SECONDS, settings.CAPSITE_LEASE_MAX_SECONDS = 1, 1
    upload(1)
    left = []

    def hang(outcomes):
        time.sleep(2.5)
        left.append(CaptionJob.objects.get().lease_expires_at - timezone.now())
        return outcomes

    drain(Replaced(tiny_captioner, hang))
    assert left[0] < timedelta(0)
