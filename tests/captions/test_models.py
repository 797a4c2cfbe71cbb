"""Captions never change, and the database holds what must be true of them."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from captions.models import Caption, CaptionModel
from captions.services import model_activate
from tests.factories import CaptionFactory, JobFactory, ModelFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "change",
    [{"text": "other words"}, {"confidence": 0.99}, {"language": "tr"}, {"log_probability": -0.1}],
    ids=str,
)
def test_a_caption_cannot_be_changed(change):
    CaptionFactory(text="a dog runs")
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Caption.objects.update(**change)
    assert Caption.objects.get().text == "a dog runs"


def test_a_caption_outlives_its_job_and_goes_with_its_image():
    job = JobFactory(done=True)
    caption = CaptionFactory(image=job.image, job=job)
    job.delete()
    assert Caption.objects.get(pk=caption.pk).job is None
    job.image.delete()
    assert not Caption.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"text": ""},
        {"confidence": 1.2},
        {"confidence": -0.1},
        {"confidence": None},
        {"log_probability": 0.5},
        {"model": None},
        {"strategy": ""},
        {"origin": "person"},
    ],
    ids=str,
)
def test_the_database_refuses_impossible_captions(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        CaptionFactory(**broken)


def test_one_place_in_a_job():
    job = JobFactory(done=True)
    CaptionFactory(image=job.image, job=job, rank=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        CaptionFactory(image=job.image, job=job, rank=0)


@pytest.mark.parametrize(
    ("confidence", "level"),
    [(0.0, "low"), (0.39, "low"), (0.4, "medium"), (0.69, "medium"), (0.7, "high"), (1.0, "high")],
)
def test_levels(confidence, level):
    assert Caption(confidence=confidence).level == level


def test_a_model_may_set_its_own_levels():
    model = ModelFactory(revision="abc", levels=[0.2, 0.5])
    assert Caption(confidence=0.3, model=model).level == "medium"
    assert Caption(confidence=0.5, model=model).level == "high"


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_two_models_leave_one_active():
    barrier = threading.Barrier(2)
    errors = []

    def activate(revision: str) -> None:
        barrier.wait()
        try:
            model_activate(name="tiny", revision=revision, languages=["en"])
        except Exception as error:
            errors.append(error)
        connection.close()

    threads = [threading.Thread(target=activate, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert CaptionModel.objects.filter(active=True).count() == 1


def test_activating_a_model_leaves_one_active():
    old = ModelFactory(active=True)
    new = model_activate(name="tiny", revision="ffff", languages=["en", "tr"])
    assert new.active
    assert list(CaptionModel.objects.filter(active=True)) == [new]
    assert model_activate(name="tiny", revision=old.revision, languages=["en"]) == old
    assert CaptionModel.objects.count() == 2
