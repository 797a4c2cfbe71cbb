"""Who a client speaks for, and renewing what ends."""

import base64
import json
import threading
import time
from urllib.parse import parse_qs

import pytest
from capsite_client import (
    Backoff,
    ClientCredentials,
    InsufficientScope,
    JWTAuth,
    ServerFailed,
    SignInRequired,
)

from tests.clients import answers
from tests.clients.talker import Heard, Talker, Told, problem

IMAGE = f"/api/v2/images/{answers.IMAGE_ID}"
REFRESH = "/api/auth/app/v1/tokens/refresh"
TOKEN = "/identity/o/api/token"


def jwt(name: str, seconds: float = 900) -> str:
    payload = json.dumps({"exp": time.time() + seconds, "jti": name}).encode()
    return f"head.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.{name}"


def bearer(heard: Heard) -> str:
    return heard.headers.get("authorization", "").removeprefix("Bearer ")


def guard(talker: Talker, *valid: str) -> None:
    """Let the image be read with these tokens only."""
    plain = talker.answer

    def guarded(heard: Heard) -> Told:
        told = plain(heard)
        refused = heard.path == IMAGE and bearer(heard) not in valid
        return problem(401, "invalid_token") if refused else told

    talker.answer = guarded
    talker.tell(IMAGE, Told(200, answers.image()))


def test_a_visitor_sends_no_token_and_a_person_theirs(face, talker):
    talker.tell(IMAGE, Told(200, answers.image()))
    face()("image", answers.IMAGE_ID)
    face(auth="cap_secret", locale="tr")("image", answers.IMAGE_ID)
    visitor, person = talker.heard
    assert "authorization" not in visitor.headers
    assert bearer(person) == "cap_secret"
    assert person.headers["accept-language"] == "tr"
    assert person.headers["user-agent"].startswith("capsite-client/")


def test_a_personal_token_that_has_ended_is_not_tried_again(face, talker):
    guard(talker, "other")
    with pytest.raises(SignInRequired) as caught:
        face(auth="cap_secret")("image", answers.IMAGE_ID)
    assert caught.value.code == "invalid_token"
    assert len(talker.heard) == 1


def test_a_missing_scope_is_named(face, talker):
    talker.tell(IMAGE, problem(403, "insufficient_scope", scope="captions:read"))
    with pytest.raises(InsufficientScope) as caught:
        face(auth="cap_secret")("image", answers.IMAGE_ID)
    assert caught.value.data["scope"] == "captions:read"


def test_a_jwt_is_renewed_before_it_ends(face, talker):
    old, new = jwt("old", 20), jwt("new")
    guard(talker, new)
    pair = {"access_token": new, "refresh_token": "r2"}
    talker.tell(REFRESH, Told(200, {"status": 200, "data": pair}))
    kept = []
    auth = JWTAuth(old, "r1", on_renewed=lambda *pair: kept.append(pair))
    client = face(auth=auth)
    for _ in range(2):
        client("image", answers.IMAGE_ID)
    assert [one.path for one in talker.heard] == [REFRESH, IMAGE, IMAGE]
    assert json.loads(talker.heard[0].body) == {"refresh_token": "r1"}
    assert kept == [(new, "r2")]


def test_a_jwt_that_the_site_ended_is_renewed_once(face, talker):
    old, new = jwt("old"), jwt("new")
    guard(talker, new)
    talker.tell(REFRESH, Told(200, {"data": {"access_token": new, "refresh_token": "r2"}}))
    assert face(auth=JWTAuth(old, "r1"))("image", answers.IMAGE_ID).title == "Dog"
    assert [one.path for one in talker.heard] == [IMAGE, REFRESH, IMAGE]


def test_a_renewed_token_that_is_refused_too_ends_it(face, talker):
    guard(talker, "none")
    talker.tell(REFRESH, Told(200, {"data": {"access_token": jwt("new")}}))
    with pytest.raises(SignInRequired):
        face(auth=JWTAuth(jwt("old"), "r1"))("image", answers.IMAGE_ID)
    assert [one.path for one in talker.heard] == [IMAGE, REFRESH, IMAGE]


def test_a_refused_refresh_says_to_sign_in(face, talker):
    talker.tell(REFRESH, Told(400, {"status": 400}))
    with pytest.raises(SignInRequired, match="did not renew"):
        face(auth=JWTAuth(jwt("old", -1), "r1"))("image", answers.IMAGE_ID)


def test_a_refresh_is_never_sent_twice(face, talker):
    talker.tell(REFRESH, Told(503))
    with pytest.raises(ServerFailed):
        face(auth=JWTAuth("", "r1"))("image", answers.IMAGE_ID)
    assert len(talker.heard) == 1


def test_calls_at_the_same_time_refresh_once(face, talker):
    new = jwt("new")
    guard(talker, new)
    pair = {"access_token": new, "refresh_token": "r2"}
    talker.tell(REFRESH, Told(200, {"data": pair}, delay=0.2), Told(400, {}))
    client = face(auth=JWTAuth(jwt("old"), "r1"))
    found = client.together(*[lambda client: client.image(answers.IMAGE_ID)] * 5)
    assert [image.title for image in found] == ["Dog"] * 5
    assert [one.path for one in talker.heard].count(REFRESH) == 1


def test_a_program_fetches_its_token_and_renews_it(face, talker):
    guard(talker, "t1", "t2")
    first = Told(200, {"access_token": "t1", "expires_in": 31, "token_type": "Bearer"})
    talker.tell(TOKEN, Told(503), first, Told(200, {"access_token": "t2", "expires_in": 3600}))
    auth = ClientCredentials("program", "s&cret", ["captions:read", "captions:write"])
    client = face(auth=auth, backoff=Backoff(base=0))
    client("image", answers.IMAGE_ID)
    asked = talker.heard[1]
    scope = ["captions:read captions:write"]
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": scope}
    pair = base64.b64decode(asked.headers["authorization"].removeprefix("Basic "))
    assert pair == b"program:s&cret"
    client("image", answers.IMAGE_ID)
    assert [bearer(one) for one in talker.heard if one.path == IMAGE] == ["t1", "t1"]
    auth._ends = time.time()  # as if it were later
    client("image", answers.IMAGE_ID)
    assert bearer(talker.heard[-1]) == "t2"


def test_wrong_credentials_say_so(face, talker):
    told = {"error": "invalid_client", "error_description": "Who is that?"}
    talker.tell(TOKEN, Told(401, told))
    with pytest.raises(SignInRequired, match="Who is that") as caught:
        face(auth=ClientCredentials("id", "wrong"))("image", answers.IMAGE_ID)
    assert caught.value.code == "invalid_client"


def test_threads_share_a_client(talker):
    from capsite_client import Client

    talker.tell(IMAGE, Told(200, answers.image()))
    with Client(talker.url) as client:
        threads = [
            threading.Thread(target=client.image, args=(answers.IMAGE_ID,)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(talker.heard) == 8
