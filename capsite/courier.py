"""The Celery application of the courier: it knows the tasks of webhooks and never loads torch.

``capsite.celery`` finds the captioner's tasks, whose worker loads its model as it starts.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capsite.settings.dev")

app = Celery("capsite-courier", include=["captions.webhooks.tasks"], set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
