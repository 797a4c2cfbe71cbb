"""A live site for the tests that need sockets or a browser."""

from collections.abc import Iterator

import pytest

from tests.graphql.live import live_site


@pytest.fixture
def live(transactional_db) -> Iterator[str]:
    """The address of a running site."""
    with live_site() as address:
        yield address
