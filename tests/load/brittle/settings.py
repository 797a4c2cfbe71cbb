"""The development settings with the brittle app: for `python -m tests.load.faults` alone."""

from capsite.settings.dev import *  # noqa: F403
from capsite.settings.dev import INSTALLED_APPS, VAR_DIR

INSTALLED_APPS = [*INSTALLED_APPS, "tests.load.brittle.apps.Brittle"]
# While this file is there, the captioner of every worker finds no memory.
BRITTLE_STARVED = VAR_DIR / "run" / "starved"
