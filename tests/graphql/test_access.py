"""What is private or hidden stays so, whichever way an operation comes to it."""

import pytest
from django.utils import timezone

from annotations.models import Revision
from captions.models import Caption, WebhookDelivery, WebhookEndpoint
from gallery.models import AlbumItem, Batch, BatchItem
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    UserFactory,
    VoteFactory,
    moderator,
)
from tests.graphql.asking import Asker, gid, token_for

pytestmark = pytest.mark.django_db

NODE = "query N($id: ID!) { node(id: $id) { id __typename } }"


@pytest.fixture
def owner():
    return UserFactory()


@pytest.fixture
def private(owner):
    """A private photo with everything that can hang on one."""
    image = ImageFactory(owner=owner, visibility="private", title="secret photo")
    job = JobFactory(image=image, done=True)
    caption = CaptionFactory(image=image, job=job, text="secret caption")
    annotation = AnnotationFactory(image=image, text="secret text", author=owner)
    return image, job, caption, annotation


def test_node_finds_nothing_private(owner, private):
    image, job, caption, annotation = private
    revision = Revision.objects.get(annotation=annotation)
    album = AlbumFactory(owner=owner, visibility="private")
    batch = Batch.objects.create(owner=owner)
    for asker in (Asker(), Asker(UserFactory()), Asker(moderator())):
        for row in (image, job, caption, annotation, revision, album, batch):
            found = asker.refused(
                NODE, id=gid(row, {"CaptionJob": "Job"}.get(type(row).__name__, ""))
            )
            assert found["code"] == "not_found", row
    mine = Asker(owner)
    for row in (image, caption, annotation, revision, album, batch):
        assert mine.ask(NODE, id=gid(row))["node"]["id"] == gid(row)


@pytest.mark.parametrize("given", ["", "x", "é", "SW1hZ2U6eA==", "VXNlcjo5OTk5", "UXVlcnk6MQ=="])
def test_ids_of_nothing(given):
    assert Asker().refused(NODE, id=given)["code"] in {"bad_id", "not_found"}


def test_people_are_not_listed_by_their_ids(owner):
    assert Asker(UserFactory()).refused(NODE, id=gid(owner))["code"] == "not_found"
    assert Asker(owner).ask(NODE, id=gid(owner))["node"]["__typename"] == "User"


def test_no_list_holds_what_is_private(owner, private):
    image, *_ = private
    unlisted = ImageFactory(owner=owner, visibility="unlisted", title="secret unlisted")
    album = AlbumFactory(owner=owner)
    for position, row in enumerate((image, unlisted)):
        AlbumItem.objects.create(album=album, image=row, position=position)
    query = """query Q($owner: ID!) {
      images { edges { node { title } } }
      theirs: images(owner: $owner, visibility: PRIVATE) { edges { node { title } } }
      jobs { edges { node { image { title } } } }
      search(text: "secret") { edges { node { matchedText image { title } } } }
      albums { edges { node { imageCount images { edges { node { title } } } } } }
    }"""
    for asker in (Asker(), Asker(UserFactory()), Asker(moderator())):
        data = asker.ask(query, owner=gid(owner))
        for name in ("images", "theirs", "jobs", "search"):
            assert data[name]["edges"] == []
        [shown] = data["albums"]["edges"]
        titles = [edge["node"]["title"] for edge in shown["node"]["images"]["edges"]]
        # Whoever sees an album sees its unlisted photos; private ones are their owner's.
        assert (titles, shown["node"]["imageCount"]) == (["secret unlisted"], 1)
    data = Asker(owner).ask(query, owner=gid(owner))
    lists = ("images", "theirs", "jobs", "search")
    assert [len(data[name]["edges"]) for name in lists] == [2, 1, 1, 2]


