"""A live site for the tests that need sockets or a browser."""

from collections.abc import Iterator

import pytest

from tests.graphql.live import live_site


@pytest.fixture(scope="session")
def running_site(django_db_setup) -> Iterator[str]:
    """One running site for all tests here."""
    with live_site() as address:
        yield address


@pytest.fixture
def live(running_site: str, transactional_db) -> str:
    """The address of a running site on an empty database."""
    return running_site
