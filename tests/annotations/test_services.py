"""Published texts: versions without gaps, conflicts that lose nothing, and who hears of them."""

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from annotations.models import Annotation, Revision
from annotations.selectors import annotation_for, annotations_of, revisions_of
from annotations.services import EditConflict, annotation_edit, annotation_revert, caption_promote
from capsite.common import push
from capsite.common.errors import CapsiteError
from gallery.services.images import image_delete
from tests.factories import AnnotationFactory, CaptionFactory, ImageFactory, UserFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()


def edit(image, text: str, base: int, person=None, **more) -> Annotation:
    person = person or UserFactory()
    ask = {"language": "en"} | more
    return annotation_edit(person=person, image_id=image.pk, text=text, base_version=base, **ask)


def numbers(annotation: Annotation) -> list[int]:
    return [revision.number for revision in revisions_of(annotation)]


def test_every_change_is_a_version_and_the_newest_shows():
    image, first, second = ImageFactory(), UserFactory(), UserFactory()
    annotation = edit(image, "A dog.", 0, first)
    edit(image, "Two dogs.", 1, second)
    annotation.refresh_from_db()
    assert (annotation.version, annotation.text) == (2, "Two dogs.")
    assert annotation.author == second
    assert [(r.number, r.text, r.author) for r in revisions_of(annotation)] == [
        (2, "Two dogs.", second),
        (1, "A dog.", first),
    ]


def test_each_language_has_its_own_text():
    image = ImageFactory()
    edit(image, "A dog.", 0)
    edit(image, "Bir köpek.", 0, language="tr")
    texts = annotations_of(VISITOR, image.pk)
    assert [(text.language, text.version) for text in texts] == [("en", 1), ("tr", 1)]


def test_the_same_text_again_makes_no_version():
    image = ImageFactory()
    edit(image, "A dog.", 0)
    annotation = edit(image, "  A dog.\n", 1)
    assert (annotation.version, numbers(annotation)) == (1, [1])


@pytest.mark.parametrize("base", [0, 1, 3, -1])
def test_a_stale_base_is_a_conflict_that_hands_over_what_is_there(base):
    image, author = ImageFactory(), UserFactory()
    edit(image, "A dog.", 0)
    annotation = edit(image, "Two dogs.", 1, author)
    with pytest.raises(EditConflict) as caught:
        edit(image, "Three dogs.", base)
    conflict = caught.value
    assert (conflict.code, conflict.status, conflict.field) == (
        "edit_conflict", 409, "base_version",
    )  # fmt: skip
    assert conflict.data == {"version": 2, "text": "Two dogs.", "author": author.username}
    assert numbers(annotation) == [2, 1]


def test_a_base_where_there_is_no_text_yet():
    with pytest.raises(EditConflict) as caught:
        edit(ImageFactory(), "A dog.", 1)
    assert caught.value.data == {"version": 0, "text": "", "author": None}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \0\n"}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"text": "x", "language": "de"}, "language"),
    ],
    ids=["empty", "blank", "long", "language"],
)
def test_bad_input_is_named(fields, field):
    with pytest.raises(CapsiteError) as caught:
        edit(ImageFactory(), base=0, **fields)
    assert caught.value.field == field
    assert not Annotation.objects.exists()


def test_texts_are_composed_and_storable():
    assert edit(ImageFactory(), "ko\u0308pek\0\ud800", 0).text == "köpek"


def test_visitors_publish_nothing():
    annotation, caption = AnnotationFactory(), CaptionFactory()
    acts = [
        lambda: edit(annotation.image, "x", 1, VISITOR),
        lambda: caption_promote(person=VISITOR, caption_id=caption.pk, base_version=0),
        lambda: annotation_revert(
            person=VISITOR, annotation_id=annotation.pk, number=1, base_version=1
        ),
    ]
    for act in acts:
        with pytest.raises(CapsiteError) as caught:
            act()
        assert caught.value.code == "sign_in_required"


def test_a_private_photos_text_does_not_exist_for_others():
    image = ImageFactory(owner=UserFactory(), visibility="private")
    annotation = AnnotationFactory(image=image)
    caption = CaptionFactory(image=image)
    other = UserFactory()
    acts = [
        lambda: edit(image, "x", 1, other),
        lambda: caption_promote(person=other, caption_id=caption.pk, base_version=1),
        lambda: annotation_revert(
            person=other, annotation_id=annotation.pk, number=1, base_version=1
        ),
        lambda: annotation_for(other, annotation.pk),
        lambda: annotations_of(VISITOR, image.pk),
    ]
    for act in acts:
        with pytest.raises(CapsiteError) as caught:
            act()
        assert caught.value.code == "not_found"
    assert annotation_for(image.owner, annotation.pk) == annotation


def test_a_promoted_suggestion_names_its_caption():
    caption, person = CaptionFactory(text="a dog runs", language="tr"), UserFactory()
    annotation = caption_promote(person=person, caption_id=caption.pk, base_version=0)
    revision = Revision.objects.get()
    assert (annotation.language, annotation.text) == ("tr", "a dog runs")
    assert (revision.kind, revision.caption, revision.author) == ("promoted", caption, person)


def test_hidden_suggestions_are_not_promoted():
    caption = CaptionFactory(hidden_at="2026-01-01T00:00Z")
    with pytest.raises(CapsiteError) as caught:
        caption_promote(person=UserFactory(), caption_id=caption.pk, base_version=0)
    assert caught.value.code == "not_found"


