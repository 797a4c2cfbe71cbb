"""What is left of a sliding window, and how long until there is enough."""

from hypothesis import given
from hypothesis import strategies as st

from capsite.gateway.windows import Limit, Window

LIMIT = Limit("read-member-120", "read/person:1", 2000, 120)


def later(window: Window, seconds: float) -> Window:
    """Return the window as it stands when nothing more is counted for so long."""
    length = window.limit.seconds
    current_ttl, previous_ttl = window.current_ttl - seconds, window.previous_ttl - seconds
    previous, current = window.previous if previous_ttl > 0 else 0, window.current
    if 0 < current_ttl < length:
        previous, previous_ttl, current, current_ttl = current, current_ttl, 0, current_ttl + length
    if current_ttl <= 0:
        previous = current = 0
    return Window(window.limit, previous, max(0, previous_ttl), current, max(0, current_ttl))


def test_an_unused_limit_is_whole():
    window = Window(LIMIT)
    assert (window.remaining, window.reset, window.wait(1)) == (2000, 0, 0)


def test_a_burst_may_use_all_of_it_and_then_waits():
    window = Window(LIMIT).taken(2000)
    assert window.remaining == 0
    assert window.wait(1) == 121  # the window has to end, and a request to fade out
    assert later(window, window.wait(1)).remaining >= 1


def test_half_a_window_later_half_of_the_last_one_counts():
    window = Window(LIMIT, previous=2000, previous_ttl=60.0)
    assert window.remaining == 1000
    assert 60 <= window.wait(2000) <= 61


@given(
    previous=st.integers(0, 3000),
    current=st.integers(0, 3000),
    into=st.floats(0, 119.9),
    cost=st.integers(1, 2000),
)
def test_the_wait_is_long_enough(previous, current, into, cost):
    window = Window(
        LIMIT,
        previous,
        120 - into if previous else 0.0,
        min(current, 2000),
        240 - into if current else 0.0,
    )
    waited = later(window, window.wait(cost))
    assert waited.remaining >= cost
    assert window.wait(cost) <= 241
