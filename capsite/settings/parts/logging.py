"""One line or JSON object an event on standard error; the supervisor puts the process before it."""

from typing import Any

from capsite.settings import env

_level = env.choice("CAPSITE_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))

_json = env.choice("CAPSITE_LOG", "text", ("text", "json")) == "json"
# A line for each request and each step of a photo: for machines to search, too many to read.
_steps = _level if _json else ("DEBUG" if _level == "DEBUG" else "WARNING")

_UVICORN: dict[str, Any] = {
    "uvicorn": {"handlers": [], "level": _level, "propagate": True},
    "uvicorn.access": {"level": "WARNING"},  # capsite.access has the same, with the route
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "capsite.common.observing.logs.JsonFormatter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json" if _json else "text"},
        "counted": {
            "class": "capsite.common.observing.logs.CountingHandler",
            "level": "WARNING",
        },
    },
    "root": {"handlers": ["console", "counted"], "level": _level},
    "loggers": {
        "django": {"handlers": [], "level": _level, "propagate": True},
        "django.server": {"handlers": [], "level": _level, "propagate": True},
        "django.channels.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "capsite.access": {"level": _steps},
        "capsite.trail": {"level": _steps},
        # uvicorn's own lines, which it would otherwise write in a form of its own.
        **(_UVICORN if _json else {}),
        # At INFO it names every address that is asked, and webhooks' may hold secrets.
        "httpx": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        # Wake-ups arrive by the hundred and say nothing; workers.flow logs what was done.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.worker.request": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
