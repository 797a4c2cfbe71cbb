"""The dashboard's figures by GraphQL: what REST tells, to whom REST tells it."""

import pytest
from django.utils import timezone

from annotations.statistics.access import Of
from annotations.statistics.refresh import figures_refresh
from annotations.statistics.span import Days
from tests.factories import (
    AnnotationFactory,
    CaptionFactory,
    ModelFactory,
    UserFactory,
    VoteFactory,
)
from tests.graphql.asking import Asker

pytestmark = pytest.mark.django_db

EVERYTHING = """
  of since until unit refreshedAt calibrationGap
  captions { step language strategy captions }
  votes { step up down }
  edits { step kind edits }
  confidence { confidenceFrom confidenceTo meanConfidence up down }
  versions { model captions meanConfidence up down }
"""
ASK = f"""query S($of: StatisticsOf, $days: StatisticsDays) {{
  statistics(of: $of, days: $days) {{ {EVERYTHING} }} }}"""


def written(count: int) -> None:
    """Write figures of every kind, a part of them by people and on private photos."""
    for number in range(count):
        caption = CaptionFactory(
            model=ModelFactory(revision=f"{number}"), confidence=0.3 + number % 7 / 10
        )
        VoteFactory(caption=caption, value=1 - 2 * (number % 2))
        CaptionFactory(
            origin="person", author=UserFactory(), model=None, confidence=None, strategy=""
        )
        CaptionFactory(image__visibility="private")
        AnnotationFactory()
    figures_refresh()


def spelt(told: dict) -> dict:
    """Return what REST told as GraphQL spells it."""

    def key(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(part.capitalize() for part in rest)

    def value(name: str, found):
        if isinstance(found, list):
            return [spelt(one) for one in found]
        if name in ("of", "unit", "kind", "strategy"):
            return found.upper() or None
        return found.replace("Z", "+00:00") if name == "refreshed_at" else found

    return {key(name): value(name, found) for name, found in told.items()}


@pytest.mark.parametrize("days", list(Days))
def test_it_tells_what_rest_tells(days):
    written(3)
    admin = Asker(UserFactory(is_superuser=True, is_staff=True))
    for of in Of:
        told = admin.client.get(f"/api/v2/statistics?of={of}&days={days}").json()
        found = admin.ask(ASK, of=of.name, days=days.name)["statistics"]
        assert found == spelt(told)
    assert sum(row["captions"] for row in found["captions"]) == 9
    assert {row["strategy"] for row in found["captions"]} == {"BEAM", None}
    assert found["confidence"][0]["confidenceFrom"] == 0.3


def test_unless_asked_otherwise_it_tells_a_visitor_of_what_is_public_this_month():
    written(1)
    found = Asker().ask(f"{{ statistics {{ {EVERYTHING} }} }}")["statistics"]
    assert Asker().ask(ASK, of=None, days=None)["statistics"] == found
    assert found == spelt(Asker().client.get("/api/v2/statistics").json())
    assert (found["of"], len(found["votes"])) == ("PUBLIC", 1)
    assert sum(row["captions"] for row in found["captions"]) == 2


def test_who_is_refused_which_figures():
    mine, everything = ({"of": of, "days": "WEEK"} for of in ("MINE", "ALL"))
    for of in (mine, everything):
        assert Asker().refused(ASK, **of)["code"] == "sign_in_required"
    member = Asker(UserFactory())
    assert member.ask(ASK, **mine)["statistics"]["of"] == "MINE"
    assert member.refused(ASK, **everything)["code"] == "forbidden"
    # What is refused takes nothing else of the answer away.
    both = member.post("{ all: statistics(of: ALL) { unit } statistics { unit } }").json()
    assert both["data"] == {"all": None, "statistics": {"unit": "DAY"}}
    assert [error["path"] for error in both["errors"]] == [["all"]]


@pytest.mark.parametrize("count", [1, 12])
def test_eight_queries_however_often_it_is_asked_for(count, django_assert_num_queries):
    written(count)
    asker = Asker()
    with django_assert_num_queries(8):
        asker.ask(ASK, of="PUBLIC", days="ALL")
    twice = f"a: statistics {{ {EVERYTHING} }} b: statistics(of: PUBLIC) {{ {EVERYTHING} }}"
    with django_assert_num_queries(8):
        found = asker.ask(f"{{ {twice} }}")
    assert found["a"] == found["b"]
    assert found["a"]["until"] == timezone.now().date().isoformat()
