"""Makes a new site ready: static files, an administrator, the demo photos; safe to repeat."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

ADMINISTRATOR = "admin"


class Command(BaseCommand):
    """`manage.py first_run`: what `up` calls before it starts the site."""

    help = "Collect static files; on an empty site make an administrator and load demo photos."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take ``--no-demo``, and which half to do where an image is built of the other."""
        parser.add_argument("--no-demo", action="store_true", help="load no demo photos")
        half = parser.add_mutually_exclusive_group()
        half.add_argument("--only-static", action="store_true", help="ask no database")
        half.add_argument("--no-static", action="store_true", help="they were collected before")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what is still to do, and say it."""
        if not options["no_static"]:
            self._collect()
        if not options["only_static"]:
            self._people(demo=settings.CAPSITE_DEMO and not options["no_demo"])

    def _collect(self) -> None:
        # django_htmx ships copies of htmx that no page uses (ours is in static/vendor/), and
        # drf_spectacular_sidecar a second reader of API documents; DRF's own pages are off.
        unused = ["django_htmx", "rest_framework", "redoc", "swagger-ui-standalone-preset.js*"]
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=unused)

    def _people(self, *, demo: bool) -> None:
        people = get_user_model().objects
        if people.filter(is_superuser=True).exists():
            return
        # The administrator comes last: a first run that was cut short starts over, and the demo
        # content goes on where it stopped.
        if demo:
            self._demo()
        password = secrets.token_urlsafe(12)
        people.create_superuser(ADMINISTRATOR, "", password)
        self.stdout.write(f"Administrator: {ADMINISTRATOR}  password: {password}")
        self.stdout.write(
            "The password is shown this once. Change it at /account/password/change/."
        )

    def _demo(self) -> None:
        """Load the demo by its command, which knows more than the gallery."""
        try:
            call_command("demo", stdout=self.stdout)
        except CommandError as refusal:  # people are here already: they want their site
            self.stdout.write(str(refusal))
