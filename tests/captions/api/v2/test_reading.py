"""Version 2 answers the shapes it promises, in pages, with exact numbers of queries."""

import pytest
from django.urls import reverse

from captions.services.votes import vote_cast
from gallery.models import AlbumItem
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    ModelFactory,
    UserFactory,
    VoteFactory,
    moderator,
)

pytestmark = pytest.mark.django_db


def test_a_photo_has_everything_that_is_known_of_it(client):
    owner, editor = UserFactory(username="ada"), UserFactory(username="ben")
    image = ImageFactory(owner=owner, title="Two dogs")
    JobFactory(image=image, done=True)
    CaptionFactory(image=image, confidence=0.4, text="a cat")
    best = CaptionFactory(image=image, confidence=0.8, text="two dogs play")
    AnnotationFactory(image=image, author=editor, text="Two dogs play in snow.")
    vote_cast(person=owner, caption_id=best.pk, value=1)
    client.force_login(owner)

    body = client.get(f"/api/v2/images/{image.pk}").json()

    assert body["owner"] == {"id": owner.pk, "name": "ada"}
    assert (body["width"], body["height"], body["format"]) == (640, 480, "jpeg")
    assert body["url"] == f"http://testserver/photos/{image.pk}/"
    assert body["variants"][0] == {
        "name": "w320",
        "width": 320,
        "height": 240,
        "url": f"http://testserver/i/{image.pk}/w320.webp",
    }
    assert body["state"] == "done"
    assert body["best_caption"]["text"] == "two dogs play"
    assert body["best_caption"]["votes"] == {"up": 1, "down": 0, "mine": 1}
    assert body["published"] == [
        {
            "language": "en",
            "text": "Two dogs play in snow.",
            "version": 1,
            "author": {"id": editor.pk, "name": "ben"},
        }
    ]


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, "a sure English one"),
        ({"x-caption-language": "tr"}, "bir köpek"),
        ({"accept-language": "de, tr;q=0.8, en;q=0.3"}, "bir köpek"),
        ({"accept-language": "tr", "x-caption-language": "en"}, "a sure English one"),
        ({"accept-language": "de"}, "a sure English one"),
    ],
    ids=str,
)
def test_the_best_caption_is_in_the_language_asked_for(client, headers, text):
    image = ImageFactory()
    CaptionFactory(image=image, confidence=0.9, text="a sure English one")
    CaptionFactory(image=image, confidence=0.5, text="bir köpek", language="tr")

    body = client.get(f"/api/v2/images/{image.pk}", headers=headers).json()

    assert body["best_caption"]["text"] == text


def test_pages_go_on_and_back_without_gaps(client):
    images = [str(ImageFactory().pk) for _number in range(7)][::-1]

    seen, address, pages = [], "/api/v2/images?limit=3", []
    while address:
        page = client.get(address).json()
        pages.append(page)
        seen += [image["id"] for image in page["results"]]
        address = page["next"]

    assert seen == images
    assert [len(page["results"]) for page in pages] == [3, 3, 1]
    assert pages[0]["previous"] is None
    back = client.get(pages[2]["previous"]).json()
    assert [image["id"] for image in back["results"]] == images[3:6]
    first = client.get(back["previous"]).json()
    assert [image["id"] for image in first["results"]] == images[:3]
    assert first["previous"] is None
    assert client.get(first["next"]).json()["results"] == pages[1]["results"]


def test_captions_page_through_equal_confidences(client):
    image = ImageFactory()
    for rank in range(5):
        CaptionFactory(image=image, confidence=0.5, rank=rank % 2)
    CaptionFactory(
        image=image, origin="person", model=None, confidence=None, log_probability=None, strategy=""
    )

    seen, address = [], f"/api/v2/images/{image.pk}/captions?limit=2"
    while address:
        page = client.get(address).json()
        seen += page["results"]
        address = page["next"]

    assert len({caption["id"] for caption in seen}) == 6
    assert [caption["rank"] for caption in seen] == [0, 0, 0, 1, 1, 0]
    assert seen[-1]["confidence"] is None
    assert seen[-1]["model"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=nonsense", "cursor"),
        ("cursor=%00", "cursor"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("since=yesterday", "since"),
        ("since=0001-01-01T00:00:00%2B14:00", "since"),
        ("owner=%00", "owner"),
    ],
)
def test_a_bad_query_names_its_field(client, query, field):
    answer = client.get(f"/api/v2/images?{query}")
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["field"] == field


