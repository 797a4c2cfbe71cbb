"""The one active version becomes the active version of each language it speaks, and back."""

from django.db import migrations
from django.utils import timezone

KNOWN = ("en", "tr")


def roles_from_active(apps, schema_editor):
    """Give the active version its roles, as the configured directory's choice."""
    Model = apps.get_model("captions", "CaptionModel")
    Role = apps.get_model("captions", "ModelRole")
    Event = apps.get_model("captions", "ModelEvent")
    for model in Model.objects.filter(active=True):
        for language in KNOWN:
            # Whoever went back to 0003 alone still has the roles.
            if (
                language in model.languages
                and not Role.objects.filter(language=language, role="active").exists()
            ):
                Role.objects.create(
                    language=language,
                    role="active",
                    model=model,
                    chosen_by="default",
                    since=timezone.now(),
                )
                Event.objects.create(
                    language=language,
                    event="activated",
                    model=model,
                    by="worker",
                    reason="active before each language had its own version",
                )


def active_from_roles(apps, schema_editor):
    """Keep one active version: that of English where there is one."""
    Model = apps.get_model("captions", "CaptionModel")
    Role = apps.get_model("captions", "ModelRole")
    role = Role.objects.filter(role="active").order_by("language").first()
    if role is not None:
        Model.objects.filter(pk=role.model_id).update(active=True)


class Migration(migrations.Migration):
    dependencies = [("captions", "0003_model_registry")]
    operations = [migrations.RunPython(roles_from_active, active_from_roles)]
