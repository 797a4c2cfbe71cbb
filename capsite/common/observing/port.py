"""The small HTTP port on which worker, courier and beat show their figures to Prometheus."""

import logging

from celery.signals import beat_init, worker_init
from django.conf import settings
from prometheus_client import start_http_server

from capsite.common.observing.registry import process_registry

logger = logging.getLogger(__name__)


@worker_init.connect
@beat_init.connect
def open_port(**_signal: object) -> None:
    """Answer on CAPSITE_METRICS_PORT; a port that is taken costs the figures and nothing else."""
    port = settings.CAPSITE_METRICS_PORT
    if not port:
        return
    try:
        start_http_server(port, addr=settings.CAPSITE_METRICS_HOST, registry=process_registry())
    except OSError as error:
        logger.error("No figures on port %d: %s", port, error.strerror)
