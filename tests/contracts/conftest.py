"""What the tests of who may do what share."""

import pytest

from tests.contracts.who_may_world import World, both_worlds

ROLES = ("visitor", "token", "member", "moderator", "administrator")


@pytest.fixture
def unlimited(settings) -> None:
    """Let everybody ask as often as the table does."""
    rates = dict.fromkeys(ROLES, "1000000 per minute")
    settings.CAPSITE_RATES = dict.fromkeys(settings.CAPSITE_RATES, rates)


@pytest.fixture
def worlds(db) -> list[World]:
    """The owner's private rows, and the public ones."""
    return both_worlds()
