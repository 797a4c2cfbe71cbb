"""The captioners' confidence of the last day is compared with that of the weeks before."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from captions.models import Caption
from captions.observing.drift import ENOUGH, KEY, drifts, stability_index
from tests.capsite.observing.scraped import series, value
from tests.factories import CaptionFactory, ImageFactory, ModelFactory

counts = st.lists(st.integers(0, 10_000), min_size=10, max_size=10)


@given(counts, counts)
def test_the_index_is_never_negative_and_has_no_side(recent, reference):
    index = stability_index(recent, reference)
    assert index >= 0
    assert index == pytest.approx(stability_index(reference, recent))


@given(counts)
def test_what_is_alike_has_no_drift(same):
    assert stability_index(same, same) == 0


def test_the_usual_thresholds_mean_what_they_mean_elsewhere():
    before = [0, 0, 0, 0, 100, 300, 300, 200, 100, 0]
    little = [0, 0, 0, 0, 110, 290, 310, 190, 100, 0]
    other = [0, 100, 300, 300, 200, 100, 0, 0, 0, 0]
    assert stability_index(little, before) < 0.1
    assert stability_index(other, before) > 0.25


def captions(model, confidence: float, *, days: float, number: int = ENOUGH) -> None:
    asked = {"image": ImageFactory(), "model": model, "confidence": confidence}
    rows = Caption.objects.bulk_create(CaptionFactory.build_batch(number, **asked))
    at = timezone.now() - timedelta(days=days)
    Caption.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=at)


@pytest.mark.django_db
def test_a_version_that_grew_unsure_is_seen():
    cache.delete(KEY)
    steady, fallen, young = (ModelFactory(name=name) for name in ("steady", "fallen", "young"))
    for model, now in ((steady, 0.75), (fallen, 0.25)):
        captions(model, 0.75, days=10)
        captions(model, now, days=0.5)
    captions(young, 0.75, days=0.5)
    found = {drift.model.split()[0]: drift for drift in drifts()}
    assert found["steady"].index < 0.01
    assert found["fallen"].index > 1
    assert found["fallen"].recent[2] == found["fallen"].reference[7] == ENOUGH
    assert found["young"].index is None
    told = series(Client().get("/metrics").content.decode())
    assert value(told, "capsite_confidence_drift", model=str(fallen), language="en") > 1
    assert (
        value(told, "capsite_confidence_captions", model=str(fallen), language="en", tenth="2")
        == ENOUGH
    )
    cache.delete(KEY)