def test_links_do_not_lead_to_what_is_private(owner, private):
    image, job, caption, _annotation = private
    batch = Batch.objects.create(owner=None)
    BatchItem.objects.create(batch=batch, position=0, image=image, job=job)
    query = """query Q($batch: ID!) { batch(id: $batch) {
      items { edges { node { image { title } job { image { title } } } } } } }"""
    [edge] = Asker().ask(query, batch=str(batch.pk))["batch"]["items"]["edges"]
    assert edge["node"] == {"image": None, "job": None}
    # A moderator looks at the caption of a case, and not at the private photo it speaks of.
    CaseFactory(caption=caption)
    cases = """{ moderationCases { edges { node {
      caption { text image { title } job { id } } } } } }"""
    [edge] = Asker(moderator()).ask(cases)["moderationCases"]["edges"]
    assert edge["node"]["caption"] == {"text": "secret caption", "image": None, "job": None}


def test_hidden_captions_are_shown_nowhere():
    image = ImageFactory()
    job = JobFactory(image=image, done=True)
    voter = UserFactory()
    caption = CaptionFactory(image=image, job=job, text="something hidden")
    VoteFactory(caption=caption, voter=voter)
    annotation = AnnotationFactory(image=image)
    Revision.objects.filter(annotation=annotation).update(caption=caption)
    case = CaseFactory(caption=caption)
    Caption.everything.filter(pk=caption.pk).update(hidden_at=timezone.now())
    query = """query Q($image: ID!, $job: ID!, $text: ID!) {
      image(id: $image) { bestCaption { text } captions { edges { node { text } } } }
      job(id: $job) { captions { edges { node { text } } } }
      annotation(id: $text) { revisions { edges { node { caption { text } } } } }
      search(text: "something hidden") { edges { node { matchedText } } }
      me { votes { edges { node { caption { text } } } } }
    }"""
    for person in (voter, moderator()):
        asker = Asker(person)
        answer = asker.ask(query, image=gid(image), job=gid(job, "Job"), text=gid(annotation))
        assert "something hidden" not in str(answer)
        assert asker.refused(NODE, id=gid(caption))["code"] == "not_found"
    shown = "query Q($id: ID!) { moderationCase(id: $id) { caption { text hidden } } }"
    data = Asker(moderator()).ask(shown, id=str(case.pk))
    assert data["moderationCase"]["caption"] == {"text": "something hidden", "hidden": True}


def test_cases_are_for_moderators_with_the_scope():
    case = CaseFactory()
    ask = "{ moderationCases { edges { node { reason } } } }"
    assert Asker().refused(ask)["code"] == "sign_in_required"
    assert Asker(UserFactory()).refused(ask)["code"] == "insufficient_scope"
    judge = moderator()
    reading = Asker(token=token_for(judge, "captions:read"))
    assert reading.refused(ask)["scope"] == "moderation"
    assert reading.refused(NODE, id=gid(case))["code"] == "insufficient_scope"
    full = Asker(token=token_for(judge, "captions:read", "moderation"))
    assert len(full.ask(ask)["moderationCases"]["edges"]) == 1


def test_webhooks_and_tokens_are_ones_own(owner):
    endpoint = WebhookEndpoint.objects.create(
        owner=owner, url="https://example.org/", events=["caption.ready"], secret="sealed"
    )
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event="ping", payload={}, next_at=timezone.now()
    )
    for row in (endpoint, delivery):
        assert Asker(UserFactory()).refused(NODE, id=gid(row))["code"] == "not_found"
        assert Asker().refused(NODE, id=gid(row))["code"] in {"sign_in_required", "not_found"}
        assert Asker(owner).ask(NODE, id=gid(row))["node"]["id"] == gid(row)
    query = """{ me { user { name } tokens { edges { node { name } } }
      webhooks { edges { node { deliveries { edges { node { endpoint { url } } } } } } } } }"""
    assert Asker().ask("{ me { role } }")["me"] is None
    token = token_for(owner, "captions:read", "captions:write")
    data = Asker(owner).ask(query)["me"]
    assert data["user"]["name"] == owner.username
    assert len(data["tokens"]["edges"]) == len(data["webhooks"]["edges"]) == 1
    assert Asker(token=token).refused(query)["code"] == "session_required"


def test_a_token_needs_the_scope_to_read(owner):
    writing = Asker(token=token_for(owner, "captions:write"))
    assert writing.refused("{ me { role } }")["scope"] == "captions:read"
    response = Asker(token="cap_unknown").post("{ me { role } }")
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "invalid_token"
