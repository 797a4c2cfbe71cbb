"""Roles say what is active; the column goes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("captions", "0004_roles_of_active")]
    operations = [
        migrations.RemoveConstraint("captionmodel", "model_one_active"),
        migrations.RemoveField("captionmodel", "active"),
    ]
