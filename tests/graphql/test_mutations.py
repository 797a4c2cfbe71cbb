"""Everything a member and a moderator do by GraphQL, over the services that pages use."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from annotations.models import Annotation
from capsite.accounts.models import PersonalToken
from capsite.schema import SCOPES, schema
from captions.models import Caption, Vote
from gallery.models import Album, Image
from tests.factories import (
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    UserFactory,
    moderator,
    photo_bytes,
)
from tests.graphql.asking import Asker, gid, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return UserFactory()


def multipart(asker: Asker, query: str, variables: dict, files: dict[str, bytes]):
    """Send files as graphql-multipart-request-spec says."""
    places = {str(number): [place] for number, place in enumerate(files)}
    named = {
        str(number): SimpleUploadedFile(f"photo-{number}.jpg", data)
        for number, data in enumerate(files.values())
    }
    operations = json.dumps({"query": query, "variables": variables})
    body = {"operations": operations, "map": json.dumps(places)} | named
    return asker.client.post("/graphql/", body, headers=asker.headers)


UPLOAD = """mutation U($file: Upload!, $visibility: Visibility) {
  imageUpload(file: $file, strategy: GREEDY, language: "tr", num: 2, visibility: $visibility) {
    existing image { id title visibility state } job { state strategy language num } } }"""


def test_a_photo_is_uploaded_as_multipart(member):
    asker = Asker(member)
    variables = {"file": None, "visibility": "PRIVATE"}
    for existing in (False, True):
        answer = multipart(asker, UPLOAD, variables, {"variables.file": photo_bytes(7)}).json()
        data = answer["data"]["imageUpload"]
        assert data["existing"] is existing
        assert data["image"]["visibility"] == "PRIVATE"
        assert data["job"] == {"state": "QUEUED", "strategy": "GREEDY", "language": "tr", "num": 2}
    bad = multipart(asker, UPLOAD, {"file": None}, {"variables.file": b"no photo"}).json()
    assert bad["errors"][0]["extensions"] | {"code": 0} == {
        "code": 0,
        "status": 400,
        "field": "file",
    }
    assert Image.objects.get().owner == member


@pytest.mark.parametrize(
    ("place", "field"),
    [("variables.nothing", "map"), ("query", "map"), ("variables.file.x.y", "map")],
)
def test_files_have_a_place(member, place, field):
    response = multipart(Asker(member), UPLOAD, {"file": None}, {place: photo_bytes()})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["field"] == field


def test_a_batch_of_which_one_is_refused(member):
    query = """mutation B($files: [Upload!]) { batchCreate(files: $files) { batch {
      state total failed items { edges { node { name error { code } job { state } } } } } } }"""
    files = {"variables.files.0": photo_bytes(1), "variables.files.1": b"no photo"}
    answer = multipart(Asker(member), query, {"files": [None, None]}, files).json()
    batch = answer["data"]["batchCreate"]["batch"]
    assert (batch["state"], batch["total"], batch["failed"]) == ("RUNNING", 2, 1)
    codes = [edge["node"]["error"] for edge in batch["items"]["edges"]]
    assert codes[0] is None
    assert codes[1]["code"] == "not_a_photo"
    assert (
        Asker(member).refused("mutation { batchCreate { batch { id } } }")["code"] == "batch_size"
    )
    away = 'mutation { imageUpload(url: "http://127.0.0.1/x.jpg") { existing } }'
    assert Asker(member).refused(away)["code"] == "url_not_allowed"
    assert Asker(member).refused("mutation { imageUpload { existing } }")["code"] == "required"


def test_photos_are_changed_and_deleted_by_their_owner(member):
    image = ImageFactory(owner=member)
    change = """mutation C($id: ID!) { imageUpdate(id: $id, title: "Harbour",
      visibility: UNLISTED) { image { title visibility } } }"""
    delete = "mutation D($id: ID!) { imageDelete(id: $id) { ok } }"
    for query in (change, delete):
        assert Asker(UserFactory()).refused(query, id=gid(image))["code"] == "forbidden"
    data = Asker(member).ask(change, id=gid(image))["imageUpdate"]["image"]
    assert data == {"title": "Harbour", "visibility": "UNLISTED"}
    assert Asker(member).ask(delete, id=str(image.pk))["imageDelete"]["ok"]
    assert not Image.objects.exists()


def test_captions_are_asked_for_and_failed_jobs_tried_again(member):
    image = ImageFactory()
    ask = """mutation A($id: ID!) { captionAsk(imageId: $id, strategies: [BEAM, NUCLEUS], num: 4,
      language: "tr") { jobs { strategy language num } } }"""
    jobs = Asker(member).ask(ask, id=gid(image))["captionAsk"]["jobs"]
    assert [job["strategy"] for job in jobs] == ["BEAM", "NUCLEUS"]
    failed = JobFactory(failed=True)
    retry = "mutation R($id: ID!) { jobRetry(id: $id) { job { id state } } }"
    job = Asker(member).ask(retry, id=gid(failed, "Job"))["jobRetry"]["job"]
    assert (job["state"], job["id"] == gid(failed, "Job")) == ("QUEUED", False)


def test_votes(member):
    caption = CaptionFactory()
    cast = """mutation V($id: ID!, $value: Int!) { voteCast(captionId: $id, value: $value,
      reason: "wrong") { caption { votes { up down mine } } } }"""
    asker = Asker(member)
    for value in (1, -1):
        votes = asker.ask(cast, id=gid(caption), value=value)["voteCast"]["caption"]["votes"]
        assert votes["mine"] == value
    assert asker.refused(cast, id=gid(caption), value=2)["field"] == "value"
    withdraw = (
        "mutation W($id: ID!) { voteWithdraw(captionId: $id) { caption { votes { mine } } } }"
    )
    data = asker.ask(withdraw, id=gid(caption))
    assert data["voteWithdraw"]["caption"]["votes"]["mine"] == 0
    assert not Vote.objects.exists()
    assert Asker().refused(cast, id=gid(caption), value=1)["code"] == "sign_in_required"


def test_texts_are_edited_promoted_reverted_and_conflicts_bring_the_newer_one(member):
    image = ImageFactory()
    caption = CaptionFactory(image=image, text="a red boat")
    edit = """mutation E($id: ID!, $text: String!, $base: Int!, $caption: ID) {
      annotationEdit(imageId: $id, language: "en", text: $text, baseVersion: $base,
        captionId: $caption) { annotation { id version text author { name } } } }"""
    asker = Asker(member)
    given = {"id": gid(image), "text": "A red boat.", "base": 0, "caption": gid(caption)}
    made = asker.ask(edit, **given)["annotationEdit"]["annotation"]
    assert (made["version"], made["author"]["name"]) == (1, member.username)
    conflict = Asker(UserFactory()).refused(edit, **given)
    shown = {
        name: conflict[name] for name in ("code", "status", "version", "text", "author", "field")
    }
    assert shown == {
        "code": "edit_conflict",
        "status": 409,
        "version": 1,
        "text": "A red boat.",
        "author": member.username,
        "field": "baseVersion",
    }
    promote = """mutation P($id: ID!) { captionPromote(captionId: $id, baseVersion: 1) {
      annotation { version text } } }"""
    data = asker.ask(promote, id=gid(caption))["captionPromote"]["annotation"]
    assert data == {"version": 2, "text": "a red boat"}
    revert = """mutation R($id: ID!) { annotationRevert(id: $id, number: 1, baseVersion: 2) {
      annotation { version text revisions { edges { node { number kind revertedTo
        caption { text } } } } } } }"""
    data = asker.ask(revert, id=made["id"])["annotationRevert"]["annotation"]
    newest = data["revisions"]["edges"][0]["node"]
    assert (newest["number"], newest["kind"], newest["revertedTo"]) == (3, "REVERTED", 1)
    assert Annotation.objects.get().text == "A red boat."


def test_albums(member):
    images = [ImageFactory() for _ in range(2)]
    asker = Asker(member)
    create = """mutation { albumCreate(title: "Boats", visibility: PUBLIC) {
      album { id title visibility imageCount owner { name } } } }"""
    album = asker.ask(create)["albumCreate"]["album"]
    assert (album["visibility"], album["imageCount"]) == ("PUBLIC", 0)
    fill = """mutation F($id: ID!, $images: [ID!]!) { %s(id: $id, images: $images) {
      album { imageCount images { edges { node { title } } } } } }"""
    given = {"id": album["id"], "images": [gid(image) for image in images]}
    assert asker.ask(fill % "albumAdd", **given)["albumAdd"]["album"]["imageCount"] == 2
    left = asker.ask(fill % "albumRemove", id=album["id"], images=[gid(images[0])])
    assert left["albumRemove"]["album"]["images"]["edges"] == [{"node": {"title": images[1].title}}]
    change = 'mutation C($id: ID!) { albumUpdate(id: $id, title: "Ships") { album { title } } }'
    delete = "mutation D($id: ID!) { albumDelete(id: $id) { ok } }"
    assert Asker(UserFactory()).refused(change, id=album["id"])["code"] == "forbidden"
    assert asker.ask(change, id=album["id"])["albumUpdate"]["album"]["title"] == "Ships"
    assert asker.ask(delete, id=album["id"])["albumDelete"]["ok"]
    assert not Album.objects.exists()


def test_cases_are_decided_by_moderators(member):
    case = CaseFactory()
    decide = """mutation D($id: ID!) { caseDecide(id: $id, decision: HIDE, note: "no") {
      case { state decision note decidedBy { name } caption { hidden } } } }"""
    assert Asker(member).refused(decide, id=gid(case))["code"] == "insufficient_scope"
    judge = moderator()
    decided = Asker(judge).ask(decide, id=gid(case))["caseDecide"]["case"]
    assert (decided["state"], decided["decision"]) == ("DECIDED", "HIDE")
    assert decided["caption"]["hidden"] is True
    assert Asker(judge).refused(decide, id=gid(case))["code"] == "case_decided"
    assert not Caption.objects.exists()


def test_webhooks(member):
    asker = Asker(member)
    create = """mutation { webhookCreate(url: "https://hooks.example.org/x", name: "mine",
      events: ["caption.ready"]) { secret webhook { id active events format } } }"""
    made = asker.ask(create)["webhookCreate"]
    assert made["webhook"]["format"] == "CAPSITE"
    key = made["webhook"]["id"]
    rotate = "mutation R($id: ID!) { webhookSecretRotate(id: $id) { secret } }"
    assert asker.ask(rotate, id=key)["webhookSecretRotate"]["secret"] != made["secret"]
    ping = "mutation P($id: ID!) { webhookPing(id: $id) { delivery { id event state } } }"
    delivery = asker.ask(ping, id=key)["webhookPing"]["delivery"]
    assert (delivery["event"], delivery["state"]) == ("ping", "WAITING")
    resend = "mutation S($id: ID!) { webhookDeliveryResend(id: $id) { delivery { id } } }"
    assert asker.refused(resend, id=delivery["id"])["code"] == "delivery_waiting"
    change = "mutation C($id: ID!) { webhookUpdate(id: $id, active: false) { webhook { active } } }"
    assert Asker(UserFactory()).refused(change, id=key)["code"] == "not_found"
    assert asker.ask(change, id=key)["webhookUpdate"]["webhook"]["active"] is False
    assert asker.ask("mutation D($id: ID!) { webhookDelete(id: $id) { ok } }", id=key)


def test_tokens_are_made_by_people_and_not_by_tokens(member):
    ends = (timezone.now() + timedelta(days=3)).isoformat()
    create = """mutation C($ends: DateTime!) { tokenCreate(name: "script",
      scopes: ["captions:read"], expiresAt: $ends) { secret token { id name scopes } } }"""
    response = Asker(member).post(create, {"ends": ends})
    assert response.headers["Cache-Control"] == "no-store"
    made = response.json()["data"]["tokenCreate"]
    program = Asker(token=made["secret"])
    assert program.ask("{ me { user { name } scopes } }")["me"] == {
        "user": {"name": member.username},
        "scopes": ["captions:read"],
    }
    full = Asker(token=token_for(member, "captions:read", "captions:write"))
    assert full.refused(create, ends=ends)["code"] == "session_required"
    revoke = "mutation R($id: ID!) { tokenRevoke(id: $id) { ok } }"
    assert Asker(UserFactory()).refused(revoke, id=made["token"]["id"])["code"] == "not_found"
    assert Asker(member).ask(revoke, id=made["token"]["id"])["tokenRevoke"]["ok"]
    assert program.post("{ me { role } }").status_code == 401
    assert PersonalToken.objects.filter(revoked_at__isnull=False).count() == 1


def test_every_mutation_has_a_row_in_the_table_of_scopes():
    named = set(schema.graphql_schema.mutation_type.fields)
    assert named == set(SCOPES) - {"moderationCases", "webhooks"}


@pytest.mark.parametrize("name", sorted(schema.graphql_schema.mutation_type.fields))
def test_no_mutation_runs_without_its_scope(name, settings):
    """Arguments that satisfy the schema, and a token of an administrator that may only read."""
    settings.CAPSITE_GRAPHQL_MAX_COST = 10**6
    field = schema.graphql_schema.mutation_type.fields[name]
    values = {
        "ID!": '"00000000-0000-4000-8000-000000000000"',
        "[ID!]!": "[]",
        "String!": '"x"',
        "[String!]!": '["x"]',
        "Int!": "1",
        "DateTime!": '"2030-01-01T00:00:00Z"',
        "Decision!": "HIDE",
    }
    needed = [
        f"{key}: {values[str(argument.type)]}"
        for key, argument in field.args.items()
        if str(argument.type).endswith("!")
    ]
    given = f"({', '.join(needed)})" if needed else ""
    reader = Asker(token=token_for(UserFactory(is_superuser=True), "captions:read"))
    refused = reader.refused(f"mutation {{ {name}{given} {{ __typename }} }}")
    assert (refused["code"], refused["scope"]) == ("insufficient_scope", SCOPES[name].value)
