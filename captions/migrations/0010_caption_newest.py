from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("captions", "0009_more_decisions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="caption",
            index=models.Index(fields=["-created_at", "-id"], name="caption_newest"),
        ),
    ]
