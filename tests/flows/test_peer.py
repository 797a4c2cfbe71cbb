"""The comparison with peers counts right: turns, medians, ratios, and photos nobody knows."""

import itertools
import math
import os

import pytest
import requests

from tests.load.peer import line
from tests.load.peers.photos import photos_of
from tests.load.peers.turns import Turn, middle, percentile, take_turn


def turn(rate: float, failed: int = 0) -> Turn:
    return Turn(rate, 1000 / rate, 2000 / rate, failed, {"web": 30.0, "worker": rate})


@pytest.mark.parametrize(("share", "found"), [(0.5, 10), (0.95, 19), (1.0, 20), (0.0, 1)])
def test_percentiles_are_figures_that_were_measured(share: float, found: float):
    assert percentile(range(1, 21), share) == found
    assert math.isnan(percentile([], share))


def test_the_middle_of_rounds_forgives_one_bad_round_but_no_failure():
    found = middle([turn(10), turn(1, failed=2), turn(12)])
    assert (found.rate, found.failed) == (10, 2)
    assert found.cpu == {"web": 30.0, "worker": 10}


def test_the_ratio_is_ours_over_theirs_and_a_dead_peer_has_none():
    assert (
        line("new", 8, turn(10), turn(4, failed=1))
        == "| new | 8 | 10.0 | 4.0 | 2.50 | 100 / 200 | 250 / 500 | 40 / 34 | 0 / 1 |"
    )
    dead = Turn(0.0, math.nan, math.nan, 3, {})
    assert "| 0.0 | - |" in line("new", 8, turn(10), dead)


def test_a_turn_does_everything_once_and_counts_what_failed(capsys):
    done: list[int] = []

    def ask(number: int, _session: requests.Session) -> None:
        if number == 3:
            raise ValueError("no answer")
        done.append(number)

    asks = [lambda session, number=number: ask(number, session) for number in range(8)]
    found = take_turn(asks, 4, lambda: {"us": os.getpid()})
    assert sorted(done) == [0, 1, 2, 4, 5, 6, 7]
    assert found.failed == 1
    assert 0 <= found.p50 <= found.p95
    assert "no answer" in capsys.readouterr().out


def test_no_photo_is_sent_twice():
    photos = list(itertools.islice(photos_of(None), 24))  # each of the demo's twice
    assert len(set(photos)) == 24
    assert all(photo.startswith(b"\xff\xd8") for photo in photos)
