"""The history: every caption one may see, the newest first, between two days."""

from datetime import UTC, datetime, timedelta

import pytest

from captions.models import Caption
from tests.factories import CaptionFactory, UserFactory

pytestmark = pytest.mark.django_db


def lines(client, **query) -> list[Caption]:
    return [line.caption for line in client.get("/history/", query).context["lines"]]


def test_the_newest_come_first_and_only_what_one_may_see(client):
    owner = UserFactory()
    first = CaptionFactory()
    second = CaptionFactory(image=first.image)
    mine = CaptionFactory(image__visibility="private", image__owner=owner)
    CaptionFactory(image__visibility="unlisted")
    CaptionFactory(hidden_at=datetime.now(UTC))
    assert lines(client) == [second, first]
    client.force_login(owner)
    assert lines(client) == [mine, second, first]


def test_pages_follow_one_another(client):
    CaptionFactory.create_batch(120)
    seen: list = []
    address = "/history/?language=en&strategy="
    while address:
        page = client.get(address, headers={"hx-request": "true"})
        seen += [line.caption.pk for line in page.context["lines"]]
        query = page.context["next_query"]
        assert "strategy" not in query
        address = f"/history/?{query}" if query else ""
    assert seen == list(Caption.objects.order_by("-created_at", "-id").values_list("pk", flat=True))
    assert b"<html" not in page.content
    assert client.get("/history/", {"cursor": "x"}).status_code == 400


def test_filters(client):
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    moments = [now - timedelta(days=1), now, now + timedelta(days=1)]
    made = [CaptionFactory(language=language) for language in ("en", "tr", "en")]
    greedy = CaptionFactory(strategy="greedy")
    for caption, moment in zip(made, moments, strict=True):
        # A caption never changes, which the database sees to; but for this it may.
        Caption.everything.filter(pk=caption.pk).delete()
        caption.created_at = moment
        field = Caption._meta.get_field("created_at")
        field.auto_now_add = False
        caption.save(force_insert=True)
        field.auto_now_add = True
    assert lines(client, since="2026-03-02", until="2026-03-02") == [made[1]]
    assert lines(client, until="2026-03-02") == [made[1], made[0]]
    assert lines(client, language="tr") == [made[1]]
    assert lines(client, strategy="greedy") == [greedy]


def test_what_cannot_be_read_is_said(client):
    CaptionFactory()
    page = client.get("/history/", {"since": "2026-02-02", "until": "2026-02-01"})
    assert page.status_code == 200
    assert "before the first one" in page.content.decode()
    assert page.context["lines"] == []
    assert client.get("/history/", {"until": "9999-12-31"}).status_code == 200


@pytest.mark.parametrize("count", [1, 80])
def test_one_query_whatever_there_is(client, count, django_assert_num_queries):
    CaptionFactory.create_batch(count)
    with django_assert_num_queries(1):  # captions with their photos and models
        client.get("/history/")


def test_captions_are_text_and_pictures_wait(client):
    CaptionFactory(text="<img src=x onerror=alert(1)>")
    page = client.get("/history/").content.decode()
    assert "<img src=x" not in page
    assert page.count('loading="lazy"') == 1


def test_empty_states(client):
    assert "No captions yet" in client.get("/history/").content.decode()
    narrow = client.get("/history/", {"strategy": "beam"}).content.decode()
    assert "No caption fits these filters" in narrow
