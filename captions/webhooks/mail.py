"""Tells a member by e-mail that their webhook was switched off."""

import logging
from functools import partial

from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from captions.webhooks.models import WebhookEndpoint

logger = logging.getLogger(__name__)


def endpoint_ended_on_commit(endpoint: WebhookEndpoint, why: str) -> None:
    """Write to the owner once the end is committed; mail that cannot leave is logged."""
    address = endpoint.owner.email
    if address:
        transaction.on_commit(partial(_write, address, str(endpoint), endpoint.url, why))


def _write(address: str, name: str, url: str, why: str) -> None:
    subject = _("Your webhook %(name)s was switched off") % {"name": " ".join(name.split())}
    text = _(
        "%(why)s\n\nNothing is sent to %(url)s any more. What waited for it is in the log of\n"
        "deliveries, from where it can be sent again once you have switched the webhook on."
    )
    try:
        send_mail(subject, text % {"why": why, "url": url}, None, [address])
    except Exception:
        logger.exception("The owner of the webhook %s was not told that it is off", url)
