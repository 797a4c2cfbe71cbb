"""What beat asks of the gateway."""

from celery import shared_task

from capsite.common.outage import OUTAGES
from capsite.gateway.keys import keys_purge


@shared_task(name="gateway.purge_keys", throws=OUTAGES)
def purge_keys() -> int:
    """Delete idempotency keys that are too old to answer."""
    return keys_purge()
