"""The search page: what it finds and marks, its filters, its pages, and what it costs."""

from datetime import UTC, datetime

import pytest

from annotations.highlight import highlighted
from gallery.models import Image
from tests.factories import AnnotationFactory, CaptionFactory, ImageFactory, UserFactory

pytestmark = pytest.mark.django_db


def found(client, **query) -> list:
    return client.get("/search/", query).context.get("hits", [])


def test_hits_say_what_they_were_found_for(client):
    by_caption = CaptionFactory(text="an elephant drinks", confidence=0.8)
    by_text = AnnotationFactory(text="An elephant bathes.", language="en")
    by_title = ImageFactory(title="Elephant")
    hits = {hit.card.image: hit for hit in found(client, q="elephant")}
    assert {image: hit.kind for image, hit in hits.items()} == {
        by_caption.image: "caption",
        by_text.image: "text",
        by_title: "title",
    }
    assert hits[by_caption.image].caption == by_caption
    assert hits[by_caption.image].text == "an <mark>elephant</mark> drinks"
    page = client.get("/search/", {"q": "elephant"}).content.decode()
    assert "Published text" in page
    assert page.count('role="meter"') == 1


@pytest.mark.parametrize(
    ("text", "searched", "marked"),
    [
        ("A man surfs.", "man", "A <mark>man</mark> surfs."),
        ("A woman surfs.", "man", "A woman surfs."),
        ("a snowboarder", "snowb", "a <mark>snowb</mark>oarder"),
        ("a snowboarder", "snowbording", "a snowboarder"),
        ("she is snowboarding", "snowbording", "she is <mark>snowboarding</mark>"),
        ("a man on a horse", "a horse", "a man on a <mark>horse</mark>"),
        ("<b>dog</b> & cat", "dog", "&lt;b&gt;<mark>dog</mark>&lt;/b&gt; &amp; cat"),
        ("Kırmızı çiçek", "çiç", "Kırmızı <mark>çiç</mark>ek"),
        ("İstanbul", "i", "İstanbul"),  # whose first letter becomes two in lower case
        ("nothing", "☃", "nothing"),
    ],
)
def test_what_is_marked(text, searched, marked):
    assert highlighted(text, searched) == marked


def test_filters(client):
    owner = UserFactory(username="ada")
    image = ImageFactory(owner=owner, title="x")
    CaptionFactory(image=image, text="an elephant", strategy="greedy", confidence=0.8)
    other = CaptionFactory(text="an elephant", language="tr", confidence=0.4).image
    Image.objects.filter(pk=image.pk).update(created_at=datetime(2026, 3, 1, 23, 59, tzinfo=UTC))

    def photos(**query):
        return [hit.card.image for hit in found(client, q="elephant", **query)]

    assert len(photos()) == 2
    assert photos(strategy="greedy") == photos(min_confidence="0.7") == [image]
    assert photos(uploader="ada") == [image]
    assert photos(language="tr") == [other]
    assert photos(since="2026-03-01", until="2026-03-01") == [image]
    assert photos(until="2026-02-28") == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"since": "yesterday"}, "Enter a day such as 2026-01-31."),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "before the first one"),
        ({"strategy": "guess"}, "guess is not one of the available choices"),
        ({"min_confidence": "0.31"}, "is not one of the available choices"),
        ({"q": "x" * 201}, "at most 200 characters"),
        ({"q": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_read_is_said_beside_the_field(client, query, says):
    page = client.get("/search/", {"q": "dog"} | query)
    assert page.status_code == 200
    assert says in page.content.decode()
    assert "hits" not in page.context


def test_empty_states(client):
    assert "Find a photo by what it shows" in client.get("/search/").content.decode()
    assert "Find a photo" in client.get("/search/", {"q": "  "}).content.decode()
    nothing = client.get("/search/", {"q": "<i>zeppelin"}).content.decode()
    assert "Nothing speaks of “&lt;i&gt;zeppelin”" in nothing
    assert "Search without filters" not in nothing
    narrow = client.get("/search/", {"q": "zeppelin", "strategy": "beam"}).content.decode()
    assert "Search without filters" in narrow


def test_pages_follow_one_another(client):
    for _number in range(65):
        CaptionFactory(text="an elephant drinks")
    seen: list = []
    address = "/search/?q=elephant&language=en"
    while address:
        page = client.get(address, headers={"hx-request": "true"})
        seen += [hit.card.image.pk for hit in page.context["hits"]]
        query = page.context["next_query"]
        address = f"/search/?{query}" if query else ""
    assert len(seen) == len(set(seen)) == 65
    assert b"<html" not in page.content
    bad = client.get("/search/", {"q": "elephant", "cursor": "x"})
    assert bad.status_code == 400


def test_private_photos_and_hidden_captions_stay_so(client):
    CaptionFactory(text="an elephant", image__visibility="private")
    CaptionFactory(text="an elephant", hidden_at=datetime.now(UTC))
    assert found(client, q="elephant") == []


@pytest.mark.parametrize(("count", "queries"), [(0, 2), (1, 7), (29, 7), (60, 6)])
def test_how_many_queries_a_page_takes(client, count, queries, django_assert_num_queries):
    for _number in range(count):
        CaptionFactory(text="an elephant drinks")
    # one or two ways to find; photos, jobs, captions, models, published texts
    with django_assert_num_queries(queries):
        client.get("/search/", {"q": "elephant"})
    with django_assert_num_queries(0):
        client.get("/search/")


def test_the_box_is_in_every_bar_and_holds_what_was_searched(client):
    assert 'id="search-box"' in client.get("/").content.decode()
    page = client.get("/search/", {"q": 'a "dog"'}).content.decode()
    assert 'value="a &quot;dog&quot;"' in page
