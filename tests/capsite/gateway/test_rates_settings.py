"""CAPSITE_RATES replaces single limits, and says what is wrong with what it cannot read."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from limits import parse_many

from capsite.accounts.scopes import Role
from capsite.settings.parts import gateway


@pytest.fixture(autouse=True)
def _own_rates(monkeypatch):
    copy = {scope: dict(rates) for scope, rates in gateway.CAPSITE_RATES.items()}
    monkeypatch.setattr(gateway, "CAPSITE_RATES", copy)


def test_one_limit_is_replaced():
    before = dict(gateway.CAPSITE_RATES["upload"])
    gateway._override("upload.visitor:60 per 2 minutes | 200 per day")
    changed = gateway.CAPSITE_RATES["upload"]
    assert changed["visitor"] == "60 per 2 minutes | 200 per day"
    assert changed["member"] == before["member"]


@pytest.mark.parametrize("entry", ["upload.robot:1 per day", "fly.visitor:1 per day", "nonsense"])
def test_an_unknown_limit_is_refused(entry):
    with pytest.raises(ImproperlyConfigured, match=r"It must be one of: read\.visitor"):
        gateway._override(entry)


@pytest.mark.parametrize("entry", ["upload.visitor:many", "upload.visitor:"])
def test_a_limit_that_cannot_be_read_is_refused(entry):
    with pytest.raises(ImproperlyConfigured, match="2000 per 2 minutes"):
        gateway._override(entry)


def test_every_scope_has_a_limit_for_everybody():
    for scope, rates in gateway.CAPSITE_RATES.items():
        assert scope == "sign_in" or rates.keys() == {*Role, "token"}
        assert all(parse_many(limits) for limits in rates.values())
