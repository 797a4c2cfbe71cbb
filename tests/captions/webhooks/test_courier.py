"""The courier as it runs: a Celery worker of its own, killed and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from capsite.common.queues import DELIVER
from capsite.supervisor import specs
from captions.models import DeliveryState, WebhookDelivery
from captions.webhooks.events import Event, event_emit
from tests.factories import ImageFactory

ROOT = Path(__file__).resolve().parents[3]
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start couriers as the supervisor does, on the suite's own database."""
    running: list[subprocess.Popen[bytes]] = []

    def started() -> subprocess.Popen[bytes]:
        # No pool beside it: what is killed with SIGKILL is all there is.
        command = specs.courier(ROOT, {}).command
        running.append(subprocess.Popen(command, cwd=ROOT, env=_environment()))
        return running[-1]

    current_app.control.purge()
    yield started
    for process in running:
        process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    server, _, query = os.environ["DATABASE_URL"].partition("?")
    database = f"{server.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "capsite.settings.test",
        "DATABASE_URL": f"{database}?{query}" if query else database,
        "CAPSITE_OUTBOUND_ALLOW": "127.0.0.1/32",
        "CAPSITE_WEBHOOKS_HTTP": "true",
        "CAPSITE_WEBHOOKS_SECONDS": "30",
        "CAPSITE_WEBHOOKS_BACKOFF_SECONDS": "0",
    }


def wake() -> bool:
    """Send what beat sends."""
    current_app.send_task(DELIVER)
    return True


@pytest.mark.django_db(transaction=True)
def test_a_killed_courier_loses_nothing_and_its_event_is_worked_on_once(
    member, endpoint, receiver, start
):
    """The receiver works on the event and is about to answer when the courier dies."""
    receiver.answers = [(500, {}, 0), (200, {}, 20)]
    image = ImageFactory(owner=member)
    event_emit(Event.CAPTION_READY, image=image, data={"captions": []})
    first = start()
    receiver.wait(lambda: len(receiver.requests) == 2 and wake(), seconds=60)
    first.send_signal(signal.SIGKILL)
    first.wait()

    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts, row.lease is None) == (DeliveryState.WAITING, 2, False)
    past = timezone.now() - timedelta(seconds=1)  # the lease runs out
    WebhookDelivery.objects.update(lease_expires_at=past)
    for _other in range(5):
        event_emit(Event.FEEDBACK, image=image, data={"kind": "vote"})
    start()
    receiver.wait(lambda: wake() and _all(DeliveryState.DELIVERED), seconds=60)

    ids = [request["headers"]["X-Capsite-Delivery"] for request in receiver.requests]
    assert ids.count(str(row.event_id)) == 3  # refused, cut off, taken
    assert len(receiver.processed) == len(set(receiver.processed)) == 6
    assert receiver.unsigned == 0
    assert WebhookDelivery.objects.get(pk=row.pk).attempts == 3


def _all(state: str) -> bool:
    return not WebhookDelivery.objects.exclude(state=state).exists()


@pytest.mark.django_db(transaction=True)
def test_a_courier_that_is_asked_to_stop_finishes_what_it_sends(member, endpoint, receiver, start):
    receiver.answers = [(200, {}, 2)]
    for _event in range(3):
        event_emit(Event.FEEDBACK, image=ImageFactory(owner=member), data={"kind": "vote"})
    process = start()
    receiver.wait(lambda: len(receiver.requests) >= 1, seconds=60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    states = list(WebhookDelivery.objects.values_list("state", "lease"))
    assert all(state == DeliveryState.DELIVERED or lease is None for state, lease in states)
    assert len(receiver.processed) == states.count((DeliveryState.DELIVERED, None))


def test_the_courier_never_loads_torch():
    code = (
        "import sys; from capsite.courier import app; app.loader.import_default_modules();"
        "app.finalize(); heavy = {'torch', 'workers.runtime', 'workers.tasks'} & set(sys.modules);"
        "names = {name for name in app.tasks if name.startswith(('webhooks.', 'statistics.'))};"
        "sys.exit(0 if not heavy and len(names) == 3 else f'{heavy} {names}')"
    )
    done: Any = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
