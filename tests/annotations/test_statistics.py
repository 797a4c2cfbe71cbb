"""The dashboard: what its views count, who sees which figures, how they are counted again."""

import random
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from annotations.models import Revision
from annotations.statistics import refresh
from annotations.statistics.access import Of
from annotations.statistics.charts import Series, labels, stacked
from annotations.statistics.dashboard import By, captions_chart
from annotations.statistics.models import LastRefresh
from annotations.statistics.refresh import figures_refresh
from annotations.statistics.selectors import figures_of
from annotations.statistics.span import Days, span_of
from annotations.statistics.tasks import refresh as refresh_task
from captions.models import Caption, Vote
from tests.factories import (
    AnnotationFactory,
    CaptionFactory,
    ImageFactory,
    ModelFactory,
    UserFactory,
    VoteFactory,
)
from tests.races import at_once

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
db = pytest.mark.django_db


@contextmanager
def at(monkeypatch, moment: datetime):
    """Let rows be written at another moment."""
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: moment)
        yield


@pytest.fixture
def people():
    """Members, and an administrator."""
    admin = UserFactory(username="admin", is_superuser=True, is_staff=True)
    return {"ada": UserFactory(username="ada"), "bob": UserFactory(username="bob"), "admin": admin}


@pytest.fixture
def world(people, monkeypatch):
    """Sixty days of photos of every kind, with captions, votes and edits, and their figures."""
    dice = random.Random(5)
    owners = [people["ada"], people["bob"], None]
    models = [ModelFactory(revision="a" * 12), ModelFactory(revision="b" * 12)]
    for number in range(24):
        day = NOW - timedelta(days=dice.choice([0, 1, 6, 7, 29, 30, 60]), hours=dice.randint(0, 23))
        with at(monkeypatch, day):
            visibility = dice.choice(["public", "unlisted", "private"])
            image = ImageFactory(owner=owners[number % 3], visibility=visibility)
            for _caption in range(3):
                caption = CaptionFactory(
                    image=image,
                    model=dice.choice(models),
                    language=dice.choice(["en", "tr"]),
                    strategy=dice.choice(["beam", "nucleus", "greedy"]),
                    confidence=dice.choice([0, 0.3, 0.55, 0.7, 1]),
                    hidden_at=dice.choice([None, None, NOW]),
                )
                for voter in dice.sample([*people.values()], dice.randint(0, 3)):
                    VoteFactory(caption=caption, voter=voter, value=dice.choice([1, -1]))
            AnnotationFactory(image=image, author=dice.choice([*people.values()]))
    assert figures_refresh()
    return people


def expected(of: Of, person, since: date) -> dict:
    """Return the same figures, counted one by one."""

    def shown(caption: Caption) -> bool:
        image = caption.image
        mine = image.owner_id == person.pk and not caption.hidden_at
        public = image.visibility == "public" and not caption.hidden_at
        return {Of.ALL: True, Of.PUBLIC: public, Of.MINE: mine}[of]

    def counts(revision: Revision) -> bool:
        public = revision.annotation.image.visibility == "public"
        mine = revision.author_id == person.pk
        return {Of.ALL: True, Of.PUBLIC: public, Of.MINE: mine}[of]

    captions = [one for one in Caption.everything.all() if shown(one)]
    captions = [one for one in captions if one.created_at.date() >= since]
    votes = [vote for vote in Vote.objects.all() if vote.created_at.date() >= since]
    votes = [vote for vote in votes if shown(Caption.everything.get(pk=vote.caption_id))]
    edits = [one for one in Revision.objects.all() if counts(one)]
    tenths: dict[int, list[int]] = {}
    for vote in votes:
        confidence = Caption.everything.get(pk=vote.caption_id).confidence
        tenths.setdefault(min(int(confidence * 10), 9), []).append(vote.value)
    return {
        "captions": len(captions),
        "turkish": sum(one.language == "tr" for one in captions),
        "up": sum(vote.value == 1 for vote in votes),
        "down": sum(vote.value == -1 for vote in votes),
        "edits": len([one for one in edits if one.created_at.date() >= since]),
        "tenths": {key: (v.count(1), v.count(-1)) for key, v in sorted(tenths.items())},
        "versions": {
            str(model): sum(one.model == model for one in captions)
            for model in {one.model for one in captions}
        },
    }


