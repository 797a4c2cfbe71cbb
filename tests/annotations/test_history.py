"""The edit history in the database: it says what the versions say, and texts are found by it."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from annotations.edits import annotations_edited
from annotations.models import Annotation, Revision
from annotations.services import EditConflict, annotation_edit, annotation_revert, caption_promote
from capsite.accounts.models import AuditEvent
from capsite.common.errors import CapsiteError
from captions.models import Caption, Decision, ModerationCase, Vote
from captions.services.moderation import case_decide
from captions.services.votes import vote_cast
from gallery.models import Image
from tests.factories import (
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    UserFactory,
    moderator,
)
from tests.races import at_once

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()


def told(annotation: Annotation) -> list[dict]:
    """Return what the versions say, in the form in which the history says it."""
    rows = Revision.objects.filter(annotation=annotation).order_by("number")
    return [
        {
            "number": row.number,
            "kind": row.kind,
            "author": row.author_id,
            "caption": row.caption_id and str(row.caption_id),
            "reverted_to": row.reverted_to,
            "at": row.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        for row in rows
    ]


def kept(annotation: Annotation) -> list[dict]:
    return Annotation.objects.get(pk=annotation.pk).history


def edit(image, text: str, base: int, person) -> Annotation:
    given = {"image_id": image.pk, "language": "en", "text": text, "base_version": base}
    return annotation_edit(person=person, **given)


@pytest.fixture
def story(client):
    """A suggestion that ada published, ben edited and ada restored."""
    caption, ada, ben = CaptionFactory(), UserFactory(username="ada"), UserFactory(username="ben")
    annotation = caption_promote(person=ada, caption_id=caption.pk, base_version=0)
    edit(caption.image, "Two dogs.", 1, ben)
    annotation_revert(person=ada, annotation_id=annotation.pk, number=1, base_version=2)
    return annotation


def test_the_history_says_what_the_versions_say(story):
    assert kept(story) == told(story)
    assert [(each["number"], each["kind"], each["reverted_to"]) for each in kept(story)] == [
        (1, "promoted", None),
        (2, "written", None),
        (3, "reverted", 1),
    ]
    ada = story.revisions.get(number=1).author
    ada.delete()
    assert [each["author"] is None for each in kept(story)] == [True, False, True]
    assert kept(story) == told(story)


def test_programs_find_texts_by_their_edits(client, story, django_assert_num_queries):
    private = AnnotationFactory(
        image=ImageFactory(owner=UserFactory(), visibility="private"), author=UserFactory()
    )
    other = AnnotationFactory(author__username="cem", language="tr")

    def found(**asked) -> list[str]:
        answer = client.get("/api/v2/annotations", asked)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [str(other.pk), str(story.pk)]
    assert found(edited_by="ada", kind="reverted") == [str(story.pk)]
    assert found(edited_by="ben") == [str(story.pk)]
    assert found(edited_by="ben", kind="reverted") == []  # one edit fits all
    assert found(caption=str(story.revisions.get(number=1).caption_id)) == [str(story.pk)]
    assert found(language="tr") == [str(other.pk)]
    assert found(edited_by="nobody") == found(edited_by=private.author.username) == []
    for field, bad in (("kind", "sung"), ("caption", "x"), ("language", "de")):
        assert client.get("/api/v2/annotations", {field: bad}).json()["field"] == field

    first = client.get("/api/v2/annotations", {"limit": 1}).json()
    [row] = client.get(first["next"]).json()["results"]
    assert [(each["number"], each["author"]["name"]) for each in row["history"]] == [
        (1, "ada"),
        (2, "ben"),
        (3, "ada"),
    ]
    with django_assert_num_queries(2):  # texts, and everybody in their histories
        client.get("/api/v2/annotations")


def test_the_index_answers(story):
    many = [ImageFactory.build() for _each in range(1_000)]
    words = " ".join(f"word{number}" for number in range(100))
    texts = [Annotation(image=each, language="en", version=1, text=words) for each in many]
    for kind, rows in ((Image, many), (Annotation, texts)):
        kind.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('annotation_history')")
        cursor.execute("ANALYZE annotations_annotation, gallery_image")
    plan = annotations_edited(VISITOR, edited_by="ada", kind="reverted").explain()
    assert "Bitmap Index Scan on annotation_history" in plan
    assert "Seq Scan" not in plan


@pytest.mark.django_db(transaction=True)
def test_texts_of_before_get_their_history():
    annotation = AnnotationFactory()
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    try:
        executor.migrate([("annotations", "0001_initial")])
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO annotations_revision (annotation_id, number, text, kind, created_at)"
                " VALUES (%s, 2, 'Two dogs.', 'written', now())",
                [annotation.pk],
            )
    finally:
        MigrationExecutor(connection).migrate(leaves)
    assert len(kept(annotation)) == 2
    assert kept(annotation) == told(annotation)


@pytest.mark.django_db(transaction=True)
def test_fifty_of_each_on_one_caption():
    """Votes, edits and decisions together: what was taken is there, what was not was refused."""
    caption = CaptionFactory()
    case, annotation = CaseFactory(caption=caption), AnnotationFactory(image=caption.image)
    voters, editors = UserFactory.create_batch(50), UserFactory.create_batch(50)
    deciders = [moderator() for _each in range(50)]
    leaving = annotation.author  # takes the name from version 1 meanwhile

    def vote(place: int):
        value = 1 if place % 3 else -1
        return vote_cast(person=voters[place], caption_id=caption.pk, value=value)

    def write(place: int):
        return edit(caption.image, f"text {place}", 1, editors[place])

    def decide(place: int):
        word = "approve" if place % 2 else "hide"
        return case_decide(person=deciders[place], case_id=case.pk, decision=word)

    kinds = (vote, write, decide)
    acts = [lambda act=act, n=n: act(n) for n in range(50) for act in kinds]
    outcomes = at_once([*acts, leaving.delete])
    votes, edits, decisions = outcomes[0:150:3], outcomes[1:150:3], outcomes[2:150:3]

    case.refresh_from_db()
    [decided] = [each for each in decisions if isinstance(each, ModerationCase)]
    assert (decided.decision, case.state) == (case.decision, "decided")
    assert [each.code for each in decisions if each is not decided] == ["case_decided"] * 49
    assert AuditEvent.objects.filter(kind="case.decided").count() == 1

    taken = [each for each in votes if isinstance(each, Vote)]
    refused = {each.code for each in votes if isinstance(each, CapsiteError)}
    hidden = case.decision == Decision.HIDE
    assert refused <= ({"not_found"} if hidden else set())
    assert {(each.voter_id, each.value) for each in taken} == set(
        Vote.objects.values_list("voter_id", "value")
    )
    row = Caption.everything.get(pk=caption.pk)
    ups = sum(each.value == 1 for each in taken)
    assert (row.up_votes, row.down_votes) == (ups, len(taken) - ups)
    assert (row.hidden_at is not None) == hidden

    [winner] = [each for each in edits if isinstance(each, Annotation)]
    conflicts = [each for each in edits if isinstance(each, EditConflict)]
    assert len(conflicts) == 49
    assert {(each.data["version"], each.data["text"]) for each in conflicts} == {(2, winner.text)}
    published = Annotation.objects.get()
    assert (published.version, published.text) == (2, winner.text)
    assert kept(published) == told(published)
    assert [each["number"] for each in kept(published)] == [1, 2]
    assert kept(published)[0]["author"] is None
