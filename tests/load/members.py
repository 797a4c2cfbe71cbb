"""Members with tokens on a running site, for whatever puts load on it."""

import os
import subprocess
import sys

from tests.flows.site import ROOT, Site

SERVERS = {"DATABASE_URL", "REDIS_URL"}  # a suite's around us are not the site's


def tokens_of(site: Site, count: int) -> list[str]:
    """Make the members load-0, load-1, ... where there are none; return a new token of each."""
    return as_site(site, "-m", "tests.load.tokens", str(count)).strip().split(",")


def as_site(site: Site, *arguments: str) -> str:
    """Run Python with the settings of the site and return what it printed."""
    kept = {name: text for name, text in os.environ.items() if name not in SERVERS}
    ours = {"CAPSITE_VAR": str(site.var), "DJANGO_SETTINGS_MODULE": "capsite.settings.dev"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=kept | ours,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
