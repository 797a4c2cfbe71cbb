"""Members change what is theirs through version 2, and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from capsite.accounts.services.tokens import token_create
from captions.models import Caption, Vote
from captions.services.votes import vote_cast
from gallery.models import Album, Image
from tests.factories import (
    AlbumFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    UserFactory,
    VoteFactory,
    moderator,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def me(client):
    person = UserFactory(username="ada")
    client.force_login(person)
    return person


def send(client, method: str, address: str, body=None, **headers):
    return getattr(client, method)(
        f"/api/v2/{address}", body, content_type="application/json", headers=headers
    )


def bearer(person, *scopes: str) -> dict[str, str]:
    later = timezone.now() + timedelta(days=1)
    _token, raw = token_create(person=person, name="a program", scopes=scopes, expires_at=later)
    return {"authorization": f"Bearer {raw}"}


def test_a_vote_counts_and_can_be_changed_and_withdrawn(client, me):
    caption = CaptionFactory()
    address = f"captions/{caption.pk}/vote"

    up = send(client, "put", address, {"value": 1})
    assert up.json()["votes"] == {"up": 1, "down": 0, "mine": 1}
    down = send(client, "put", address, {"value": -1, "harmful": True, "reason": "rude"})
    assert down.json()["votes"] == {"up": 0, "down": 1, "mine": -1}
    mine = client.get("/api/v2/me/votes").json()["results"]
    assert [(vote["value"], vote["harmful"], vote["reason"]) for vote in mine] == [
        (-1, True, "rude")
    ]
    assert mine[0]["caption"]["votes"]["mine"] == -1
    for _twice in range(2):
        assert send(client, "delete", address).status_code == 204
    assert not Vote.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "value"),
        ({"value": 0}, "value"),
        ({"value": "up"}, "value"),
        ({"value": None}, "value"),
        ({"value": 10**40}, "value"),
        ({"value": [1]}, "value"),
        ({"value": 1, "harmful": "perhaps"}, "harmful"),
        ({"value": 1, "reason": "a\0b"}, "reason"),
        ({"value": 1, "reason": "x" * 501}, "reason"),
        ({"value": 1, "reason": {"a": None}}, "reason"),
    ],
    ids=str,
)
def test_a_bad_vote_names_its_field(client, me, body, field):
    answer = send(client, "put", f"captions/{CaptionFactory().pk}/vote", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_my_votes_leave_out_what_i_no_longer_see(client, me):
    VoteFactory(voter=me, caption__image__visibility="private")
    VoteFactory(voter=me, caption__hidden_at=timezone.now())
    seen = VoteFactory(voter=me)
    found = client.get("/api/v2/me/votes").json()["results"]
    assert [vote["caption"]["id"] for vote in found] == [str(seen.caption_id)]


def test_owners_change_and_delete_their_photos(client, me):
    image = ImageFactory(owner=me)
    changed = send(
        client, "patch", f"images/{image.pk}", {"title": "Dogs", "visibility": "private"}
    )
    assert (changed.json()["title"], changed.json()["visibility"]) == ("Dogs", "private")
    assert send(client, "delete", f"images/{image.pk}").status_code == 204
    assert not Image.objects.exists()


def test_strangers_do_not(client, me):
    image, album = ImageFactory(owner=UserFactory()), AlbumFactory()
    for method, address, body in [
        ("patch", f"images/{image.pk}", {"title": "Mine"}),
        ("delete", f"images/{image.pk}", None),
        ("patch", f"albums/{album.pk}", {"title": "Mine"}),
        ("delete", f"albums/{album.pk}", None),
        ("post", f"albums/{album.pk}/images", {"images": [str(image.pk)]}),
        ("delete", f"albums/{album.pk}/images", {"images": [str(image.pk)]}),
        ("put", f"albums/{album.pk}/images/{image.pk}/place", {"after": None}),
    ]:
        answer = send(client, method, address, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), address


def test_an_album_from_beginning_to_end(client, me):
    first, second = ImageFactory(), ImageFactory(owner=me, visibility="private")
    made = send(client, "post", "albums", {"title": "  Two   dogs "})
    album = made.json()
    assert made.status_code == 201
    assert (album["title"], album["visibility"], album["image_count"]) == ("Two dogs", "private", 0)
    assert album["owner"] == {"id": me.pk, "name": "ada"}

    address = f"albums/{album['id']}"
    wanted = {"images": [str(second.pk), str(first.pk), str(second.pk)]}
    assert send(client, "post", f"{address}/images", wanted).json()["image_count"] == 2
    page = client.get(f"/api/v2/{address}/images?limit=1").json()
    assert [image["id"] for image in page["results"]] == [str(second.pk)]
    rest = client.get(page["next"]).json()
    assert [image["id"] for image in rest["results"]] == [str(first.pk)]

    assert send(client, "patch", address, {"visibility": "public"}).json()["visibility"] == "public"
    client.logout()
    assert client.get(f"/api/v2/{address}").json()["image_count"] == 1
    client.force_login(me)
    gone = send(client, "delete", f"{address}/images", {"images": [str(first.pk)]})
    assert gone.json()["image_count"] == 1
    assert send(client, "delete", address).status_code == 204
    assert not Album.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "images"),
        ({"images": []}, "images"),
        ({"images": "all"}, "images"),
        ({"images": [None]}, "images.0"),
        ({"images": ["00000000-0000-4000-8000-000000000000", "x"]}, "images.1"),
        ({"images": [10**50]}, "images.0"),
        ({"images": [-1]}, "images.0"),
        ({"images": ["00000000-0000-4000-8000-000000000000"] * 101}, "images"),
    ],
    ids=str,
)
def test_bad_photos_of_an_album_name_their_place(client, me, body, field):
    answer = send(client, "post", f"albums/{AlbumFactory(owner=me).pk}/images", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_who_i_am(client, me):
    body = client.get("/api/v2/me").json()
    assert (body["id"], body["name"], body["role"]) == (me.pk, "ada", "member")
    assert body["signed_in_by"] == "session"
    assert body["scopes"] == ["annotations:write", "captions:read", "captions:write"]


def test_a_token_does_what_its_scopes_say(client):
    person, caption = UserFactory(), CaptionFactory()
    reading = bearer(person, "captions:read")
    writing = bearer(person, "captions:write")
    address = f"captions/{caption.pk}/vote"

    who = client.get("/api/v2/me", headers=reading).json()
    assert (who["signed_in_by"], who["client"]) == ("token", "a program")
    refused = send(client, "put", address, {"value": 1}, **reading)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.json()["scope"] == "captions:write"
    assert send(client, "put", address, {"value": 1}, **writing).status_code == 200
    assert client.get(f"/api/v2/captions/{caption.pk}", headers=writing).status_code == 403


def test_a_token_that_nobody_knows(client):
    answer = client.get("/api/v2/images", headers={"authorization": "Bearer cap_nonsense"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_tokens_are_made_shown_once_and_revoked(client, me):
    later = (timezone.now() + timedelta(days=30)).isoformat()
    made = send(
        client,
        "post",
        "me/tokens",
        {"name": "my script", "scopes": ["captions:read"], "expires_at": later},
    )
    token = made.json()
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    headers = {"authorization": f"Bearer {token['token']}"}
    assert client.get("/api/v2/me", headers=headers).status_code == 200

    [listed] = client.get("/api/v2/me/tokens").json()["results"]
    assert listed["prefix"] == token["token"][:10]
    assert "token" not in listed
    by_token = client.get("/api/v2/me/tokens", headers=headers)
    assert (by_token.status_code, by_token.json()["code"]) == (403, "session_required")

    assert send(client, "delete", f"me/tokens/{token['id']}").status_code == 204
    client.logout()
    assert client.get("/api/v2/me", headers=headers).status_code == 401


def test_tokens_of_others_are_not_found(client, me):
    other = UserFactory()
    bearer(other, "captions:read")
    assert client.get("/api/v2/me/tokens").json()["results"] == []
    token = other.tokens.get()
    assert send(client, "delete", f"me/tokens/{token.pk}").status_code == 404


def test_a_webhook_shows_its_secret_once(client, me):
    body = {"url": "https://example.org/hook", "events": ["caption.ready"]}
    made = send(client, "post", "webhooks", body)
    assert made.status_code == 201, made.content
    assert made["Cache-Control"] == "no-store"
    hook = made.json()
    assert hook["secret"]
    [listed] = client.get("/api/v2/webhooks").json()["results"]
    assert "secret" not in listed
    turned = send(client, "post", f"webhooks/{hook['id']}/secret").json()
    assert turned["secret"] != hook["secret"]

    ping = send(client, "post", f"webhooks/{hook['id']}/ping")
    assert (ping.status_code, ping.json()["event"]) == (202, "ping")
    log = client.get(f"/api/v2/webhooks/{hook['id']}/deliveries").json()["results"]
    assert [row["id"] for row in log] == [ping.json()["id"]]
    waits = send(client, "post", f"webhooks/deliveries/{log[0]['id']}/resend")
    assert (waits.status_code, waits.json()["code"]) == (409, "delivery_waiting")

    client.force_login(UserFactory())
    assert client.get(f"/api/v2/webhooks/{hook['id']}").status_code == 404


def test_moderators_decide_a_case_once(client):
    case = CaseFactory()
    client.force_login(moderator(username="mo"))
    [open_case] = client.get("/api/v2/moderation/cases?state=open").json()["results"]
    assert open_case["caption"]["id"] == str(case.caption_id)

    address = f"moderation/cases/{case.pk}/decision"
    decided = send(client, "post", address, {"decision": "hide", "note": "rude"})
    assert decided.status_code == 200
    assert decided.json()["decided_by"]["name"] == "mo"
    assert not Caption.objects.exists()
    again = send(client, "post", address, {"decision": "approve"})
    assert (again.status_code, again.json()["code"]) == (409, "case_decided")
    still = client.get(f"/api/v2/moderation/cases/{case.pk}").json()
    assert (still["state"], still["caption"]["text"]) == ("decided", case.caption.text)


def test_a_report_opens_a_case_for_moderators(client):
    vote_cast(person=UserFactory(), caption_id=CaptionFactory().pk, value=-1, harmful=True)
    client.force_login(moderator())
    [case] = client.get("/api/v2/moderation/cases").json()["results"]
    assert case["reason"] == "reported"


def test_the_same_key_makes_one_album(client, me):
    for _twice in range(2):
        answer = send(client, "post", "albums", {"title": "Dogs"}, **{"idempotency-key": "k"})
        assert answer.status_code == 201
    assert Album.objects.count() == 1
