"""Celery: messages are wake-ups only, so they may be lost, doubled or late."""

from capsite.settings.parts.channels import REDIS_URL


def _broker_url(redis_url: str) -> str:
    """Return the URL in Kombu's spelling, which names a socket ``redis+socket://``."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    database = dict(part.split("=", 1) for part in query.split("&") if "=" in part).get("db", "0")
    return f"redis+socket://{path}?virtual_host={database}"


CELERY_BROKER_URL = _broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for ever
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    # Who wakes a worker does not wait for a broker that refuses; the worker itself waits for ever.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_TASK_ROUTES = {"webhooks.*": {"queue": "deliveries"}}  # the courier's
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

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
    "orphans": {"task": "workers.sweep_files", "schedule": 3600.0, "options": {"expires": 3600}},
}
