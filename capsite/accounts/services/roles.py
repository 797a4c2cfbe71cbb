"""The group whose members are moderators."""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from capsite.accounts.scopes import MODERATORS

# Moderators look at these in the administration, if they are staff; they decide through the site.
SEEN = {
    "accounts": ["user"],
    "gallery": ["image", "captionjob", "album"],
    "captions": ["caption", "vote", "moderationcase"],
    "annotations": ["annotation", "revision"],
}


def moderators_ensure() -> Group:
    """Make the group with its permissions where it is missing; leave an existing one alone."""
    group, created = Group.objects.get_or_create(name=MODERATORS)
    if created:
        for label in SEEN:
            if apps.is_installed(label) or label == "accounts":
                create_permissions(apps.get_app_config(label), verbosity=0)
        group.permissions.set(_permissions())
    return group


def _permissions() -> list[Permission]:
    return [
        permission
        for label, models in SEEN.items()
        for permission in Permission.objects.filter(
            content_type__app_label=label,
            codename__in=[f"view_{model}" for model in models],
        )
    ]
