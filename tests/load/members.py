"""Members with tokens on a running site, for whatever puts load on it."""

import os
import subprocess
import sys

from tests.flows.site import ROOT, Site


def tokens_of(site: Site, count: int) -> list[str]:
    """Make the members load-0, load-1, ... where there are none; return a new token of each."""
    return as_site(site, "-m", "tests.load.tokens", str(count)).strip().split(",")


def as_site(site: Site, *arguments: str) -> str:
    """Run Python with the settings of the site and return what it printed."""
    environment = {"CAPSITE_VAR": str(site.var), "DJANGO_SETTINGS_MODULE": "capsite.settings.dev"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
