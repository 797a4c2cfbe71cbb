"""Captions never change, and the database holds what must be true of them."""

import pytest
from django.db import IntegrityError, transaction

from captions.models import Caption
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
