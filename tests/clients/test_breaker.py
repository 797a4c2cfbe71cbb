"""The circuit breaker, with a clock that only the test moves."""

import pytest
from capsite_client import CircuitOpen
from capsite_client.breaker import Breakers, CircuitBreaker, State


class FakeClock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def breaker(clock):
    return CircuitBreaker(threshold=3, reset_after=30, clock=clock)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.failed(breaker.enter())


def test_it_opens_after_failures_in_a_row(breaker):
    fail(breaker, 2)
    assert breaker.state is State.CLOSED
    fail(breaker, 1)
    assert breaker.state is State.OPEN
    with pytest.raises(CircuitOpen) as caught:
        breaker.enter()
    assert caught.value.retry_after == 30
    assert caught.value.code == "circuit_open"


def test_a_success_in_between_begins_the_count_anew(breaker):
    fail(breaker, 2)
    breaker.succeeded(breaker.enter())
    fail(breaker, 2)
    assert breaker.state is State.CLOSED


def test_one_attempt_may_try_after_the_rest(breaker, clock):
    fail(breaker, 3)
    clock.now += 29.9
    with pytest.raises(CircuitOpen):
        breaker.enter()
    clock.now += 0.1
    assert breaker.state is State.HALF_OPEN
    trial = breaker.enter()
    with pytest.raises(CircuitOpen):
        breaker.enter()
    breaker.succeeded(trial)
    assert breaker.state is State.CLOSED


def test_a_failed_trial_opens_it_for_as_long_again(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    breaker.failed(breaker.enter())
    clock.now += 29
    assert breaker.state is State.OPEN
    clock.now += 1
    assert breaker.state is State.HALF_OPEN


def test_a_cancelled_trial_lets_another_try(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    breaker.abandoned(breaker.enter())
    breaker.succeeded(breaker.enter())
    assert breaker.state is State.CLOSED


def test_late_answers_of_before_say_nothing(breaker, clock):
    late = [breaker.enter() for _ in range(2)]
    fail(breaker, 3)
    breaker.succeeded(late[0])
    assert breaker.state is State.OPEN
    clock.now += 30
    trial = breaker.enter()
    breaker.failed(late[1])
    breaker.succeeded(trial)
    assert breaker.state is State.CLOSED


def test_each_host_has_its_own(clock):
    breakers = Breakers(threshold=1, clock=clock)
    fail(breakers.of("https://one.example/api"), 1)
    assert breakers.of("https://ONE.example/other").state is State.OPEN
    assert breakers.of("https://two.example/").state is State.CLOSED
    assert breakers.of("https://one.example:8443/").state is State.CLOSED
