"""The courier's whole story: claim a delivery, send it, settle it, until nothing is due."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.common.outbound import send
from captions.webhooks import signing
from captions.webhooks.bodies import body_of
from captions.webhooks.delivery import delivery_claim, delivery_settle
from captions.webhooks.models import WebhookDelivery
from captions.webhooks.policy import Outcome, Verdict, verdict_of, wait_from
from captions.webhooks.rules import schemes
from captions.webhooks.sealing import SealBroken, unseal

logger = logging.getLogger(__name__)


def deliver_due(stopping: Callable[[], bool] = lambda: False) -> int:
    """Send everything that is due, one after the other; return how many were sent."""
    sent = 0
    while not stopping():
        delivery = delivery_claim()
        if delivery is None:
            break
        deliver(delivery)
        sent += 1
    return sent


def deliver(delivery: WebhookDelivery) -> Outcome:
    """Make one attempt at a claimed delivery and settle it."""
    outcome = attempt(delivery)
    if not delivery_settle(delivery, outcome):
        logger.warning("Delivery %s is no longer ours; its outcome is dropped", delivery.pk)
    elif outcome.verdict is not Verdict.DELIVERED:
        what = outcome.status or outcome.error
        logger.info("Delivery %s did not arrive (%s): %s", delivery.pk, outcome.verdict, what)
    return outcome


def attempt(delivery: WebhookDelivery) -> Outcome:
    """Send a delivery and judge the answer; whatever goes wrong is an outcome too."""
    try:
        return _sent(delivery)
    except SealBroken:
        text = _("The secret of this webhook cannot be read any more. Give it a new one.")
        return Outcome(Verdict.REFUSED, error=text)
    except CapsiteError as error:
        passing = error.code == "url_unreachable"
        return Outcome(Verdict.AGAIN if passing else Verdict.REFUSED, error=error.message)
    except Exception:
        logger.exception("Delivery %s could not be sent", delivery.pk)
        return Outcome(Verdict.AGAIN, error=_("capsite failed to send this."))


def _sent(delivery: WebhookDelivery) -> Outcome:
    endpoint, seconds = delivery.endpoint, settings.CAPSITE_WEBHOOKS_SECONDS
    if not endpoint.url.startswith(tuple(f"{scheme}://" for scheme in schemes())):
        return Outcome(Verdict.REFUSED, error=_("This site sends webhooks to https:// only."))
    body = body_of(delivery)
    sent = send(endpoint.url, body, headers_of(delivery, body), seconds)
    verdict = verdict_of(sent.status)
    wait = wait_from(sent.retry_after) if verdict is Verdict.AGAIN else 0
    return Outcome(verdict, sent.status, sent.body_excerpt, wait=wait)


def headers_of(delivery: WebhookDelivery, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt, signed now."""
    timestamp = int(time.time())
    return {
        "Content-Type": "application/json",
        signing.EVENT: delivery.event,
        signing.DELIVERY: str(delivery.event_id),
        signing.TIMESTAMP: str(timestamp),
        signing.SIGNATURE: signing.sign(unseal(delivery.endpoint.secret), timestamp, body),
    }
