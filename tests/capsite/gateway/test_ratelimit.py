"""Limits count what they should, across processes, and say when to come back."""

import threading
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from capsite.accounts.grant import Grant
from capsite.accounts.grants import person_grant
from capsite.common import notices
from capsite.gateway.ratelimit import RateLimited, rate_check

VISITOR = AnonymousUser()
ADDRESS = "203.0.113.9"


def member(pk: int) -> SimpleNamespace:
    """Return somebody who signed in, without a database."""
    groups = SimpleNamespace(filter=lambda **_: SimpleNamespace(exists=lambda: False))
    return SimpleNamespace(pk=pk, is_authenticated=True, is_superuser=False, groups=groups)


def token(name: str) -> Grant:
    return Grant(kind="token", scopes=frozenset(), id=f"token:{name}")


def asked(scope="read", *, person=VISITOR, grant=None, address=ADDRESS, times=1, cost=1):
    """Ask so many times; return how often it was allowed."""
    allowed = 0
    for _ in range(times):
        try:
            rate_check(
                grant=grant or person_grant(person),
                person=person,
                address=address,
                scope=scope,
                cost=cost,
            )
            allowed += 1
        except RateLimited:
            pass
    return allowed


def test_visitors_share_the_limit_of_their_address(rates):
    rates("read", visitor="3 per minute")
    assert asked(times=5) == 3
    assert asked(address="203.0.113.10", times=1) == 1


def test_scopes_are_counted_apart(rates):
    rates("read", visitor="1 per minute")
    assert asked("read", times=2) == 1
    assert asked("write", times=2) == 2


def test_a_token_has_its_own_limit_within_its_persons(rates):
    rates("read", token="3 per minute", member="5 per minute")
    person = member(1)
    assert asked(person=person, grant=token("a"), times=9) == 3
    assert asked(person=person, grant=token("b"), times=9) == 2  # the person's five are used up
    assert asked(person=member(2), grant=token("c"), times=9) == 3


def test_an_oauth_client_keeps_its_limit_with_a_new_token(rates):
    rates("read", token="2 per minute")
    person = member(1)
    grants = [Grant("oauth", frozenset(), f"oauth:{n}", client="robot") for n in range(3)]
    assert sum(asked(person=person, grant=grant, times=1) for grant in grants) == 2


def test_a_refusal_says_when_and_is_not_counted(rates):
    rates("write", visitor="100 per minute | 5 per day")
    assert asked("write", times=5) == 5
    with pytest.raises(RateLimited) as caught:
        asked_once("write")
    error = caught.value
    assert (error.code, error.status) == ("rate_limited", 429)
    assert error.data["retry_after"] > 3600
    minute, day = error.state.windows
    assert (minute.remaining, day.remaining) == (95, 0)
    assert error.state.tightest is day


def asked_once(scope, cost=1):
    return rate_check(
        grant=person_grant(VISITOR), person=VISITOR, address=ADDRESS, scope=scope, cost=cost
    )


def test_a_batch_costs_as_much_as_it_holds(rates):
    rates("upload", visitor="10 per minute")
    state = asked_once("upload", cost=8)
    assert state.windows[0].remaining == 2
    with pytest.raises(RateLimited):
        asked_once("upload", cost=3)
    assert asked_once("upload", cost=2).windows[0].remaining == 0


def test_more_than_the_limit_at_once_takes_all_of_it(rates):
    rates("upload", visitor="10 per minute")
    assert asked_once("upload", cost=50).windows[0].remaining == 0
    assert asked("upload") == 0


def test_the_factor_raises_every_limit(rates, settings):
    rates("read", visitor="2 per minute")
    settings.CAPSITE_RATE_FACTOR = 3
    assert asked(times=9) == 6


def test_threads_together_get_no_more_than_the_limit(rates):
    rates("read", visitor="20 per minute")
    barrier, allowed = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        allowed.append(asked(times=10))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == 20


def test_who_keeps_on_asking_is_reported_once(rates, monkeypatch):
    rates("read", visitor="1 per minute")
    heard: list[dict] = []
    monkeypatch.setattr(notices, "_subscribers", type(notices._subscribers)(list))
    notices.notice_subscribe("rate_limit.violated", lambda **data: heard.append(data))

    asked(times=10)
    assert heard == []
    asked(times=25)
    assert [(one["identity"], one["scope"]) for one in heard] == [(f"address:{ADDRESS}", "read")]


@pytest.mark.usefixtures("redis_away")
def test_without_redis_reads_and_uploads_go_on(rates):
    rates("read", visitor="1 per minute")
    assert asked("read", times=5) == 5
    assert asked("upload", times=5) == 5


@pytest.mark.usefixtures("redis_away")
def test_without_redis_sign_in_is_counted_here(rates):
    assert asked("sign_in", times=9) == 5
    assert asked("sign_in", address="203.0.113.10", times=9) == 5


@pytest.mark.usefixtures("redis_away")
def test_an_away_redis_is_asked_once_in_a_while(rates, monkeypatch):
    from capsite.gateway import store

    tried = []
    taken = store._taken
    monkeypatch.setattr(store, "_taken", lambda *given: tried.append(1) or taken(*given))
    asked("read", times=50)
    assert len(tried) == 1


def test_sign_in_counts_the_address_whoever_asks(rates):
    rates("sign_in", visitor="2 per minute")
    assert asked("sign_in", person=member(1)) == 1
    assert asked("sign_in", person=member(2)) == 1
    assert asked("sign_in", times=3) == 0


def test_a_server_that_was_started_again_gets_the_scripts_anew(rates, settings):
    from redis import Redis

    rates("read", visitor="3 per minute")
    assert asked(times=1) == 1
    Redis.from_url(settings.REDIS_URL).script_flush()
    assert asked(times=5) == 2