def test_a_cursor_belongs_to_its_list(client):
    JobFactory.create_batch(2)
    cursor = client.get("/api/v2/images?limit=1").json()["next"].partition("cursor=")[2]
    answer = client.get(f"/api/v2/jobs?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_filters_of_photos(client):
    me = UserFactory()
    mine, other = ImageFactory(owner=me, visibility="private"), ImageFactory()
    assert client.get("/api/v2/images?owner=me").status_code == 401
    client.force_login(me)

    def ids(query):
        results = client.get(f"/api/v2/images?{query}").json()["results"]
        return {image["id"] for image in results}

    assert ids("") == {str(mine.pk), str(other.pk)}
    assert ids("owner=me") == ids(f"owner={me.username}") == {str(mine.pk)}
    assert ids("until=2020-01-01") == set()
    assert len(ids("since=2020-01-01")) == 2


def test_hidden_captions_are_nowhere(client):
    caption = CaptionFactory(hidden_at="2026-01-01T00:00Z")
    image = caption.image_id
    assert client.get(f"/api/v2/captions/{caption.pk}").status_code == 404
    assert client.get(f"/api/v2/images/{image}/captions").json()["results"] == []
    assert client.get(f"/api/v2/images/{image}").json()["best_caption"] is None


def test_private_photos_of_others_do_not_exist(client):
    owner = UserFactory()
    image = ImageFactory(owner=owner, visibility="private")
    caption, job = CaptionFactory(image=image), JobFactory(image=image)
    album = AlbumFactory(owner=owner, visibility="private")
    addresses = [
        f"images/{image.pk}",
        f"images/{image.pk}/captions",
        f"captions/{caption.pk}",
        f"captions/{caption.pk}/heatmap",
        f"jobs/{job.pk}",
        f"albums/{album.pk}",
        f"albums/{album.pk}/images",
    ]
    for address in addresses:
        assert client.get(f"/api/v2/{address}").status_code == 404, address
    client.force_login(UserFactory())
    for address in addresses:
        assert client.get(f"/api/v2/{address}").status_code == 404, address
    assert client.get("/api/v2/jobs").json()["results"] == []


MEMBERS_ONLY = [
    ("get", "me"),
    ("get", "me/tokens"),
    ("get", "me/votes"),
    ("get", "webhooks"),
    ("get", "moderation/cases"),
    ("post", "albums"),
    ("post", "webhooks"),
    ("put", "captions/00000000-0000-4000-8000-000000000000/vote"),
    ("delete", "images/00000000-0000-4000-8000-000000000000"),
]


@pytest.mark.parametrize(("method", "address"), MEMBERS_ONLY)
def test_visitors_are_told_to_sign_in(client, method, address):
    answer = getattr(client, method)(f"/api/v2/{address}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "sign_in_required"


def test_members_lack_the_scope_of_moderators(client):
    client.force_login(UserFactory())
    answer = client.get("/api/v2/moderation/cases")
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_other_methods_are_405(client, method):
    answer = getattr(client, method)("/api/v2/languages")
    assert answer.status_code == 405
    assert answer["Content-Type"] == "application/problem+json"
    assert "GET" in answer["Allow"]


def _photos(owner):
    for _number in range(3):
        image = ImageFactory(owner=owner)
        JobFactory(image=image, done=True)
        CaptionFactory.create_batch(2, image=image)
        AnnotationFactory(image=image)


def _album(owner):
    album = AlbumFactory(owner=owner)
    for place in range(3):
        AlbumItem.objects.create(album=album, image=ImageFactory(owner=owner), position=place)


# What is read besides the session and its person: see the comment of each.
LISTS = {
    # photos and owners, jobs, captions, models, published texts, their authors, my votes
    "v2:images": 7,
    "v2:jobs": 1,
    "v2:albums": 1,  # with counts and owners
    "v2:models": 2,  # and roles
    "v2:languages": 1,
    "v2:strategies": 0,
    "v2:my-votes": 2,  # and what I voted on the captions shown
    "v2:tokens": 1,
    "v2:webhooks": 1,
    "v2:cases": 3,  # my role, cases, my votes
}


@pytest.mark.parametrize(("name", "queries"), LISTS.items())
@pytest.mark.parametrize("rounds", [1, 3])
def test_lists_take_a_fixed_number_of_queries(
    client, django_assert_num_queries, name, queries, rounds
):
    me = moderator()
    for _round in range(rounds):
        _photos(me)
        _album(me)
        VoteFactory(voter=me)
        CaseFactory()
        ModelFactory()
    client.force_login(me)
    role = 0 if name == "v2:cases" else 1
    with django_assert_num_queries(2 + role + queries):  # session, person, role
        answer = client.get(reverse(name))
    assert answer.status_code == 200


def test_head_is_get_without_a_body(client):
    answer = client.head(f"/api/v2/images/{ImageFactory().pk}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.head("/api/v2/me").status_code == 401


def test_an_unchanged_answer_is_not_sent_again(client):
    address = f"/api/v2/images/{ImageFactory().pk}"
    tag = client.get(address)["ETag"]
    assert client.get(address, headers={"if-none-match": tag}).status_code == 304
