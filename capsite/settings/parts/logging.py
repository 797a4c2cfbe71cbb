"""One line an event on standard error; the supervisor puts the process name before it."""

from capsite.settings import env

_level = env.choice("CAPSITE_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": _level},
    "loggers": {
        "django": {"handlers": [], "level": _level, "propagate": True},
        "django.server": {"handlers": [], "level": _level, "propagate": True},
        "django.channels.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "celery.beat": {"level": "WARNING"},
        # Wake-ups arrive by the hundred and say nothing; workers.flow logs what was done.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.worker.request": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
