"""A receiver on this machine and an endpoint that leads to it."""

from collections.abc import Iterator

import pytest

from captions.models import WebhookEndpoint
from captions.webhooks.events import CHOOSABLE, FOR_ADMINISTRATORS
from captions.webhooks.services import endpoint_create
from tests.captions.webhooks.receiver import Receiver
from tests.factories import UserFactory

EVENTS = [event for event in CHOOSABLE if event not in FOR_ADMINISTRATORS]


@pytest.fixture(autouse=True)
def _this_machine(settings) -> None:
    """Let webhooks reach this machine, without waiting between attempts."""
    settings.CAPSITE_OUTBOUND_ALLOW = ["127.0.0.1/32"]
    settings.CAPSITE_WEBHOOKS_HTTP = True
    settings.CAPSITE_WEBHOOKS_BACKOFF_SECONDS = 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real HTTP server that checks signatures."""
    with Receiver() as running:
        yield running
        running.shutdown()


@pytest.fixture
def member(db):
    """Somebody with photos."""
    return UserFactory(email="member@example.org")


@pytest.fixture
def endpoint(receiver, member) -> WebhookEndpoint:
    """The member's endpoint, whose secret the receiver knows."""
    made, receiver.secret = endpoint_create(person=member, url=receiver.url, events=EVENTS)
    return made
