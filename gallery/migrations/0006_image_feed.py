"""Members find the newest photos that they see without reading through all of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("gallery", "0005_job_request")]
    operations = [
        AddIndexConcurrently(
            model_name="image",
            index=models.Index(fields=["-created_at", "-id"], name="image_feed"),
        ),
    ]
