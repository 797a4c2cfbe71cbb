"""One running site for all flow tests, and a browser for those that look at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.browser import chromium
from tests.flows.site import Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Site]:
    """A site with the tiny model, started once."""
    running = Site(tmp_path_factory.mktemp("site"), tiny_model).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def browser():
    """A real Chromium."""
    with chromium() as running:
        yield running
