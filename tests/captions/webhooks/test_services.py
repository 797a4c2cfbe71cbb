"""What members may do with endpoints, and what they are told when they may not."""

import threading
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from capsite.common.errors import CapsiteError
from captions.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from captions.webhooks import services
from captions.webhooks.courier import deliver_due
from captions.webhooks.sealing import unseal
from captions.webhooks.selectors import deliveries_of, endpoint_for, endpoints_of
from tests.factories import UserFactory
from tests.factories.rows import moderator

pytestmark = pytest.mark.django_db

GOOD: dict[str, Any] = {"url": "https://93.184.215.14/hook", "events": ["caption.ready"]}


def refusal(function: Any, **given: Any) -> CapsiteError:
    with pytest.raises(CapsiteError) as caught:
        function(**given)
    assert caught.value.message.endswith(".")
    return caught.value


def test_an_endpoint_is_created_and_its_secret_kept_out_of_the_database(member):
    given = GOOD | {"name": " My\nhook ", "events": ["caption.ready", "caption.ready"]}
    endpoint, secret = services.endpoint_create(person=member, **given)
    endpoint.refresh_from_db()
    assert secret.startswith("whsec_")
    assert secret not in endpoint.secret
    assert unseal(endpoint.secret) == secret
    assert (endpoint.name, endpoint.events) == ("My hook", ["caption.ready"])
    assert list(endpoints_of(member)) == [endpoint]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"url": "http://93.184.215.14/"}, "url_invalid", "url"),
        ({"url": "https://me:pw@93.184.215.14/"}, "url_invalid", "url"),
        ({"url": "https://192.168.0.1/"}, "url_not_allowed", "url"),
        ({"url": "https://localhost/"}, "url_not_allowed", "url"),
        ({"url": "https://93.184.215.14:25/"}, "url_not_allowed", "url"),
        ({"events": []}, "required", "events"),
        ({"events": ["caption.raedy"]}, "invalid_choice", "events"),
        ({"events": ["ping"]}, "invalid_choice", "events"),
        ({"events": ["rate_limit.violated"]}, "event_not_allowed", "events"),
        ({"format": "teams"}, "invalid_choice", "format"),
        ({"name": "x" * 101}, "max_length", "name"),
    ],
)
def test_what_is_wrong_is_named(member, settings, changes, code, field):
    settings.CAPSITE_WEBHOOKS_HTTP, settings.CAPSITE_OUTBOUND_ALLOW = False, []
    error = refusal(services.endpoint_create, person=member, **GOOD | changes)
    assert (error.code, error.field) == (code, field)
    endpoint, _secret = services.endpoint_create(person=member, **GOOD)
    error = refusal(services.endpoint_update, person=member, endpoint_id=endpoint.pk, **changes)
    assert (error.code, error.field) == (code, field)


def test_administrators_may_hear_of_rate_limits():
    administrator = UserFactory(is_superuser=True)
    given = GOOD | {"events": ["rate_limit.violated"]}
    assert services.endpoint_create(person=administrator, **given)


def test_visitors_and_other_members_reach_nothing(member, endpoint):
    delivery = services.endpoint_ping(person=member, endpoint_id=endpoint.pk)
    administrator = UserFactory(is_superuser=True)
    for person, code in [
        (AnonymousUser(), "sign_in_required"),
        (UserFactory(), "not_found"),
        (moderator(), "not_found"),
        (administrator, "not_found"),
    ]:
        given = {"person": person, "endpoint_id": endpoint.pk}
        for function in (
            services.endpoint_update,
            services.endpoint_delete,
            services.endpoint_ping,
            services.secret_rotate,
        ):
            assert refusal(function, **given).code == code
        resend = {"person": person, "delivery_id": delivery.pk}
        assert refusal(services.delivery_resend, **resend).code == code
        with pytest.raises(CapsiteError):
            endpoint_for(person, endpoint.pk)
    assert refusal(services.endpoint_create, person=AnonymousUser(), **GOOD).status == 403


