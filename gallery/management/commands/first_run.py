"""Makes a new site ready: static files, an administrator, the demo photos; safe to repeat."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from gallery.services.demo import demo_load

ADMINISTRATOR = "admin"


class Command(BaseCommand):
    """`manage.py first_run`: what `up` calls before it starts the site."""

    help = "Collect static files; on an empty site make an administrator and load demo photos."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take ``--no-demo``."""
        parser.add_argument("--no-demo", action="store_true", help="load no demo photos")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is still to do, and say it."""
        # django_htmx ships copies of htmx that no page uses (ours is in static/vendor/), and
        # drf_spectacular_sidecar a second reader of API documents; DRF's own pages are off.
        unused = ["django_htmx", "rest_framework", "redoc", "swagger-ui-standalone-preset.js*"]
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=unused)
        people = get_user_model().objects
        if people.filter(is_superuser=True).exists():
            return
        # The administrator comes last: a first run that was cut short starts over, and the demo
        # photos that are there already are found by their bytes.
        if not options["no_demo"]:
            self.stdout.write(f"Loaded {demo_load()} demo photos.")
        password = secrets.token_urlsafe(12)
        people.create_superuser(ADMINISTRATOR, "", password)
        self.stdout.write(f"Administrator: {ADMINISTRATOR}  password: {password}")
        self.stdout.write(
            "The password is shown this once. Change it at /account/password/change/."
        )
