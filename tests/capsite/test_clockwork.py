"""Beat goes on when the clock is set back."""

from datetime import timedelta
from pathlib import Path

import pytest

from capsite.celery import app
from capsite.common.clockwork import Clockwork


@pytest.fixture
def scheduler(tmp_path: Path):
    """Beat's schedule, with a file of its own."""
    made = Clockwork(app=app, schedule_filename=str(tmp_path / "schedule"))
    yield made
    made.close()


def test_beat_is_the_one_that_is_used():
    assert app.conf.beat_scheduler == "capsite.common.clockwork:Clockwork"


def test_a_clock_that_goes_back_stops_nothing(scheduler: Clockwork, caplog):
    assert 0 < scheduler.tick() <= 5
    entry = scheduler.schedule["wake"]
    entry.last_run_at += timedelta(hours=1)
    scheduler._heap = None
    assert 0 < scheduler.tick() <= 5
    assert entry.last_run_at <= entry.default_now()
    assert "counting anew for wake" in caplog.text
    caplog.clear()
    scheduler.tick()
    assert not caplog.text


def test_what_a_file_says_of_the_future_is_forgotten(tmp_path: Path):
    before = Clockwork(app=app, schedule_filename=str(tmp_path / "schedule"))
    before.schedule["deliver"].last_run_at += timedelta(hours=1)
    before.close()
    after = Clockwork(app=app, schedule_filename=str(tmp_path / "schedule"))
    assert after.schedule["deliver"].last_run_at > after.schedule["deliver"].default_now()
    assert after.tick() <= 5
    assert after.schedule["deliver"].last_run_at <= after.schedule["deliver"].default_now()
    after.close()
