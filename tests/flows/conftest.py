"""One running site for all flow tests, and a browser for those that look at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.browser import chromium
from tests.flows.site import Site, short_folder


@pytest.fixture(scope="session")
def site(tiny_model: Path) -> Iterator[Site]:
    """A site with the tiny model, started once."""
    with short_folder() as var:
        running = Site(var, tiny_model).start()
        yield running
        assert running.stop() == 0


# While Playwright runs, its event loop does, in the thread of the tests: async ones must wait.
@pytest.fixture(scope="module")  # other files start one of their own, and two at once cannot be
def browser():
    """A real Chromium."""
    with chromium() as running:
        yield running


@pytest.fixture
def lone_browser(monkeypatch):
    """A browser beside Django's tables in this process, gone before another test asks them.

    Playwright runs an event loop in this thread, beside which Django would refuse its tables.
    """
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with chromium() as running:
        yield running
