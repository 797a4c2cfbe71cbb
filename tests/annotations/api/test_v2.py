"""Published texts and search through version 2, and what version 1 has of them."""

import pytest

from annotations.models import Annotation
from tests.factories import AnnotationFactory, CaptionFactory, ImageFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client):
    person = UserFactory(username="ada")
    client.force_login(person)
    return person


def send(client, method: str, address: str, body=None):
    return getattr(client, method)(address, body, content_type="application/json")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_text_is_published_and_edited(client, me, version):
    image = ImageFactory()
    caption = CaptionFactory(image=image)
    address = f"/api/{version}/images/{image.pk}/annotations/en"

    first = send(
        client, "put", address, {"text": "A dog.", "base_version": 0, "caption": str(caption.pk)}
    )
    assert first.status_code == 200, first.content
    second = send(client, "put", address, {"text": "Two dogs.", "base_version": 1})
    body = second.json()
    assert (body["version"], body["text"], body["language"]) == (2, "Two dogs.", "en")
    author = {"id": me.pk, "name": "ada"} if version == "v2" else "ada"
    assert body["author"] == author
    assert client.get(f"/api/{version}/annotations/{body['id']}").json() == body
    listed = client.get(f"/api/{version}/images/{image.pk}/annotations").json()
    assert listed == {"results": [body], "next": None, "previous": None}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_stale_edit_is_a_conflict_that_carries_the_newer_text(client, me, version):
    annotation = AnnotationFactory(text="Newer.", author__username="ben")
    address = f"/api/{version}/images/{annotation.image_id}/annotations/en"
    answer = send(client, "put", address, {"text": "Mine.", "base_version": 0})
    body = answer.json()
    assert (answer.status_code, body["code"], body["field"]) == (
        409,
        "edit_conflict",
        "base_version",
    )
    assert (body["version"], body["text"], body["author"]) == (1, "Newer.", "ben")


def test_promote_revert_and_revisions(client, me):
    caption = CaptionFactory(text="a dog runs")
    promoted = send(client, "post", f"/api/v2/captions/{caption.pk}/promote", {"base_version": 0})
    assert promoted.status_code == 200
    text = promoted.json()
    address = f"/api/v2/images/{caption.image_id}/annotations/en"
    send(client, "put", address, {"text": "A dog runs fast.", "base_version": 1})
    back = send(
        client,
        "post",
        f"/api/v2/annotations/{text['id']}/revert",
        {"number": 1, "base_version": 2},
    )
    assert (back.json()["version"], back.json()["text"]) == (3, "a dog runs")

    page = client.get(f"/api/v2/annotations/{text['id']}/revisions?limit=2").json()
    assert [(row["number"], row["kind"]) for row in page["results"]] == [
        (3, "reverted"),
        (2, "written"),
    ]
    assert page["results"][0]["reverted_to"] == 1
    [oldest] = client.get(page["next"]).json()["results"]
    assert (oldest["kind"], oldest["caption"]) == ("promoted", str(caption.pk))


BAD_EDITS = [
    ({}, "text"),
    ({"text": "A dog."}, "base_version"),
    ({"text": " ", "base_version": 0}, "text"),
    ({"text": "a\0b", "base_version": 0}, "text"),
    ({"text": "x" * 2001, "base_version": 0}, "text"),
    ({"text": None, "base_version": 0}, "text"),
    ({"text": {"en": None}, "base_version": 0}, "text"),
    ({"text": "A dog.", "base_version": -1}, "base_version"),
    ({"text": "A dog.", "base_version": 10**40}, "base_version"),
    ({"text": "A dog.", "base_version": "one"}, "base_version"),
    ({"text": "A dog.", "base_version": 0, "caption": "x"}, "caption"),
    ({"text": "A dog.", "base_version": 0, "caption": [None]}, "caption"),
    ([], ""),
]


@pytest.mark.parametrize(("body", "field"), BAD_EDITS, ids=str)
def test_a_bad_edit_names_its_field(client, me, body, field):
    answer = send(client, "put", f"/api/v2/images/{ImageFactory().pk}/annotations/en", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert not Annotation.objects.exists()


def test_an_edit_in_another_language_or_of_another_photo(client, me):
    image = ImageFactory()
    edit = {"text": "Ein Hund.", "base_version": 0}
    other = send(client, "put", f"/api/v2/images/{image.pk}/annotations/de", edit)
    assert (other.status_code, other.json()["field"]) == (400, "language")
    edit["caption"] = str(CaptionFactory().pk)
    photo = send(client, "put", f"/api/v2/images/{image.pk}/annotations/en", edit)
    assert (photo.status_code, photo.json()["code"]) == (400, "other_photo")


def test_who_may_edit(client):
    image = ImageFactory(owner=UserFactory(), visibility="private")
    caption = CaptionFactory()
    edit = {"text": "A dog.", "base_version": 0}
    for address, method in [
        (f"/api/v2/images/{image.pk}/annotations/en", "put"),
        (f"/api/v2/captions/{caption.pk}/promote", "post"),
    ]:
        answer = send(client, method, address, edit)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")
    client.force_login(UserFactory())
    address = f"/api/v2/images/{image.pk}/annotations"
    assert send(client, "put", f"{address}/en", edit).status_code == 404
    assert client.get(address).status_code == 404
    hidden = AnnotationFactory(image=image)
    assert client.get(f"/api/v2/annotations/{hidden.pk}").status_code == 404
    assert client.get(f"/api/v2/annotations/{hidden.pk}/revisions").status_code == 404


def test_search_forgives_slips_and_pages(client):
    for number in range(3):
        CaptionFactory(text=f"a man is snowboarding down hill {number}", confidence=0.9)
    CaptionFactory(text="a cat sleeps")

    seen, address = [], "/api/v2/search?q=snowbording&limit=2"
    while address:
        page = client.get(address).json()
        seen += page["results"]
        address = page["next"]

    assert len(seen) == 3
    assert len({found["image"]["id"] for found in seen}) == 3
    assert all(found["rank"] > 0.5 for found in seen)
    assert seen[0]["matched_text"].startswith("a man is snowboarding")
    assert seen[0]["image"]["best_caption"]["text"].startswith("a man is snowboarding")
    old = client.get("/api/v1/search?q=snowbording").json()["results"]
    assert {found["id"] for found in old} == {found["image"]["id"] for found in seen}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        ("q=%00", "q"),
        (f"q={'x' * 201}", "q"),
        ("q=dog&language=de", "language"),
        ("q=dog&min_confidence=2", "min_confidence"),
        ("q=dog&min_confidence=nan", "min_confidence"),
        ("q=dog&since=soon", "since"),
        ("q=dog&limit=0", "limit"),
        ("q=dog&cursor=x", "cursor"),
    ],
)
def test_a_bad_search_names_its_field(client, query, field):
    answer = client.get(f"/api/v2/search?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("count", [1, 6])
def test_lists_take_a_fixed_number_of_queries(client, django_assert_num_queries, count):
    annotation = AnnotationFactory(text="A dog runs over a field.")
    for _number in range(count):
        CaptionFactory(text="a dog runs over a field")
    # three ways to find, then photos with owners, jobs, captions, models, texts, their authors
    with django_assert_num_queries(9):
        found = client.get("/api/v2/search?q=dog+runs").json()["results"]
    assert len(found) == count + 1
    with django_assert_num_queries(2):  # the photo, its texts with authors
        client.get(f"/api/v2/images/{annotation.image_id}/annotations")
    with django_assert_num_queries(2):  # the text with its photo, its versions with authors
        client.get(f"/api/v2/annotations/{annotation.pk}/revisions")