@db
@pytest.mark.parametrize(
    ("of", "name"),
    [(Of.PUBLIC, "bob"), (Of.MINE, "ada"), (Of.MINE, "bob"), (Of.ALL, "admin")],
)
def test_figures_are_what_one_counts_by_hand(world, of, name):
    for days, back in zip(Days, (6, 29, 89, 400), strict=True):
        figures = figures_of(world[name], of=of, days=days, now=NOW)
        told = {
            "captions": figures.caption_count,
            "turkish": sum(row["captions"] for row in figures.captions if row["language"] == "tr"),
            "up": figures.all_votes.up,
            "down": figures.all_votes.down,
            "edits": figures.edit_count,
            "tenths": {key: (v.up, v.down) for key, v in sorted(figures.tenths.items())},
            "versions": {one.model: one.captions for one in figures.versions if one.captions},
        }
        assert told == expected(of, world[name], NOW.date() - timedelta(days=back)), days
        chart = captions_chart(figures, By.STRATEGY)
        assert sum(sum(series.values) for series in chart.legend) == figures.caption_count
    assert figures.caption_count


@db
def test_who_sees_which_figures(client, world):
    asked = {of: f"/api/v2/statistics?of={of}&days=all" for of in Of.values}
    allowed = {"": "public", "ada": "mine public", "admin": "mine public all"}
    for name, open_to in allowed.items():
        if name:
            client.force_login(world[name])
        for of, address in asked.items():
            answer = client.get(address)
            page = client.get("/dashboard/", {"of": of})
            if of in open_to.split():
                assert (answer.status_code, page.status_code) == (200, 200)
                assert answer.json()["of"] == page.context["figures"].of == of
            else:
                code = "forbidden" if name else "sign_in_required"
                assert (answer.json()["code"], page.status_code) == (code, 403)
        assert (
            client.get("/dashboard/").context["figures"].of
            == ({"": "public", "ada": "mine", "admin": "all"}[name])
        )


@db
def test_what_becomes_private_or_hidden_is_gone_with_the_next_count(client, monkeypatch):
    model = ModelFactory(name="<b>&", revision="x")
    with at(monkeypatch, NOW):
        first, second = CaptionFactory(model=model), CaptionFactory()
        CaptionFactory(image__visibility="unlisted")
        VoteFactory(caption=first)
    figures_refresh()
    page = client.get("/dashboard/", {"days": "all"})
    assert page.context["figures"].caption_count == 2
    assert "&lt;b&gt;&amp; x" in page.content.decode()
    Caption.everything.filter(pk=first.pk).update(hidden_at=NOW)
    second.image.visibility = "private"
    second.image.save()
    figures_refresh()
    page = client.get("/dashboard/", {"days": "all"})
    assert page.context["figures"].first is None
    assert "Nothing to count yet" in page.content.decode()
    assert "&lt;b&gt;" not in page.content.decode()


@db
@pytest.mark.parametrize("count", [1, 70])
def test_eight_queries_whatever_there_is(client, count, monkeypatch, django_assert_num_queries):
    for number in range(count):
        with at(monkeypatch, timezone.now() - timedelta(days=number)):
            model = ModelFactory(revision=f"{number}")
            VoteFactory(caption=CaptionFactory(model=model), value=1 - 2 * (number % 2))
            AnnotationFactory()
    figures_refresh()
    with django_assert_num_queries(8):
        assert client.get("/dashboard/?days=all&by=strategy").status_code == 200
    with django_assert_num_queries(8):
        assert client.get("/api/v2/statistics?days=all").status_code == 200


@db
def test_the_range_stands_in_the_address(client):
    CaptionFactory()
    figures_refresh()
    page = client.get("/dashboard/?days=7&by=strategy").content.decode()
    assert 'href="/dashboard/?of=public&amp;days=90&amp;by=strategy"' in page
    assert 'href="/dashboard/?of=public&amp;days=7&amp;by=language"' in page
    assert page.count('aria-current="page"') == 2
    assert "Beam search" in page
    for wrong in ("days=8", "of=me", "by=day"):
        assert client.get(f"/dashboard/?{wrong}").status_code == 400
        assert client.get("/api/v2/statistics?days=8").json()["field"] == "days"


@db
def test_the_page_says_when_figures_were_counted(client):
    figures_refresh()
    moment = LastRefresh.objects.get().refreshed_at
    page = client.get("/dashboard/").content.decode()
    assert f"Counted {moment:%-d %B %Y, %H:%M} UTC, and again every 5 minutes." in page
    told = client.get("/api/v2/statistics").json()["refreshed_at"]
    assert datetime.fromisoformat(told) == moment


