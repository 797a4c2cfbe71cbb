"""What beat asks of the dashboard."""

from celery import shared_task

from annotations.statistics.refresh import figures_refresh
from capsite.common.outage import OUTAGES


@shared_task(name="statistics.refresh", throws=OUTAGES)
def refresh() -> bool:
    """Count the dashboard's figures again."""
    return figures_refresh()
