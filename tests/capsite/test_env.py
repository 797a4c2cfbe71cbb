"""A bad setting is one clear sentence that names the variable and what is allowed."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from capsite.common.redisaddress import redis_address
from capsite.settings import env
from capsite.settings.parts.auth import secret_key_from
from capsite.settings.parts.celery import _broker_url


@pytest.mark.parametrize(
    ("value", "read", "sentence"),
    [
        ("ten", lambda: env.integer("X", 1, minimum=1, maximum=9), "whole number from 1 to 9"),
        ("10", lambda: env.integer("X", 1, minimum=1, maximum=9), "whole number from 1 to 9"),
        ("maybe", lambda: env.boolean("X", True), "one of: true, false"),
        ("loud", lambda: env.choice("X", "a", ("a", "b")), "one of: a, b"),
        ("mysql://h/d", lambda: env.database("X", ""), "must be a PostgreSQL URL"),
        ("http://h", lambda: env.redis("X", ""), "must be a Redis URL"),
        ("", lambda: env.required("X", "It signs sessions."), "X is not set. It signs sessions."),
    ],
)
def test_bad_values_are_refused_by_name(monkeypatch, value, read, sentence):
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured) as caught:
        read()
    assert "X" in str(caught.value)
    assert sentence in str(caught.value)


def test_good_values(monkeypatch):
    monkeypatch.setenv("X", " 7 ")
    assert env.integer("X", 1, minimum=1, maximum=9) == 7
    monkeypatch.setenv("X", "Yes")
    assert env.boolean("X", False) is True
    monkeypatch.setenv("X", "a, b,,")
    assert env.names("X") == ["a", "b"]
    monkeypatch.setenv("X", "postgres://me:secret@db:5433/site")
    database = env.database("X", "")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db", 5433, "site")


def test_a_value_that_starts_with_a_dollar_is_no_reference(monkeypatch):
    monkeypatch.setenv("X", "$HOME")
    assert env.text("X") == env.required("X", "") == "$HOME"
    monkeypatch.setenv("X", "$(-p^w")
    assert env.text("X") == "$(-p^w"


def test_an_empty_address_counts_as_unset(monkeypatch):
    monkeypatch.setenv("X", "")
    assert env.redis("X", "redis://cache/0") == "redis://cache/0"
    assert env.database("X", "postgres://db/site")["HOST"] == "db"


@given(st.integers(-100, 100))
def test_integers_are_what_they_say(number):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("X", str(number))
        if 0 <= number <= 50:
            assert env.integer("X", 1, minimum=0, maximum=50) == number
        else:
            with pytest.raises(ImproperlyConfigured):
                env.integer("X", 1, minimum=0, maximum=50)


def test_the_development_secret_is_made_once_and_private(tmp_path):
    first = secret_key_from(tmp_path / "var")
    assert secret_key_from(tmp_path / "var") == first
    assert len(first) >= 50
    assert (tmp_path / "var" / "secret-key").stat().st_mode & 0o077 == 0


def test_an_empty_secret_file_left_by_a_crash_is_filled(tmp_path):
    (tmp_path / "secret-key").touch()
    (tmp_path / "secret-key.part").write_text("half a key of a start that was cut off" * 2)
    key = secret_key_from(tmp_path)
    assert len(key) == 50
    assert (tmp_path / "secret-key").read_text() == key == secret_key_from(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_processes_that_start_at_once_share_one_secret(tmp_path):
    (tmp_path / "secret-key").touch()
    together = Barrier(8)

    def start(_: int) -> str:
        together.wait()
        return secret_key_from(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(8)))) == 1


def test_where_nothing_can_be_written_a_passing_key_serves(tmp_path):
    (tmp_path / "file").touch()
    assert len(secret_key_from(tmp_path / "file" / "var")) == 50


def test_the_broker_url_follows_the_redis_url():
    assert _broker_url(redis_address("redis://h:6379/1")) == "redis://h:6379/1"
    socket = redis_address("unix:///run/v.sock?db=2")
    assert _broker_url(socket) == "redis+socket:///run/v.sock?virtual_host=2"
    watched = redis_address("sentinel://:p%40ss@one,two:5000/mymaster/3")
    assert _broker_url(watched) == "sentinel://:p%40ss@one:26379/3;sentinel://:p%40ss@two:5000/3"
