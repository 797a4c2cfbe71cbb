"""Lists of albums and jobs, and what the jobs board counts, come out of indexes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("gallery", "0003_demo_step")]
    operations = [
        AddIndexConcurrently(
            model_name="album",
            index=models.Index(fields=["-created_at", "-id"], name="album_newest"),
        ),
        AddIndexConcurrently(
            model_name="captionjob",
            index=models.Index(fields=["-created_at", "-id"], name="job_newest"),
        ),
        AddIndexConcurrently(
            model_name="captionjob",
            index=models.Index(fields=["finished_at"], name="job_ended"),
        ),
        AddIndexConcurrently(
            model_name="captionjob",
            index=models.Index(
                fields=["error_code", "finished_at"],
                condition=models.Q(("state", "failed")),
                name="job_failed",
            ),
        ),
    ]
