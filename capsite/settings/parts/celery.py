"""Celery: messages are wake-ups only, so they may be lost, doubled or late."""

import ssl
from typing import Any

from celery.schedules import crontab

from capsite.common.redisaddress import RedisAddress, broker_urls
from capsite.settings import env
from capsite.settings.parts.channels import messages_address


def _broker_url(address: RedisAddress) -> str:
    """Return the URL in Kombu's spelling, which names a socket ``redis+socket://``."""
    if address.is_sentinel:
        return broker_urls(address)
    if not address.url.startswith("unix://"):
        return address.url
    path, _, query = address.url.removeprefix("unix://").partition("?")
    database = dict(part.split("=", 1) for part in query.split("&") if "=" in part).get("db", "0")
    return f"redis+socket://{path}?virtual_host={database}"


def _sentinel_options(address: RedisAddress) -> dict[str, Any]:
    """Return what Kombu takes as transport options for what no broker URL can say."""
    if not address.is_sentinel:
        return {}
    return {"master_name": address.master, "sentinel_kwargs": address.sentinel_options}


CELERY_BROKER_URL = _broker_url(messages_address)
if messages_address.tls:  # Kombu by itself would believe any certificate
    CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for ever
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    # Who wakes a worker does not wait for a broker that refuses; the worker itself waits for ever.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    **_sentinel_options(messages_address),
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "interactive"
# The courier's: it has no model to keep waiting, and threads to spare.
CELERY_TASK_ROUTES = {
    name: {"queue": "deliveries"} for name in ("webhooks.*", "statistics.*", "exports.*")
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# How often the figures of the dashboard are counted again.
CAPSITE_STATISTICS_SECONDS = env.integer(
    "CAPSITE_STATISTICS_SECONDS", 300, minimum=1, maximum=86_400
)

# Where the Parquet files of the usage lie, and how many past days are looked after.
CAPSITE_EXPORTS = env.path("CAPSITE_EXPORTS", env.VAR_DIR / "exports")
CAPSITE_EXPORT_DAYS = 7

CELERY_BEAT_SCHEDULER = "capsite.common.clockwork:Clockwork"
CELERY_BEAT_SCHEDULE = {
    # Whatever wake-up was lost, the worker looks at the table this often.
    "wake": {"task": "workers.drain", "schedule": 5.0, "options": {"expires": 5}},
    "deliver": {"task": "webhooks.deliver", "schedule": 10.0, "options": {"expires": 10}},
    "idempotency": {
        "task": "gateway.purge_keys",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "log": {"task": "webhooks.purge", "schedule": 3600.0, "options": {"expires": 3600}},
    "sessions": {
        "task": "workers.sweep_sessions",
        "schedule": 86_400.0,
        "options": {"expires": 3600},
    },
    "statistics": {
        "task": "statistics.refresh",
        "schedule": float(CAPSITE_STATISTICS_SECONDS),
        "options": {"expires": CAPSITE_STATISTICS_SECONDS},
    },
    # Every night, and again by day what a night has missed.
    "exports": {
        "task": "exports.nightly",
        "schedule": crontab(minute="17", hour="*/6"),
        "options": {"expires": 3600},
    },
    "orphans": {"task": "workers.sweep_files", "schedule": 3600.0, "options": {"expires": 3600}},
}
