"""Find texts by who edited them and how, and list the latest first, without locking the table."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("annotations", "0002_edit_history")]
    operations = [
        AddIndexConcurrently(
            model_name="annotation",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["history"], opclasses=["jsonb_path_ops"], name="annotation_history"
            ),
        ),
        AddIndexConcurrently(
            model_name="annotation",
            index=models.Index(fields=["-updated_at", "-id"], name="annotation_latest"),
        ),
    ]