def test_twenty_endpoints_are_enough(member, settings):
    settings.CAPSITE_WEBHOOKS_PER_MEMBER = 2
    for _number in range(2):
        services.endpoint_create(person=member, **GOOD)
    error = refusal(services.endpoint_create, person=member, **GOOD)
    assert (error.code, error.status) == ("too_many_webhooks", 409)
    services.endpoint_create(person=UserFactory(), **GOOD)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_make_one_too_many(settings):
    settings.CAPSITE_WEBHOOKS_PER_MEMBER = 1
    member, start, codes = UserFactory(), threading.Barrier(4), []

    def create() -> None:
        start.wait()
        try:
            services.endpoint_create(person=member, **GOOD)
        except CapsiteError as error:
            codes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ["too_many_webhooks"] * 3
    assert WebhookEndpoint.objects.count() == 1


def test_changes_are_made_and_failures_forgotten(member, endpoint):
    WebhookEndpoint.objects.update(failures=9)
    changes = {"name": "new", "events": ["feedback.created"], "format": "slack"}
    given = {"person": member, "endpoint_id": endpoint.pk}
    made = services.endpoint_update(**given, **changes)
    assert (made.name, made.events, made.format) == ("new", ["feedback.created"], "slack")
    assert made.failures == 9
    assert services.endpoint_update(**given, url=GOOD["url"]).failures == 0
    assert services.endpoint_update(**given) == made


def test_switching_off_gives_up_what_waits_and_refuses_pings(member, endpoint):
    given = {"person": member, "endpoint_id": endpoint.pk}
    ping = services.endpoint_ping(**given)
    services.endpoint_update(**given, active=False)
    ping.refresh_from_db()
    assert (ping.state, ping.error) == (DeliveryState.FAILED, "The webhook was switched off.")
    assert refusal(services.endpoint_ping, **given).code == "endpoint_off"
    WebhookEndpoint.objects.update(failures=9)
    assert services.endpoint_update(**given, active=True).failures == 0
    services.endpoint_ping(**given)


def test_a_ping_arrives(member, endpoint, receiver):
    ping = services.endpoint_ping(person=member, endpoint_id=endpoint.pk)
    deliver_due()
    assert receiver.processed == [str(ping.event_id)]
    assert receiver.payloads[0]["event"] == "ping"
    assert receiver.requests[0]["headers"]["X-Capsite-Event"] == "ping"


def test_a_new_secret_signs_at_once(member, endpoint, receiver):
    old = receiver.secret
    _endpoint, new = services.secret_rotate(person=member, endpoint_id=endpoint.pk)
    services.endpoint_ping(person=member, endpoint_id=endpoint.pk)
    deliver_due()
    assert receiver.unsigned == 1
    receiver.secret = new
    assert new != old
    services.endpoint_ping(person=member, endpoint_id=endpoint.pk)
    deliver_due()
    assert (receiver.unsigned, len(receiver.processed)) == (1, 1)


def test_resending_makes_a_row_with_the_same_event_id(member, endpoint, receiver):
    first = services.endpoint_ping(person=member, endpoint_id=endpoint.pk)
    given = {"person": member, "delivery_id": first.pk}
    assert refusal(services.delivery_resend, **given).code == "delivery_waiting"
    deliver_due()
    second = services.delivery_resend(**given)
    assert (second.pk != first.pk, second.event_id) == (True, first.event_id)
    deliver_due()
    assert [r["body"] for r in receiver.requests] == [receiver.requests[0]["body"]] * 2
    assert receiver.processed == [str(first.event_id)]
    assert {d.state for d in deliveries_of(endpoint)} == {DeliveryState.DELIVERED}


def test_deleting_takes_the_log_along(member, endpoint):
    services.endpoint_ping(person=member, endpoint_id=endpoint.pk)
    services.endpoint_delete(person=member, endpoint_id=endpoint.pk)
    assert not WebhookDelivery.objects.exists()
    gone = {"person": member, "endpoint_id": uuid.uuid4()}
    assert refusal(services.endpoint_delete, **gone).code == "not_found"


def test_administrators_look_at_endpoints_without_secrets(client, endpoint, member):
    services.endpoint_ping(person=member, endpoint_id=endpoint.pk)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    for page in ("webhookendpoint/", f"webhookendpoint/{endpoint.pk}/change/", "webhookdelivery/"):
        answer = client.get(f"/admin/captions/{page}")
        assert answer.status_code == 200
        assert endpoint.secret not in answer.content.decode()
    client.post(f"/admin/captions/webhookendpoint/{endpoint.pk}/delete/", {"post": "yes"})
    assert not WebhookEndpoint.objects.exists()
