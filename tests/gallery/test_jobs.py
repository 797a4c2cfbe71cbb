"""Jobs are claimed once, come back when a worker dies, and end exactly once."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from gallery.models import CaptionJob
from gallery.models.job import State
from gallery.services.jobs import (
    LeaseLost,
    job_ensure,
    job_fail,
    job_finish,
    job_release,
    job_retry,
    jobs_claim,
    leases_renew,
    leases_sweep,
)
from tests.factories import ImageFactory, JobFactory

pytestmark = pytest.mark.django_db


def claim_one() -> CaptionJob:
    [job] = jobs_claim(worker="w", limit=1)
    return job


def expire(job: CaptionJob) -> None:
    past = timezone.now() - timedelta(seconds=1)
    CaptionJob.objects.filter(pk=job.pk).update(lease_expires_at=past)


def test_claims_go_by_priority_then_age():
    old, new, urgent = JobFactory(), JobFactory(), JobFactory(priority=5)

    claimed = jobs_claim(worker="w", limit=2)

    assert [job.pk for job in claimed] == [urgent.pk, old.pk]
    assert {job.state for job in CaptionJob.objects.filter(attempts=1)} == {State.CAPTIONING}
    assert CaptionJob.objects.get(pk=new.pk).state == State.QUEUED


def test_a_job_tried_before_is_claimed_alone():
    JobFactory(attempts=1)
    JobFactory.create_batch(3)

    assert len(jobs_claim(worker="w", limit=8)) == 1
    assert len(jobs_claim(worker="w", limit=8)) == 3


def test_back_off_is_waited_out():
    JobFactory(run_after=timezone.now() + timedelta(minutes=1))
    assert jobs_claim(worker="w", limit=8) == []


def test_a_released_job_waits_longer_each_time_and_fails_in_the_end(settings):
    settings.CAPSITE_JOB_ATTEMPTS = 3
    JobFactory()
    waits = []
    for _attempt in range(3):
        CaptionJob.objects.update(run_after=None)
        job_release(claim_one(), code="out_of_memory", message="No memory.")
        row = CaptionJob.objects.get()
        if row.run_after:
            waits.append(row.run_after - timezone.now())
    assert waits[0] < waits[1]
    assert row.state == State.FAILED
    assert (row.error_code, row.error_message) == ("out_of_memory", "No memory.")
    assert row.finished_at is not None


def test_an_expired_lease_returns_and_its_old_worker_can_no_longer_finish():
    JobFactory()
    mine = claim_one()
    expire(mine)

    assert leases_sweep() == 1
    assert CaptionJob.objects.get().state == State.QUEUED
    CaptionJob.objects.update(run_after=None)
    theirs = claim_one()

    with pytest.raises(LeaseLost):
        job_finish(mine, timings={})
    with pytest.raises(LeaseLost):
        job_fail(mine, code="x", message="x")
    job_finish(theirs, timings={"core": 0.1})
    assert CaptionJob.objects.get().state == State.DONE


def test_finishing_twice_is_refused():
    JobFactory()
    job = claim_one()
    job_finish(job, timings={})
    with pytest.raises(LeaseLost):
        job_finish(job, timings={})


def test_renewing_keeps_a_lease_from_the_sweep():
    JobFactory()
    job = claim_one()
    expire(job)
    assert leases_renew([job]) == 1
    assert leases_sweep() == 0


def test_a_job_whose_worker_dies_every_time_ends_failed(settings):
    settings.CAPSITE_JOB_ATTEMPTS = 2
    JobFactory()
    for _death in range(2):
        CaptionJob.objects.update(run_after=None)
        expire(claim_one())
        leases_sweep()
    row = CaptionJob.objects.get()
    assert (row.state, row.error_code) == (State.FAILED, "worker_lost")


def test_ensure_returns_what_answers_the_request():
    image = ImageFactory()
    ask = {"image": image, "strategy": "beam", "language": "en", "num": 3}
    first = job_ensure(**ask)
    assert job_ensure(**ask) == first
    assert job_ensure(**ask | {"strategy": "greedy"}) != first

    job_finish(jobs_claim(worker="w", limit=1)[0], timings={})
    assert job_ensure(**ask | {"num": 2}) == first
    assert job_ensure(**ask | {"num": 5}) != first


def test_a_waiting_job_for_fewer_captions_does_not_answer_a_request_for_more():
    image = ImageFactory()
    ask = {"image": image, "strategy": "beam", "language": "en"}
    few, many = job_ensure(**ask, num=1), job_ensure(**ask, num=10)
    assert (few.num, many.num) == (1, 10)
    assert job_ensure(**ask, num=2) in {few, many}
    assert CaptionJob.objects.count() == 2


def test_a_job_renewed_at_the_last_moment_is_not_swept(monkeypatch):
    JobFactory()
    job = claim_one()
    expire(job)
    leases_renew([job])
    assert leases_sweep() == 0
    assert CaptionJob.objects.get().lease == job.lease


def test_retry_queues_a_failed_photo_as_it_was_asked():
    failed = JobFactory(failed=True, strategy="nucleus", num=5)
    job = job_retry(failed.image)
    assert (job.state, job.strategy, job.num) == (State.QUEUED, "nucleus", 5)
    assert job_retry(failed.image) == job


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "asleep"},
        {"state": "captioning"},
        {"state": "done"},
        {"state": "failed", "finished_at": datetime(2026, 11, 21, tzinfo=UTC)},
        {"lease": uuid.UUID(int=1)},
        {"strategy": "magic"},
        {"language": "xx"},
        {"num": 0},
        {"num": 11},
        {"seed": -1},
    ],
    ids=str,
)
def test_the_database_refuses_impossible_jobs(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        JobFactory(**broken)


def test_the_database_allows_one_active_job_a_request():
    job = JobFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        JobFactory(image=job.image)


@pytest.mark.django_db(transaction=True)
def test_six_workers_claim_every_job_exactly_once():
    JobFactory.create_batch(60)
    barrier = threading.Barrier(6)
    taken: list[uuid.UUID] = []

    def work(name: str) -> None:
        barrier.wait()
        while jobs := jobs_claim(worker=name, limit=4):
            taken.extend(job.pk for job in jobs)
        connection.close()

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == 60


@pytest.mark.django_db(transaction=True)
def test_eight_askers_at_once_get_one_job():
    image = ImageFactory()
    barrier = threading.Barrier(8)
    got: list[uuid.UUID] = []

    def ask() -> None:
        barrier.wait()
        job = job_ensure(image=image, strategy="beam", language="en", num=3)
        got.append(job.pk)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 8
    assert len(set(got)) == 1
