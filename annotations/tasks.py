"""What beat asks of published texts: the nightly export of the usage."""

import logging

from celery import shared_task

from capsite.common.outage import OUTAGES

logger = logging.getLogger(__name__)


@shared_task(name="exports.nightly", throws=OUTAGES)
def nightly() -> int:
    """Export the days that are over and have no files yet; return how many."""
    # Imported here: pyarrow takes memory that only this task needs.
    from annotations.exports.write import day_export, days_missing

    days = days_missing()
    for day in days:
        rows = sum(day_export(day).values())
        logger.info("Exported %d rows of %s", rows, day)
    return len(days)
