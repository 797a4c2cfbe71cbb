"""The Celery application: its configuration lives in Django's settings under CELERY_*."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capsite.settings.dev")

app = Celery("capsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
