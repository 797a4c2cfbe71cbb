"""The nightly Parquet files: every row of a day once, nobody's name, nothing half written."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from annotations.exports import tables
from annotations.exports.write import day_export, days_missing
from annotations.services import annotation_edit
from annotations.tasks import nightly
from captions.models import Caption, Vote
from tests.factories.rows import CaptionFactory, ImageFactory, UserFactory, VoteFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 9)
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def exports(settings, tmp_path):
    settings.CAPSITE_EXPORTS = tmp_path / "exports"
    return settings.CAPSITE_EXPORTS


def read(exports, table: str, day: date = DAY) -> list[dict]:
    return pq.read_table(exports / table / f"date={day}" / "part.parquet").to_pylist()


def test_a_day_has_its_rows_and_no_others(exports, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK", 2)
    inside = [CaptionFactory(text="a dog runs", confidence=0.5) for _number in range(5)]
    outside = CaptionFactory()
    moments = [NOON.replace(hour=0), NOON.replace(hour=23, minute=59, second=59), NOON, NOON, NOON]
    for caption, moment in zip(inside, moments, strict=True):
        Caption.everything.filter(pk=caption.pk).update(created_at=moment)
    Caption.everything.filter(pk=outside.pk).update(created_at=NOON.replace(day=10, hour=0))
    Caption.everything.filter(pk=inside[0].pk).update(hidden_at=NOON)
    rows = day_export(DAY)
    found = read(exports, "captions")
    assert {row["id"] for row in found} == {str(caption.pk) for caption in inside}
    assert [row["id"] for row in found if row["hidden"]] == [str(inside[0].pk)]
    assert found[0]["model"] == inside[0].model.revision
    assert "text" not in found[0]
    assert rows[exports / "captions" / f"date={DAY}" / "part.parquet"] == 5


def test_people_have_the_same_pseudonym_everywhere_and_no_name(exports):
    person = UserFactory(username="ayse")
    vote = VoteFactory(voter=person)
    Vote.objects.filter(pk=vote.pk).update(updated_at=NOON)
    image = ImageFactory()
    annotation_edit(person=person, image_id=image.pk, language="en", text="A cat.", base_version=0)
    today = datetime.now(UTC).date()
    day_export(DAY)
    day_export(today)
    (voted,), (edited,) = read(exports, "votes"), read(exports, "edits", today)
    assert voted["voter"] == edited["author"] != str(person.pk)
    assert (edited["characters"], edited["language"], edited["kind"]) == (6, "en", "written")
    assert all(b"ayse" not in file.read_bytes() for file in exports.rglob("*.parquet"))


def test_an_export_that_breaks_leaves_the_file_that_was_there(exports, monkeypatch):
    day_export(DAY)
    before = {file: file.read_bytes() for file in exports.rglob("*") if file.is_file()}

    def broken(table, day):
        raise RuntimeError("the server has gone")

    monkeypatch.setattr(tables.Table, "batches", broken)
    with pytest.raises(RuntimeError):
        day_export(DAY)
    assert {file: file.read_bytes() for file in exports.rglob("*") if file.is_file()} == before


def test_the_night_makes_up_for_nights_that_were_missed(exports):
    today = datetime.now(UTC).date()
    assert days_missing() == [today - timedelta(days=back) for back in range(7, 0, -1)]
    day_export(today - timedelta(days=3))
    assert nightly() == 6
    assert (days_missing(), nightly()) == ([], 0)


def test_a_day_that_is_none_is_refused(exports):
    with pytest.raises(CommandError, match="'yesterday' is not a day"):
        call_command("export_usage", date="yesterday", stdout=StringIO())
    said = StringIO()
    call_command("export_usage", date=str(DAY), stdout=said)
    assert said.getvalue().count("0 rows") == len(tables.TABLES)
