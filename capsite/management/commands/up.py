"""`manage.py up`: capsite on one machine, servers included, until Ctrl-C."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand

from capsite.settings import env
from capsite.supervisor.refusal import Refusal
from capsite.supervisor.site import Plan, run_site


class Command(BaseCommand):
    """Turns options and settings into a plan; capsite.supervisor does the rest."""

    help = "Runs the servers, the web, the worker and beat of capsite on this machine."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address (127.0.0.1)")
        parser.add_argument("--port", type=int, help="port (PORT, or 8000); 0 takes a free one")
        parser.add_argument("--web", type=int, metavar="N", help="web processes (1)")
        parser.add_argument("--no-worker", action="store_true", help="run no worker")
        parser.add_argument("--no-beat", action="store_true", help="run no beat")
        parser.add_argument("--no-demo", action="store_true", help="load no demo photos")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped; exit code 2 when something must be put right first."""
        try:
            run_site(self._plan(options))
        except ImproperlyConfigured as error:
            self._refuse(str(error), 2)
        except Refusal as refusal:
            self._refuse(str(refusal), refusal.code)

    def _plan(self, options: dict[str, Any]) -> Plan:
        port = options["port"]
        if port is None:
            port = env.integer("PORT", 8000, minimum=0, maximum=65535)
        webs = options["web"] or env.integer("CAPSITE_WEB_PROCESSES", 1, minimum=1, maximum=64)
        return Plan(
            base=env.BASE_DIR,
            var=env.VAR_DIR,
            host=options["host"],
            port=port,
            database_url=env.text("DATABASE_URL"),
            redis_url=env.text("REDIS_URL"),
            webs=webs,
            worker=not options["no_worker"],
            beat=not options["no_beat"],
            demo=not options["no_demo"],
        )

    def _refuse(self, sentence: str, code: int) -> None:
        self.stderr.write(sentence)
        sys.exit(code)
