"""Moderators find the case that waits longest without reading through all of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("captions", "0011_history_filters")]
    operations = [
        AddIndexConcurrently(
            model_name="moderationcase",
            index=models.Index(
                fields=["opened_at", "-id"],
                condition=models.Q(("state", "open")),
                name="case_waits_longest",
            ),
        ),
    ]
