"""A job names the HTTP request that asked for it, so that the logs hang together."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0004_lists_by_index")]
    operations = [
        migrations.AddField(
            model_name="captionjob",
            name="request_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="of the HTTP request that asked, as in the log",
                max_length=64,
            ),
        ),
    ]
