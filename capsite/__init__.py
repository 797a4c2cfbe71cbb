"""capsite: photographs in, captions on every open screen."""

from capsite.celery import app as celery_app

__all__ = ["celery_app"]
