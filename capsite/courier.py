"""The Celery application of the courier: webhooks, the dashboard's figures, and never torch.

``capsite.celery`` finds the captioner's tasks, whose worker loads its model as it starts.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capsite.settings.dev")

TASKS = ["captions.webhooks.tasks", "annotations.statistics.tasks"]
app = Celery("capsite-courier", include=TASKS, set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
