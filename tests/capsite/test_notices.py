"""A notice reaches all who subscribed, and their trouble is not the caller's."""

import pytest
from django.db import OperationalError, transaction

from capsite.common import notices
from capsite.common.notices import notice, notice_subscribe


@pytest.fixture
def heard(monkeypatch) -> list[object]:
    monkeypatch.setattr(notices, "_subscribers", type(notices._subscribers)(list))
    return []


def test_each_subscriber_hears_once(heard):
    def listen(*, what: str) -> None:
        heard.append(what)

    notice_subscribe("kind", listen)
    notice_subscribe("kind", listen)
    notice("kind", what="something")
    notice("other", what="else")
    assert heard == ["something"]


def test_trouble_is_logged_and_the_others_hear(heard, caplog):
    def broken() -> None:
        raise ValueError

    notice_subscribe("kind", broken)
    notice_subscribe("kind", lambda: heard.append("well"))
    notice("kind")
    assert heard == ["well"]
    assert "The notice kind could not be passed on" in caplog.text


@pytest.mark.django_db
def test_a_lost_database_is_raised_where_a_transaction_is_lost_with_it(heard):
    def lost() -> None:
        raise OperationalError("away")

    notice_subscribe("kind", lost)
    with pytest.raises(OperationalError), transaction.atomic():
        notice("kind")


def test_a_lost_database_outside_a_transaction_is_logged(heard, caplog):
    def lost() -> None:
        raise OperationalError("away")

    notice_subscribe("kind", lost)
    notice("kind")
    assert "could not be passed on" in caplog.text