def test_an_edited_suggestion_is_one_of_the_same_photo():
    image = ImageFactory()
    mine, other = CaptionFactory(image=image), CaptionFactory()
    edit(image, "A dog.", 0, caption_id=mine.pk)
    assert Revision.objects.get().caption == mine
    with pytest.raises(CapsiteError) as caught:
        edit(image, "A cat.", 1, caption_id=other.pk)
    assert (caught.value.code, caught.value.field) == ("other_photo", "caption")


def test_a_revert_is_a_new_version_that_names_the_old_one():
    image, person = ImageFactory(), UserFactory()
    edit(image, "A dog.", 0)
    annotation = edit(image, "Rubbish.", 1)
    annotation_revert(person=person, annotation_id=annotation.pk, number=1, base_version=2)
    newest = revisions_of(annotation).first()
    assert (newest.number, newest.text, newest.kind) == (3, "A dog.", "reverted")
    assert (newest.reverted_to, newest.author) == (1, person)
    for number in (0, 4, 2**40):
        with pytest.raises(CapsiteError) as caught:
            annotation_revert(
                person=person, annotation_id=annotation.pk, number=number, base_version=3
            )
        assert caught.value.code == "no_such_version"
    with pytest.raises(EditConflict):
        annotation_revert(person=person, annotation_id=annotation.pk, number=1, base_version=2)


def test_authors_may_leave_and_their_texts_stay():
    annotation = AnnotationFactory()
    annotation.author.delete()
    annotation.refresh_from_db()
    assert annotation.author is None
    edit(annotation.image, "Two dogs.", 1)
    assert numbers(annotation) == [2, 1]


def test_screens_hear_after_commit(monkeypatch, django_capture_on_commit_callbacks):
    pushed: list = []
    monkeypatch.setattr(push, "_push", lambda groups, told: pushed.append((groups, told)))
    image = ImageFactory(owner=UserFactory(), visibility="private")
    with django_capture_on_commit_callbacks(execute=True):
        annotation = edit(image, "A dog.", 0, image.owner)
        assert pushed == []
    [(groups, message)] = pushed
    assert set(groups) == {f"image.{image.pk}", f"user.{image.owner.pk}"}
    assert message == {
        "type": "annotation.updated",
        "image": str(image.pk),
        "annotation": {
            "id": str(annotation.pk),
            "language": "en",
            "version": 1,
            "text": "A dog.",
            "author": image.owner.username,
        },
    }


@pytest.mark.parametrize(
    "broken",
    [
        {"number": 0},
        {"number": 1},
        {"number": 2, "text": ""},
        {"number": 2, "kind": "reverted"},
        {"number": 2, "reverted_to": 1},
    ],
    ids=str,
)
def test_the_database_refuses_impossible_versions(broken):
    fields = {"annotation": AnnotationFactory(), "text": "x", "kind": "written"} | broken
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.create(**fields)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("base", [0, 1])
def test_of_twenty_edits_on_one_version_exactly_one_wins(base):
    image = ImageFactory()
    if base:
        edit(image, "First.", 0)
    people = UserFactory.create_batch(20)

    def act(place: int):
        return lambda: edit(image, f"Text {place}.", base, people[place])

    outcomes = at_once([act(place) for place in range(20)])
    [winner] = [each for each in outcomes if isinstance(each, Annotation)]
    conflicts = [each for each in outcomes if isinstance(each, EditConflict)]
    assert len(conflicts) == 19
    assert {(c.data["version"], c.data["text"]) for c in conflicts} == {(base + 1, winner.text)}
    annotation = Annotation.objects.get()
    assert (annotation.version, annotation.text) == (base + 1, winner.text)
    assert annotation.author == winner.author
    assert numbers(annotation) == list(range(base + 1, 0, -1))


@pytest.mark.django_db(transaction=True)
def test_editors_who_try_again_leave_no_gap():
    image = ImageFactory()
    people = UserFactory.create_batch(6)

    def persist(place: int) -> None:
        base = 0
        while True:
            try:
                return edit(image, f"Text {place}.", base, people[place])
            except EditConflict as conflict:
                base = conflict.data["version"]

    at_once([lambda place=place: persist(place) for place in range(6)])
    annotation = Annotation.objects.get()
    assert numbers(annotation) == [6, 5, 4, 3, 2, 1]
    assert annotation.text == revisions_of(annotation).first().text


@pytest.mark.django_db(transaction=True)
def test_a_photo_deleted_while_texts_are_published():
    owner = UserFactory()
    for _round in range(4):
        image = ImageFactory(owner=owner)
        edits = [
            lambda image=image, lang=lang: edit(image, "A dog.", 0, owner, language=lang)
            for lang in ("en", "tr")
        ]
        outcomes = at_once(
            [*edits, lambda image=image: image_delete(person=owner, image_id=image.pk)]
        )
        assert outcomes[-1] is None
        refusals = [each for each in outcomes if isinstance(each, CapsiteError)]
        assert {refusal.code for refusal in refusals} <= {"not_found"}
    assert not Annotation.objects.exists()


def test_no_such_text():
    with pytest.raises(CapsiteError) as caught:
        annotation_for(VISITOR, uuid.uuid4())
    assert caught.value.code == "not_found"