@db
def test_rest_tells_the_same(client, world):
    client.force_login(world["admin"])
    told = client.get("/api/v2/statistics?of=all&days=all").json()
    figures = figures_of(world["admin"], of=Of.ALL, days=Days.ALL)
    assert sum(row["captions"] for row in told["captions"]) == figures.caption_count == 72
    assert sum(row["up"] + row["down"] for row in told["confidence"]) == figures.all_votes.count
    assert (told["since"], told["unit"]) == ("2026-01-30", figures.span.unit.value)
    assert told["confidence"][-1]["mean_confidence"] == 1
    assert {row["kind"] for row in told["edits"]} == {"written"}
    assert len(told["versions"]) == 2
    assert 0 < told["calibration_gap"] < 1


@db
def test_a_member_sees_how_much_of_each_limit_is_used(client, settings, monkeypatch):
    settings.CAPSITE_RATE_FACTOR = 1
    client.force_login(UserFactory())
    for _time in range(3):
        rows = client.get("/api/v2/me/limits").json()["results"]
    reading = next(row for row in rows if row["scope"] == "read")
    assert reading == {
        "scope": "read",
        "name": "read-member-120",
        "quota": 4000,
        "seconds": 120,
        "used": 3,
        "reset": reading["reset"],
    }
    assert {row["seconds"] for row in rows if row["scope"] == "upload"} == {120, 86_400}
    page = client.get("/dashboard/").content.decode()
    assert "3 of 4,000 in 2 minutes" in page
    assert "0 of 10,000 in 1 day" in page
    settings.REDIS_URL = "unix:///nowhere/none.sock?db=0"
    assert "Limits cannot be read at the moment" in client.get("/dashboard/").content.decode()
    assert client.get("/api/v2/me/limits").json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_counting_at_once_counts_once_and_right(client):
    CaptionFactory()
    before = LastRefresh.objects.get().refreshed_at
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [refresh.LOCK])
        assert at_once([figures_refresh] * 2) == [False, False]
    assert LastRefresh.objects.get().refreshed_at == before
    assert True in at_once([refresh_task] * 6)
    assert refresh_task() is True
    assert refresh_task() is True
    assert client.get("/dashboard/").context["figures"].caption_count == 1
    Caption.everything.all().delete()
    assert refresh_task() is True  # what it leaves is no other test's
    connections.close_all()


def test_bars_fill_their_plot():
    plot = stacked(
        [Series("a", "one", [3, 0]), Series("b", "two", [4, 0])],
        [Series("c", "down", [5, 1])],
        ["x", "y"],
    )
    assert [tick.label for tick in plot.up] == ["6", "4", "2", "0", "2", "4", "6", "8"]
    first, second, third = plot.columns[0].bars
    assert (second.y, second.height) == ("7.14%", "28.57%")
    assert (first.y, first.height) == ("35.71%", "21.43%")
    assert (third.y, plot.zero) == ("57.14%", "57.14%")
    assert [bar.fill for bar in plot.columns[1].bars] == ["down"]
    assert stacked([Series("a", "one", [0])], [], ["x"]).columns == []
    assert stacked([], [], []).columns == []


def test_labels_are_few_and_name_the_last():
    assert [tick.label for tick in labels([str(day) for day in range(30)])] == [
        *("5", "11", "17", "23", "29")
    ]
    assert [tick.at for tick in labels(["a", "b"])] == ["25.00%", "75.00%"]
    assert labels([]) == []


@pytest.mark.parametrize(
    ("days", "first", "unit", "steps"),
    [
        (Days.WEEK, None, "day", 7),
        (Days.QUARTER, date(2020, 1, 1), "day", 90),
        (Days.ALL, None, "day", 1),
        (Days.ALL, date(2026, 1, 1), "day", 90),
        (Days.ALL, date(2025, 12, 1), "week", 18),
        (Days.ALL, date(2020, 2, 29), "month", 74),
        (Days.ALL, date(2027, 1, 1), "day", 1),  # a clock that went back
    ],
)
def test_steps_grow_with_the_range(days, first, unit, steps):
    span = span_of(days, today=NOW.date(), first=first)
    assert span.unit == unit
    found = list(span.steps())
    assert (len(found), found[0] <= span.since, found[-1] <= span.until) == (steps, True, True)
