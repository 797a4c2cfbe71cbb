"""Published texts on the photo page: written, promoted, reverted, and two people at once."""

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotations.models import Annotation, Revision
from annotations.services import TEXT_LENGTH, annotation_edit
from captions.services.votes import vote_cast
from tests.factories import (
    AnnotationFactory,
    CaptionFactory,
    ImageFactory,
    JobFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SCRIPT = {"hx-request": "true"}
PAGE_QUERIES = 7  # the photo, its jobs, captions, models, the newer and the older one, its texts
MEMBER_QUERIES = PAGE_QUERIES + 3  # the session, the member, their votes


@pytest.fixture
def member(client):
    """The person whose browser ``client`` is."""
    person = UserFactory(username="ada")
    client.force_login(person)
    return person


def edit_url(image, language: str = "en") -> str:
    return f"/photos/{image.pk}/texts/{language}/"


def send(client: Client, image, text: str, base: object, headers=SCRIPT, **more):
    body = {"text": text, "base_version": base} | more
    return client.post(edit_url(image), body, headers=headers)


def edited(annotation: Annotation, *texts: str) -> Annotation:
    """Publish texts one after another."""
    for text in texts:
        annotation.refresh_from_db()
        annotation_edit(
            person=annotation.author,
            image_id=annotation.image_id,
            language=annotation.language,
            text=text,
            base_version=annotation.version,
        )
    annotation.refresh_from_db()
    return annotation


def test_the_photo_page_shows_what_is_published_and_by_whom(client):
    annotation = AnnotationFactory(text="A dog runs.", author__username="grace")
    CaptionFactory(image=annotation.image)
    page = client.get(f"/photos/{annotation.image_id}/").content.decode()
    assert "A dog runs." in page
    assert "by grace" in page
    assert page.index("A dog runs.") < page.index('id="captions"')
    assert "Sign in to edit" in page
    assert "text-base" not in page  # no form for those who may not


def test_a_photo_without_a_text_says_so(client, member):
    image = ImageFactory()
    assert "Nothing is published yet" in client.get(f"/photos/{image.pk}/").content.decode()
    text = client.get(f"/photos/{image.pk}/texts/").content.decode()
    assert "Write in English" in text
    assert "Write in Turkish" in text
    assert "<html" not in text


def test_a_text_is_written_and_edited(client, member):
    image = ImageFactory()
    form = client.get(edit_url(image), headers=SCRIPT).content.decode()
    assert '<input type="hidden" name="base_version" value="0">' in form
    answer = send(client, image, "A dog\r\nruns.", 0)
    assert answer.status_code == 200
    assert 'data-version="1"' in answer.content.decode()
    assert send(client, image, "Two dogs run.", 1).status_code == 200
    row = Annotation.objects.get()
    assert (row.version, row.text, row.author) == (2, "Two dogs run.", member)


def test_a_plain_browser_gets_pages_and_is_led_back(client, member):
    image = ImageFactory()
    page = client.get(edit_url(image)).content.decode()
    assert "<html" in page
    answer = send(client, image, "A dog.", 0, headers={})
    assert answer["Location"] == f"/photos/{image.pk}/#text-en"
    stale = send(client, image, "A cat.", 0, headers={})
    assert stale.status_code == 409
    assert "<html" in stale.content.decode()
    versions = f"/texts/{Annotation.objects.get().pk}/versions/"
    assert "<html" in client.get(versions).content.decode()
    assert "<html" not in client.get(versions, headers=SCRIPT).content.decode()


def test_an_edit_may_begin_as_a_suggestion(client, member):
    caption = CaptionFactory(text="a dog runs")
    address = f"{edit_url(caption.image)}?caption={caption.pk}"
    form = client.get(address, headers=SCRIPT).content.decode()
    assert ">a dog runs</textarea>" in form
    send(client, caption.image, "A brown dog runs.", 0, caption=str(caption.pk))
    revision = Revision.objects.get()
    assert (revision.kind, revision.caption) == ("written", caption)
    elsewhere = f"{edit_url(ImageFactory())}?caption={caption.pk}"
    assert client.get(elsewhere).status_code == 404
    assert client.get(f"{edit_url(caption.image)}?caption=x").status_code == 400


def test_a_suggestion_is_promoted_and_marked(client, member):
    caption, other = CaptionFactory.create_batch(2, image=ImageFactory(), confidence=0.5)
    page = f"/photos/{caption.image_id}/captions/"
    assert "data-published" not in client.get(page).content.decode()
    address = f"/captions/{caption.pk}/promote/"
    answer = client.post(address, {"base_version": 0}, headers=SCRIPT)
    assert caption.text in answer.content.decode()
    text = client.get(page).content.decode()
    assert text.count("data-published") == 1
    assert f'id="caption-{caption.pk}"' in text.split("data-published")[0]
    assert client.post(address, {"base_version": 1}).status_code == 302  # the same again
    assert Revision.objects.get().kind == "promoted"
    stale = client.post(f"/captions/{other.pk}/promote/", {"base_version": 0}, headers=SCRIPT)
    assert stale.status_code == 409
    assert other.text in stale.content.decode()


def test_two_people_at_once_meet_both_texts_and_lose_none(client, member):
    annotation = AnnotationFactory(text="A dog runs.", author__username="grace")
    image = annotation.image
    edited(annotation, "A brown dog runs.")
    answer = send(client, image, "A dog runs fast.", 1)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "grace changed this text meanwhile" in text
    assert "brown" in text.split("<ins>")[1].split("</ins>")[0]
    assert "fast" in text.split("<ins>")[2].split("</ins>")[0]
    assert ">A dog runs fast.</textarea>" in text
    assert '<input type="hidden" name="base_version" value="2">' in text
    assert send(client, image, "A dog runs fast.", 2).status_code == 200
    assert list(Revision.objects.order_by("number").values_list("text", flat=True)) == [
        "A dog runs.",
        "A brown dog runs.",
        "A dog runs fast.",
    ]


def test_versions_show_what_changed_and_go_back(client, member):
    annotation = edited(AnnotationFactory(text="A dog runs."), "A dog sleeps.")
    address = f"/texts/{annotation.pk}/versions/"
    text = client.get(address, headers=SCRIPT).content.decode()
    assert "removed: </span>runs</del>" in text
    assert "added: </span>sleeps</ins>" in text
    assert text.index("Version 2") < text.index("Version 1")
    revert = f"/texts/{annotation.pk}/revert/"
    answer = client.post(revert, {"number": 1, "base_version": 2}, headers=SCRIPT)
    assert "A dog runs." in answer.content.decode()
    assert "Version 1 restored" in client.get(address).content.decode()
    stale = client.post(revert, {"number": 2, "base_version": 2}, headers=SCRIPT)
    assert stale.status_code == 409
    assert ">A dog sleeps.</textarea>" in stale.content.decode()
    assert client.post(revert, {"number": 9, "base_version": 3}).status_code == 400


def test_long_histories_come_in_pieces(client):
    annotation = AnnotationFactory(text="1.")
    edited(annotation, *(f"{number}." for number in range(2, 46)))
    address = f"/texts/{annotation.pk}/versions/"
    seen: list[int] = []
    timeline = client.get(address).context["timeline"]
    while True:
        seen += [version.revision.number for version in timeline.versions]
        assert all(v.pieces for v in timeline.versions)
        if not timeline.before:
            break
        timeline = client.get(address, {"before": timeline.before}).context["timeline"]
    assert seen == list(range(45, 0, -1))
    assert client.get(address, {"before": "x"}).status_code == 400
    assert client.get(address, {"before": -3}).status_code == 200


@pytest.mark.parametrize("text", ["", " \n ", "x" * (TEXT_LENGTH + 1)])
def test_a_bad_text_comes_back_with_what_is_wrong(client, member, text):
    image = ImageFactory()
    answer = send(client, image, text, 0)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in page
    assert f"A text has 1 to {TEXT_LENGTH} characters" in page
    assert text.strip() in page
    assert not Annotation.objects.exists()


def test_bad_forms_are_clear_errors(client, member):
    caption = CaptionFactory()
    image = caption.image
    assert send(client, image, "A dog.", "x").status_code == 422
    assert client.get(edit_url(image, "xx")).status_code == 400
    promote = client.post(f"/captions/{caption.pk}/promote/", {}, headers=SCRIPT)
    assert promote.json()["field"] == "base_version"
    unknown = client.post(f"/captions/{uuid.uuid4()}/promote/", {"base_version": 0})
    assert unknown.status_code == 404


def test_visitors_are_led_to_the_way_to_sign_in(client):
    annotation = AnnotationFactory()
    image = annotation.image
    assert client.get(edit_url(image))["Location"] == f"/account/login/?next={edit_url(image)}"
    answer = send(client, image, "A cat.", 1)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")
    assert client.get(f"/texts/{annotation.pk}/versions/").status_code == 200
    assert Revision.objects.count() == 1


def test_private_photos_have_no_texts_for_others(client, member):
    image = ImageFactory(owner=UserFactory(), visibility="private")
    annotation = AnnotationFactory(image=image)
    versions = f"/texts/{annotation.pk}/versions/"
    for address in (edit_url(image), f"/photos/{image.pk}/texts/", versions):
        assert client.get(address, headers=SCRIPT).status_code == 404
    assert send(client, image, "Mine.", 1).status_code == 404


def test_texts_are_text_everywhere(client, member):
    attack = "<script>alert(1)</script>\u202e"
    annotation = edited(AnnotationFactory(text="A dog."), attack)
    stale = send(client, annotation.image, f"{attack} mine", 1).content.decode()
    pages = [
        client.get(address, headers=headers).content.decode()
        for address in (
            f"/photos/{annotation.image_id}/",
            edit_url(annotation.image),
            f"/texts/{annotation.pk}/versions/",
        )
        for headers in (SCRIPT, {})
    ]
    for page in [stale, *pages]:
        assert "<script>alert" not in page


@pytest.mark.parametrize("count", [1, 15])
def test_the_photo_page_takes_the_same_queries_however_much_was_said(client, member, count):
    image = JobFactory(done=True).image
    for caption in CaptionFactory.create_batch(count, image=image):
        vote_cast(person=UserFactory(), caption_id=caption.pk, value=1)
    texts = [f"Text {number}." for number in range(count)]
    edited(AnnotationFactory(image=image, text="First."), *texts)
    AnnotationFactory(image=image, language="tr")
    for browser, expected in ((Client(), PAGE_QUERIES), (client, MEMBER_QUERIES)):
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(f"/photos/{image.pk}/").status_code == 200
        assert len(queries) == expected, [query["sql"][:80] for query in queries]


@pytest.mark.parametrize("count", [1, 15])
def test_versions_take_the_same_queries(client, count, django_assert_num_queries):
    texts = [f"Text {number}." for number in range(count)]
    annotation = edited(AnnotationFactory(text="First."), *texts)
    with django_assert_num_queries(2):  # the text with its photo, the versions with their authors
        client.get(f"/texts/{annotation.pk}/versions/", headers=SCRIPT)
