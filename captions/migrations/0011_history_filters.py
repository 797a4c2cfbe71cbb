"""The history of a rare language or strategy is found without reading through all the others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("captions", "0010_caption_newest")]
    operations = [
        AddIndexConcurrently(
            model_name="caption",
            index=models.Index(
                fields=["language", "-created_at", "-id"], name="caption_newest_in"
            ),
        ),
        AddIndexConcurrently(
            model_name="caption",
            index=models.Index(
                fields=["strategy", "-created_at", "-id"], name="caption_newest_of"
            ),
        ),
    ]
