"""Search: what is found, in what order, through which filters, and never what one may not see."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from annotations.search import Filters, search
from capsite.common.errors import CapsiteError
from gallery.models import Image
from tests.factories import AnnotationFactory, CaptionFactory, ImageFactory, UserFactory

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()


def found(text: str, person=VISITOR, **filters) -> list[Image]:
    return list(search(person, text=text, filters=Filters(**filters)))


def test_words_of_captions_texts_and_titles_are_found_with_what_matched():
    by_caption = CaptionFactory(text="an elephant drinks").image
    by_text = AnnotationFactory(text="An elephant bathes in the river.").image
    by_title = ImageFactory(title="Elephant")
    CaptionFactory(text="a small red car")
    hits = {image: image.matched_text for image in search(VISITOR, text="elephant")}
    assert hits == {
        by_caption: "an elephant drinks",
        by_text: "An elephant bathes in the river.",
        by_title: "Elephant",
    }


@pytest.mark.parametrize(
    "text", ["snowbording", "SNOWBOARDING", "snowboardings", "  snowboarding\n"]
)
def test_typing_errors_and_case_are_forgiven(text):
    image = CaptionFactory(text="a man is snowboarding downhill").image
    assert found(text) == [image]


def test_the_best_match_comes_first_and_each_photo_once():
    close = CaptionFactory(text="a grey elephant").image
    CaptionFactory(image=close, text="another grey elephant")
    far = CaptionFactory(text="a gray elephant").image
    hits = found("grey elephant")
    assert hits == [close, far]
    assert 1 >= hits[0].rank > hits[1].rank > 0
    assert hits[0].matched_text == "a grey elephant"


def test_a_published_text_is_shown_before_a_suggestion():
    image = CaptionFactory(text="an elephant").image
    AnnotationFactory(image=image, text="A young elephant plays.")
    [hit] = found("elephant")
    assert hit.matched_text == "A young elephant plays."


def test_private_and_unlisted_photos_are_found_by_their_owner_alone():
    owner = UserFactory()
    for visibility in ("private", "unlisted"):
        image = ImageFactory(owner=owner, visibility=visibility, title="Elephant")
        CaptionFactory(image=image, text="an elephant")
        AnnotationFactory(image=image, text="An elephant.")
    for person in (VISITOR, UserFactory()):
        assert found("elephant", person) == []
    assert len(found("elephant", owner)) == 2


def test_hidden_captions_are_not_found():
    CaptionFactory(text="a rude zeppelin", hidden_at="2026-01-01T00:00Z")
    assert found("zeppelin") == []


def test_filters():
    uploader = UserFactory()
    image = ImageFactory(owner=uploader, title="x")
    CaptionFactory(image=image, text="an elephant", strategy="greedy", confidence=0.8)
    AnnotationFactory(image=image, text="An elephant sleeps.", language="tr")
    other = ImageFactory(title="Elephant")
    assert set(found("elephant")) == {image, other}
    assert found("elephant", strategy="greedy") == [image]
    assert found("elephant", strategy="beam") == []
    assert found("elephant", min_confidence=0.8) == [image]
    assert found("elephant", min_confidence=0.81) == []
    assert found("elephant", language="tr") == [image]
    assert found("elephant", language="en") == [image]
    assert found("elephant", uploader=uploader.username) == [image]
    assert found("elephant", uploader="nobody") == []


def test_since_and_until_bound_the_upload():
    now = timezone.now()
    old, new = ImageFactory(title="Elephant"), ImageFactory(title="Elephant")
    Image.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=9))
    Image.objects.filter(pk=new.pk).update(created_at=now)
    assert found("elephant", since=now) == [new]
    assert found("elephant", until=now) == [old]
    assert found("elephant", since=now - timedelta(days=9), until=now) == [old]


@pytest.mark.parametrize("text", ["", " \0 ", "x" * 201])
def test_too_short_or_too_long(text):
    with pytest.raises(CapsiteError) as caught:
        search(VISITOR, text=text)
    assert caught.value.field == "q"


@pytest.mark.parametrize("text", ["%", "' OR 1=1 --", "\\", "☃", "a\ud800b", "{}"])
def test_odd_words_find_nothing_and_break_nothing(text):
    CaptionFactory(text="an elephant drinks")
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "count", "queries"),
    [
        ("elephant", 1, 3),  # begun, similar; the photos
        ("elephant", 25, 3),
        ("elephant", 31, 2),  # enough at once
        ("elephant drinks", 1, 4),  # and all of it
        ("elephant drinks", 25, 4),
        ("an elephant at the water drinks", 0, 2),  # what many words are like is not asked
    ],
)
def test_how_many_queries_it_takes(text, count, queries, django_assert_num_queries):
    for _each in range(count):
        CaptionFactory(text="an elephant drinks")
    with django_assert_num_queries(queries):
        assert len(found(text)) == count


def test_words_that_are_begun_are_found_while_they_are_typed():
    image = CaptionFactory(text="a man is snowboarding downhill").image
    CaptionFactory(text="a crossbow")
    for typed in ("s", "sn", "snowb", "man snowb", "downhill man"):
        assert found(typed) == [image], typed


def test_short_words_count_only_where_there_are_no_others():
    image = CaptionFactory(text="a tv on the wall").image
    assert found("tv") == [image]
    assert found("wall at no tv") == [image]


def test_common_words_bring_the_newest(monkeypatch):
    monkeypatch.setattr("annotations.hits.MOST_HITS", 3)
    images = [CaptionFactory(text="an elephant drinks").image for _each in range(5)]
    assert found("elephant") == images[:1:-1]


def test_pages_of_a_search_count_and_slice():
    for _each in range(5):
        CaptionFactory(text="an elephant drinks")
    hits = search(VISITOR, text="elephant")
    assert hits.count() == 5
    assert list(hits[:3]) + list(hits[3:]) == list(hits)


@pytest.mark.parametrize(
    "text", ['a "red" boat', r"a \red\ boat", "{red},boat,NULL", "a 'red' boat"]
)
def test_any_text_comes_back_as_it_was_written(text):
    caption = CaptionFactory(text=text)
    [found] = search(AnonymousUser(), text="boat")
    assert found == caption.image
    assert found.matched_text == text
