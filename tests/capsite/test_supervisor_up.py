"""`manage.py up` turns options and variables into a plan, and a refusal into an exit code."""

import io

import pytest
from django.core.management import call_command

from capsite.management.commands import up
from capsite.supervisor.console import Console
from capsite.supervisor.loop import Supervisor
from capsite.supervisor.reach import await_database
from capsite.supervisor.refusal import Refusal
from capsite.supervisor.status import StatusFile


@pytest.fixture
def plans(monkeypatch):
    """The plans that would have been run."""
    seen: list = []
    monkeypatch.setattr(up, "run_site", seen.append)
    for name in ("PORT", "DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    return seen


def test_without_options_everything_runs_on_port_8000_with_embedded_servers(plans):
    call_command("up")
    plan = plans[0]
    assert (plan.host, plan.port) == ("127.0.0.1", 8000)
    assert (plan.database_url, plan.redis_url) == ("", "")
    assert plan.worker
    assert plan.beat
    assert plan.demo


def test_the_option_wins_over_the_variable(plans, monkeypatch):
    monkeypatch.setenv("PORT", "8001")
    monkeypatch.setenv("REDIS_URL", "redis://cache/0")
    call_command("up")
    call_command("up", "--port", "8002", "--no-worker", "--no-beat", "--no-demo")
    assert [plan.port for plan in plans] == [8001, 8002]
    assert plans[0].redis_url == "redis://cache/0"
    assert (plans[1].worker, plans[1].beat, plans[1].demo) == (False, False, False)


def test_a_bad_port_is_one_sentence_and_code_2(plans, monkeypatch, capsys):
    monkeypatch.setenv("PORT", "eight thousand")
    with pytest.raises(SystemExit) as stopped:
        call_command("up")
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("code", [1, 2])
def test_a_refusal_gives_its_sentence_and_code(monkeypatch, capsys, code):
    def refuse(plan):
        raise Refusal("Not today.", code)

    monkeypatch.setattr(up, "run_site", refuse)
    with pytest.raises(SystemExit) as stopped:
        call_command("up", "--port", "0")
    assert stopped.value.code == code
    assert capsys.readouterr().err == "Not today.\n"


def test_a_database_that_does_not_answer_is_named_with_the_way_out(tmp_path):
    console = Console(io.BytesIO(), colour=False)
    supervisor = Supervisor(console, StatusFile(tmp_path / "status.json"))
    with pytest.raises(Refusal, match=r"that DATABASE_URL names does not answer: .*refused"):
        await_database("postgres://nobody@127.0.0.1:1/nothing", supervisor, console, patience=0.2)
