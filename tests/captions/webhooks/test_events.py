"""Who hears of what, written in the transaction that makes it true."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from capsite.common.notices import JOB_FAILED, notice
from captions.models import WebhookDelivery, WebhookEndpoint
from captions.services.store import captions_store
from captions.webhooks import subscriptions
from captions.webhooks.bodies import slack_text
from captions.webhooks.events import CHOOSABLE, Event, event_emit
from captions.webhooks.sealing import seal
from captions.webhooks.services import endpoint_delete
from gallery.models import CaptionJob
from gallery.services.jobs import job_fail, jobs_claim, leases_sweep
from tests.factories import ImageFactory, JobFactory, ModelFactory, UserFactory
from tests.factories.rows import moderator
from workers.pipeline.contract import CandidateCaption

pytestmark = pytest.mark.django_db


def hook(owner: Any, **given: Any) -> WebhookEndpoint:
    facts = {"url": "https://93.184.215.14/", "events": list(CHOOSABLE), "secret": seal("s")}
    return WebhookEndpoint.objects.create(owner=owner, **facts | given)


@pytest.fixture
def people() -> dict[str, Any]:
    """One endpoint for everything a person may be."""
    made = {"owner": UserFactory(), "other": UserFactory(), "moderator": moderator()}
    made["administrator"] = UserFactory(is_superuser=True)
    made["gone"] = UserFactory(is_active=False, is_superuser=True)
    for person in made.values():
        hook(person)
    return made


@pytest.mark.parametrize(
    ("event", "hearing"),
    [
        (Event.CAPTION_READY, {"owner"}),
        (Event.CAPTION_FAILED, {"owner"}),
        (Event.FEEDBACK, {"owner"}),
        (Event.CASE_OPENED, {"owner", "moderator", "administrator"}),
        (Event.CASE_DECIDED, {"owner", "moderator", "administrator"}),
        (Event.RATE_LIMITED, {"administrator"}),
    ],
)
def test_who_hears(people, event, hearing):
    event_emit(event, image=ImageFactory(owner=people["owner"]), data={"kind": "vote"})
    heard = set(WebhookDelivery.objects.values_list("endpoint__owner_id", flat=True))
    assert heard == {people[name].pk for name in hearing}
    assert WebhookDelivery.objects.values("event_id").distinct().count() == 1


def test_a_visitors_photo_concerns_moderators_alone(people):
    event_emit(Event.CAPTION_READY, image=ImageFactory(), data={})
    assert not WebhookDelivery.objects.exists()
    event_emit(Event.CASE_OPENED, image=ImageFactory(), data={})
    assert WebhookDelivery.objects.count() == 2


def test_a_moderator_who_owns_the_photo_hears_once(people):
    event_emit(Event.CASE_OPENED, image=ImageFactory(owner=people["moderator"]), data={})
    assert WebhookDelivery.objects.count() == 2


def test_only_chosen_events_and_active_endpoints(member):
    hook(member, events=["feedback.created"])
    hook(member, active=False)
    event_emit(Event.CAPTION_READY, image=ImageFactory(owner=member), data={})
    assert not WebhookDelivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_told(monkeypatch):
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: sent.append(name))
    member = UserFactory()
    hook(member)
    image = ImageFactory(owner=member)

    def emit_and(fail: bool) -> None:
        with transaction.atomic():
            event_emit(Event.CAPTION_READY, image=image, data={})
            assert sent == []
            if fail:
                raise ValueError

    with pytest.raises(ValueError):
        emit_and(fail=True)
    assert (WebhookDelivery.objects.count(), sent) == (0, [])
    emit_and(fail=False)
    assert (WebhookDelivery.objects.count(), sent) == (1, ["webhooks.deliver"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["event", "deletion"])
def test_an_endpoint_deleted_meanwhile_is_nobodys_trouble(first):
    """Either waits for the other; the photo's side commits, and nothing is left behind."""
    member = UserFactory()
    endpoint, image = hook(member), ImageFactory(owner=member)
    begun, errors = threading.Event(), []
    acts = {
        "event": lambda: event_emit(Event.CAPTION_READY, image=image, data={}),
        "deletion": lambda: endpoint_delete(person=member, endpoint_id=endpoint.pk),
    }
    [second] = acts.keys() - {first}

    def begin() -> None:
        try:
            with transaction.atomic():
                acts[first]()
                begun.set()
                time.sleep(0.5)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=begin)
    thread.start()
    begun.wait()
    began = time.monotonic()
    acts[second]()
    assert time.monotonic() - began > 0.3  # it waited
    thread.join()
    assert errors == []
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()


def claimed(member: Any) -> CaptionJob:
    JobFactory(image=ImageFactory(owner=member))
    return jobs_claim(worker="w", limit=1)[0]


def test_captions_that_are_stored_are_told(member):
    hook(member)
    job = claimed(member)
    candidate = CandidateCaption("a dog runs", 0, -0.5, 0.7, "beam", "en")
    captions_store(job=job, model=ModelFactory(), candidates=[candidate], timings={})
    payload = WebhookDelivery.objects.get().payload
    assert payload["event"] == "caption.ready"
    assert payload["data"]["captions"][0]["text"] == "a dog runs"
    assert payload["data"]["job"] == str(job.pk)
    assert payload["data"]["image"] == {
        "id": str(job.image.pk),
        "title": job.image.title,
        "path": f"/photos/{job.image.pk}/",
    }


def test_a_job_that_fails_is_told(member):
    hook(member)
    job_fail(claimed(member), code="photo_damaged", message="This photo is damaged.")
    delivery = WebhookDelivery.objects.get()
    assert delivery.event == "caption.failed"
    assert delivery.payload["data"]["message"] == "This photo is damaged."


def test_a_job_whose_worker_is_lost_for_good_is_told(member, settings):
    settings.CAPSITE_JOB_ATTEMPTS = 1
    hook(member)
    claimed(member)
    past = timezone.now() - timedelta(seconds=1)
    CaptionJob.objects.update(lease_expires_at=past)
    leases_sweep()
    assert WebhookDelivery.objects.get().payload["data"]["code"] == "worker_lost"


def test_webhooks_in_trouble_do_not_keep_a_job_from_failing(member, monkeypatch, caplog):
    def broken(*_args: object, **_facts: object) -> None:
        raise ValueError("trouble")

    monkeypatch.setattr(subscriptions, "event_emit", broken)
    job_fail(claimed(member), code="photo_damaged", message="This photo is damaged.")
    assert CaptionJob.objects.get().state == "failed"
    assert f"The notice {JOB_FAILED} could not be passed on" in caplog.text


def test_who_asks_too_often_is_told_to_administrators(people):
    facts = {"identity": "person:1", "address": "8.8.8.8", "scope": "read", "count": 5}
    notice("rate_limit.violated", **facts)
    delivery = WebhookDelivery.objects.get()
    assert delivery.endpoint.owner == people["administrator"]
    assert delivery.payload["data"] == facts


def test_slack_shows_what_people_wrote_and_follows_none_of_it():
    image = {"title": "<!channel> & <http://x|y>"}
    text = slack_text("caption.ready", {"image": image, "captions": [{"text": "a <b>"}]})
    assert text == ("New caption for *&lt;!channel&gt; &amp; &lt;http://x|y&gt;*: a &lt;b&gt;")
    assert slack_text("feedback.created", {"kind": "vote"}) == "New feedback (vote) on *a photo*"
    assert slack_text("something.new", {}) == "something.new"
    for event in CHOOSABLE:
        assert slack_text(event, {})
