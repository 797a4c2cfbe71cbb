"""Pauses between attempts."""

from capsite_client import Backoff
from capsite_client.wire import Answer
from hypothesis import given
from hypothesis import strategies as st


def test_pauses_double_up_to_the_cap():
    backoff = Backoff(attempts=9, base=0.5, cap=3, draw=lambda: 1.0)
    assert [backoff.pause(n) for n in range(1, 6)] == [0.5, 1, 2, 3, 3]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_pause_is_drawn_from_nothing_to_the_whole(failures, drawn):
    backoff = Backoff(attempts=10_001, base=0.25, cap=10, draw=lambda: drawn)
    assert 0 <= backoff.pause(failures) <= min(10, 0.25 * 2 ** min(failures - 1, 60))


def test_it_gives_up_after_its_attempts():
    assert Backoff(attempts=3).pause(2) is not None
    assert Backoff(attempts=3).pause(3) is None


def test_what_the_site_asks_for_is_kept_and_the_jitter_comes_on_top():
    backoff = Backoff(base=1, draw=lambda: 0.5)
    assert backoff.pause(1, 7.0) == 7.5


def test_it_gives_up_where_the_site_asks_for_too_much():
    assert Backoff(longest=60).pause(1, 3600) is None


def test_retry_after_is_read_as_seconds_as_a_date_and_from_the_body():
    assert Answer(503, {"retry-after": "12"}, b"").retry_after() == 12
    past = {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert Answer(503, past, b"").retry_after() == 0
    future = {"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}
    assert Answer(503, future, b"").retry_after() > 1e6
    assert Answer(429, {}, b'{"retry_after": 3}').retry_after() == 3
    assert Answer(429, {"retry-after": "soon"}, b"").retry_after() is None
