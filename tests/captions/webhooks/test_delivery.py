"""What becomes of deliveries: tried again, given up, paused, and claimed by one courier only."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from capsite.common.outbound import resolve
from capsite.common.outbound.addresses import ip_address
from captions.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from captions.webhooks import policy
from captions.webhooks.courier import deliver, deliver_due
from captions.webhooks.delivery import deliveries_purge, delivery_claim, delivery_settle
from captions.webhooks.events import Event, event_emit
from captions.webhooks.policy import Outcome, Verdict
from captions.webhooks.services import (
    delivery_resend,
    endpoint_create,
    endpoint_ping,
    endpoint_update,
)
from tests.captions.webhooks.receiver import Receiver
from tests.factories import ImageFactory

pytestmark = pytest.mark.django_db

WAITING, DELIVERED, FAILED = DeliveryState
LONG_AGO = timedelta(days=99)


def emit(member: Any, times: int = 1) -> None:
    image = ImageFactory(owner=member)
    for _time in range(times):
        event_emit(Event.CAPTION_READY, image=image, data={"captions": []})


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def due() -> None:
    """Let the time come for whatever waits."""
    WebhookDelivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))


def expire() -> None:
    """Let every lease run out, as when a courier died a while ago."""
    past = timezone.now() - timedelta(seconds=1)
    WebhookDelivery.objects.filter(lease__isnull=False).update(lease_expires_at=past)


def test_a_delivery_arrives_signed_and_once(member, endpoint, receiver):
    emit(member)
    assert deliver_due() == 1
    row = only()
    assert (row.state, row.attempts, row.response_status) == (DELIVERED, 1, 200)
    assert (row.response_excerpt, row.error, row.lease) == ("taken", "", None)
    assert row.finished_at is not None
    assert deliver_due() == 0
    assert receiver.processed == [str(row.event_id)]
    assert receiver.payloads[0]["id"] == str(row.event_id)
    assert receiver.unsigned == 0


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_passing_refusal_is_tried_again_with_the_same_event_id(
    member, endpoint, receiver, status
):
    receiver.answers = [(status, {}, 0)] * 2
    emit(member)
    assert deliver_due() == 3
    row = only()
    assert (row.state, row.attempts) == (DELIVERED, 3)
    assert {r["headers"]["X-Capsite-Delivery"] for r in receiver.requests} == {str(row.event_id)}
    assert receiver.processed == [str(row.event_id)]
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_a_receiver_that_dawdles_is_tried_again_and_works_once(
    member, endpoint, receiver, settings
):
    """It worked on the event, but answered too late: what comes again is a known id."""
    settings.CAPSITE_WEBHOOKS_SECONDS = 1
    receiver.answers = [(200, {}, 1.5)]
    emit(member)
    began = time.monotonic()
    deliver_due()
    assert time.monotonic() - began < 5
    assert (only().state, only().attempts) == (DELIVERED, 2)
    assert len(receiver.requests) == 2
    assert receiver.processed == [str(only().event_id)]


def test_a_receiver_that_is_away_is_tried_again(member, endpoint):
    gone = Receiver()
    gone.shutdown()
    gone.server_close()
    endpoint_update(person=member, endpoint_id=endpoint.pk, url=gone.url)
    emit(member)
    deliver(delivery_claim())
    assert (only().state, only().attempts) == (WAITING, 1)
    assert only().error.startswith("The URL cannot be reached")


def test_attempts_end(member, endpoint, receiver, settings):
    settings.CAPSITE_WEBHOOKS_ATTEMPTS = 3
    receiver.answers = [(500, {}, 0)] * 9
    emit(member)
    assert deliver_due() == 3
    assert (only().state, only().response_status) == (FAILED, 500)
    assert only().response_excerpt == "not now"


@pytest.mark.parametrize("status", [302, 400, 401, 404])
def test_other_refusals_are_final(member, endpoint, receiver, status):
    receiver.answers = [(status, {"Location": receiver.url}, 0)]
    emit(member)
    assert deliver_due() == 1
    assert (only().state, only().response_status) == (FAILED, status)
    assert len(receiver.requests) == 1  # a redirect is not followed


def test_the_pauses_grow_to_about_a_day(settings):
    pauses = [policy.pause_after(n, 16) for n in range(1, 8)]
    assert all(a * 2 < b for a, b in pairwise(pauses))
    assert 60_000 < sum(pauses) < 120_000
    assert len({policy.pause_after(1, 16) for _time in range(5)}) > 1


def test_back_off_is_waited_out(member, endpoint, receiver, settings):
    settings.CAPSITE_WEBHOOKS_BACKOFF_SECONDS = 60
    receiver.answers = [(500, {}, 0)]
    emit(member)
    assert deliver_due() == 1
    assert 45 < (only().next_at - timezone.now()).total_seconds() < 75
    due()
    assert deliver_due() == 1
    assert only().state == DELIVERED


def test_retry_after_pauses_the_endpoint(member, endpoint, receiver):
    receiver.answers = [(429, {"Retry-After": "120"}, 0)]
    emit(member, times=2)
    assert deliver_due() == 1
    tried = WebhookDelivery.objects.get(attempts=1)
    assert 100 < (tried.next_at - timezone.now()).total_seconds() <= 120
    endpoint.refresh_from_db()
    assert 100 < (endpoint.disabled_until - timezone.now()).total_seconds() <= 120


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("999999999999", policy.LONGEST_PAUSE),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
    ],
)
def test_retry_after_is_read_and_bounded(header, seconds):
    assert policy.wait_from(header, datetime(2026, 11, 21, 12, tzinfo=UTC)) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_is_bounded(header):
    assert 0 <= policy.wait_from(header) <= policy.LONGEST_PAUSE


def test_gone_ends_the_endpoint_and_tells_its_owner(
    member, endpoint, receiver, mailoutbox, django_capture_on_commit_callbacks
):
    receiver.answers = [(410, {}, 0)]
    emit(member, times=3)
    with django_capture_on_commit_callbacks(execute=True):
        assert deliver_due() == 1
    endpoint.refresh_from_db()
    assert not endpoint.active
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {FAILED}
    [mail] = mailoutbox
    assert mail.to == ["member@example.org"]
    assert "The receiver answered 410 Gone." in mail.body
    emit(member)
    assert WebhookDelivery.objects.count() == 3


def test_failures_in_a_row_pause_an_endpoint_and_one_probe_goes_after_the_pause(
    member, endpoint, receiver
):
    receiver.answers = [(500, {}, 0)] * 6
    emit(member, times=10)
    assert deliver_due() == 5
    endpoint.refresh_from_db()
    assert endpoint.failures == 5
    assert 50 < (endpoint.disabled_until - timezone.now()).total_seconds() <= 60

    rest_over(endpoint)
    assert deliver_due() == 1  # the probe fails
    endpoint.refresh_from_db()
    assert 110 < (endpoint.disabled_until - timezone.now()).total_seconds() <= 120

    rest_over(endpoint)
    assert deliver_due() == 10  # the probe arrives, and so does everything
    assert not WebhookDelivery.objects.exclude(state=DELIVERED).exists()
    assert len(receiver.processed) == len(set(receiver.processed)) == 10


def rest_over(endpoint: WebhookEndpoint) -> None:
    past = timezone.now() - timedelta(seconds=1)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_until=past)


def test_a_paused_endpoint_gets_one_probe_at_a_time(member, endpoint):
    WebhookEndpoint.objects.update(failures=7)
    emit(member, times=2)
    assert delivery_claim() is not None
    assert delivery_claim() is None


def test_a_ping_or_a_resend_ends_the_pause(member, endpoint, receiver):
    far = timezone.now() + timedelta(hours=1)
    WebhookEndpoint.objects.update(failures=7, disabled_until=far)
    endpoint_ping(person=member, endpoint_id=endpoint.pk)
    assert deliver_due() == 1
    WebhookEndpoint.objects.update(failures=7, disabled_until=far)
    delivery_resend(person=member, delivery_id=only().pk)
    assert deliver_due() == 1


def test_days_of_failures_end_an_endpoint(
    member, endpoint, receiver, mailoutbox, django_capture_on_commit_callbacks
):
    receiver.answers = [(500, {}, 0)] * 2
    long_ago = timezone.now() - timedelta(days=4)
    WebhookEndpoint.objects.update(failures=4, failing_since=long_ago)
    emit(member)
    with django_capture_on_commit_callbacks(execute=True):
        deliver_due()
    endpoint.refresh_from_db()
    assert not endpoint.active
    assert only().state == FAILED
    assert "for days" in mailoutbox[0].body


def test_a_slow_endpoint_does_not_keep_every_courier(member, endpoint, receiver):
    emit(member, times=5)
    assert delivery_claim()
    assert delivery_claim()
    assert delivery_claim() is None
    other, _secret = endpoint_create(person=member, url=receiver.url, events=["feedback.created"])
    event_emit(Event.FEEDBACK, image=ImageFactory(owner=member), data={"kind": "vote"})
    claimed = delivery_claim()
    assert claimed is not None
    assert claimed.endpoint == other


def test_a_courier_that_lost_its_lease_settles_nothing(member, endpoint, receiver):
    emit(member)
    late = delivery_claim()
    assert delivery_claim() is None
    expire()
    again = delivery_claim()
    assert (again.pk, again.attempts) == (late.pk, 2)
    assert not delivery_settle(late, Outcome(Verdict.REFUSED, 404))
    assert only().state == WAITING
    assert delivery_settle(again, Outcome(Verdict.DELIVERED, 200))
    assert not delivery_settle(again, Outcome(Verdict.DELIVERED, 200))
    assert only().state == DELIVERED


def test_a_delivery_that_kills_every_courier_ends(member, endpoint, settings):
    settings.CAPSITE_WEBHOOKS_ATTEMPTS = 2
    emit(member)
    for _death in range(2):
        assert delivery_claim()
        expire()
    assert delivery_claim() is None
    assert (only().state, only().error) == (FAILED, "The courier stopped while it sent this.")


def test_what_is_deleted_meanwhile_is_settled_by_nobody(member, endpoint):
    emit(member)
    claimed = delivery_claim()
    endpoint.delete()
    assert not delivery_settle(claimed, Outcome(Verdict.DELIVERED, 200))


@pytest.mark.django_db(transaction=True)
def test_two_couriers_never_claim_the_same(member, endpoint, receiver):
    emit(member, times=30)
    claimed, start = [], threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            while delivery := delivery_claim():
                claimed.append(delivery.pk)
                delivery_settle(delivery, Outcome(Verdict.DELIVERED, 200))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while delivery := delivery_claim():  # what a courier skipped while another looked at it
        claimed.append(delivery.pk)
        delivery_settle(delivery, Outcome(Verdict.DELIVERED, 200))
    assert len(claimed) == len(set(claimed)) == 30
    assert set(WebhookDelivery.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_two_couriers_send_everything_once(member, endpoint, receiver):
    emit(member, times=20)

    def work() -> None:
        try:
            deliver_due()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deliver_due()
    assert len(receiver.requests) == 20
    assert len(set(receiver.processed)) == 20


def test_a_name_that_turns_private_later_is_refused(
    member, endpoint, receiver, settings, monkeypatch
):
    """Rebinding: public when the endpoint was registered, this machine when it is sent to."""
    answers = ["93.184.215.14", "127.0.0.1"]
    monkeypatch.setattr(resolve, "resolve", lambda host, seconds: [ip_address(answers.pop(0))])
    settings.CAPSITE_OUTBOUND_ALLOW = []
    url = f"http://rebind.example:{8000}/"
    endpoint_update(person=member, endpoint_id=endpoint.pk, url=url)
    emit(member)
    assert deliver_due() == 1
    assert only().state == FAILED
    assert "does not connect" in only().error
    assert (answers, receiver.requests) == ([], [])


def test_plain_http_stops_when_the_site_stops_allowing_it(member, endpoint, receiver, settings):
    emit(member)
    settings.CAPSITE_WEBHOOKS_HTTP = False
    deliver_due()
    assert (only().state, receiver.requests) == (FAILED, [])


def test_a_secret_that_cannot_be_read_is_said(member, endpoint, settings):
    emit(member)
    settings.SECRET_KEY = "another"
    deliver_due()
    assert only().error.startswith("The secret of this webhook cannot be read any more.")


def test_slack_gets_its_own_shape(member, endpoint, receiver):
    endpoint_update(person=member, endpoint_id=endpoint.pk, format="slack")
    image = ImageFactory(owner=member, title="<b>")
    event_emit(Event.CAPTION_READY, image=image, data={"captions": [{"text": "a dog & a cat"}]})
    deliver_due()
    [body] = receiver.payloads
    assert body["text"] == "New caption for *&lt;b&gt;*: a dog &amp; a cat"
    shown = {"type": "mrkdwn", "text": body["text"], "verbatim": True}
    assert body["blocks"][0]["text"] == shown
    assert receiver.unsigned == 0


def test_the_body_is_the_payload_as_it_was_written(member, endpoint, receiver):
    emit(member)
    deliver_due()
    assert json.loads(receiver.requests[0]["body"]) == only().payload


def test_the_log_is_forgotten_in_the_end(member, endpoint, receiver):
    emit(member, times=2)
    deliver(delivery_claim())
    assert deliveries_purge() == 0
    old = WebhookDelivery.objects.filter(state=DELIVERED)
    old.update(finished_at=timezone.now() - LONG_AGO)
    WebhookDelivery.objects.update(created_at=timezone.now() - LONG_AGO)
    assert deliveries_purge() == 1
    assert only().state == WAITING
