"""The language of captions on the pages: chosen, shown, and said so when it could not be given."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from gallery.models import CaptionJob, Image
from gallery.models.job import State
from tests.factories import CaptionFactory, ImageFactory, JobFactory
from tests.gallery.test_pages import GALLERY_QUERIES

pytestmark = pytest.mark.django_db


def send(client, data: bytes, **fields):
    file = SimpleUploadedFile("photo.jpg", data, content_type="image/jpeg")
    return client.post(
        "/uploads/", {"image": file, **fields}, headers={"accept": "application/json"}
    )


def captioned(asked: str, given: str, *texts: str, image: Image | None = None) -> Image:
    """A photo with a finished job that asked for one language and came to captions in another."""
    job = JobFactory(done=True, language=asked, **({"image": image} if image else {}))
    for rank, text in enumerate(texts):
        CaptionFactory(image=job.image, job=job, text=text, language=given, rank=rank)
    return job.image


def panel(client, image: Image) -> str:
    return client.get(f"/photos/{image.pk}/captions/").content.decode()


@pytest.mark.parametrize(("fields", "asked"), [({}, "en"), ({"language": "tr"}, "tr")])
def test_an_upload_asks_for_captions_in_its_language(client, photo, fields, asked):
    assert send(client, photo, **fields).status_code == 201
    assert CaptionJob.objects.get().language == asked


@pytest.mark.parametrize("language", ["de", "", "TR", "tr\x00", "<b>"])
def test_an_unknown_language_names_those_there_are(client, photo, language):
    answer = send(client, photo, language=language)

    assert answer.status_code == 400
    error = answer.json()
    assert (error["code"], error["field"]) == ("invalid_choice", "language")
    assert error["message"].endswith("Choose one of: en, tr.")
    assert not Image.objects.exists()


def test_a_known_photo_in_another_language_waits_for_it(client, photo):
    send(client, photo)
    job = CaptionJob.objects.get()
    captioned("en", "en", "A dog runs.", image=job.image)
    CaptionJob.objects.filter(pk=job.pk).delete()

    answer = send(client, photo, language="tr").json()

    assert answer["existing"] is True
    assert answer["job"]["state"] == "queued"
    assert set(CaptionJob.objects.values_list("language", flat=True)) == {"en", "tr"}


def test_the_captions_asked_for_come_first(client, photo):
    send(client, photo)
    image = Image.objects.get()
    CaptionJob.objects.update(state=State.DONE, finished_at="2026-01-01T00:00Z")
    CaptionFactory(image=image, text="A dog.", confidence=0.9)
    captioned("tr", "tr", "Bir köpek.", image=image)

    answer = send(client, photo, language="tr").json()

    assert [caption["language"] for caption in answer["captions"]] == ["tr", "en"]


def test_captions_carry_their_language(client):
    image = captioned("tr", "tr", "İki köpek koşuyor.")

    page = client.get(f"/photos/{image.pk}/").content.decode()
    assert re.search(r'class="caption-text"\s+lang="tr"[^>]*>İki köpek koşuyor\.</p>', page)
    assert re.search(r'alt="İki köpek koşuyor\."\s+lang="tr"', page)
    assert "Given in" not in page
    card = client.get("/").content.decode()
    assert re.search(r'class="card-caption" lang="tr"[^>]*>İki köpek koşuyor\.', card)
    assert re.search(r'alt="İki köpek koşuyor\."\s+lang="tr"', card)


def test_a_photo_without_captions_has_no_language_of_its_own(client):
    JobFactory()
    assert 'class="card-caption" lang' not in client.get("/").content.decode().replace("  ", " ")


def test_english_for_turkish_is_said_to_be_english(client):
    image = captioned("tr", "en", "A dog runs.", "A dog in the grass.")
    shown = panel(client, image)
    assert shown.count("Given in English") == 2
    assert "Caption in Turkish" in shown  # a newer model may know more
    assert "Caption in English" not in shown


def test_turkish_answered_in_english_may_be_asked_for_again(client):
    image = captioned("tr", "en", "A dog runs.")
    client.post(f"/photos/{image.pk}/captions/", {"language": "tr"})
    assert sorted(image.jobs.values_list("state", flat=True)) == [State.DONE, State.QUEUED]
    assert "Caption in Turkish" not in panel(client, image)


def test_english_that_was_there_already_is_marked_when_turkish_could_not_be_given(client):
    image = captioned("en", "en", "A dog runs.", "Two dogs.")
    captioned("tr", "en", "A dog runs.", image=image)

    shown = panel(client, image)

    assert shown.count('class="caption-text"') == 2
    assert shown.count("Given in English") == 1


def test_once_turkish_is_there_no_english_is_marked(client):
    image = captioned("tr", "en", "A dog runs.")
    captioned("tr", "tr", "Bir köpek koşuyor.", image=image)
    assert "Given in English" not in panel(client, image)


def test_the_panel_offers_the_languages_nobody_asked_for(client):
    image = captioned("en", "en", "A dog runs.")
    assert "Caption in Turkish" in panel(client, image)
    assert "Caption in English" not in panel(client, image)

    answer = client.post(f"/photos/{image.pk}/captions/", {"language": "tr"})

    assert answer.status_code == 302
    assert answer["Location"] == f"/photos/{image.pk}/"
    job = CaptionJob.objects.get(language="tr")
    assert (job.state, job.image) == (State.QUEUED, image)
    assert "Caption in" not in panel(client, image)


def test_asking_twice_is_asking_once(client):
    image = captioned("en", "en", "A dog runs.")
    for _time in range(2):
        answer = client.post(
            f"/photos/{image.pk}/captions/", {"language": "tr"}, headers={"hx-request": "true"}
        )
        assert answer.status_code == 204
    assert CaptionJob.objects.filter(language="tr").count() == 1


def test_a_language_that_failed_is_offered_again(client):
    image = JobFactory(failed=True, language="tr").image
    captioned("en", "en", "A dog runs.", image=image)
    assert "Caption in Turkish" in panel(client, image)


def test_asking_for_what_there_is_not_names_what_there_is(client):
    image = captioned("en", "en", "A dog runs.")
    for fields in ({}, {"language": "de"}):
        answer = client.post(
            f"/photos/{image.pk}/captions/", fields, headers={"accept": "application/json"}
        )
        assert answer.status_code == 400
        assert "Choose one of: en, tr." in answer.json()["message"]
    assert CaptionJob.objects.count() == 1


def test_only_those_who_may_upload_may_ask(client, settings):
    settings.CAPSITE_ANONYMOUS_UPLOADS = False
    image = captioned("en", "en", "A dog runs.")
    assert "Caption in" not in panel(client, image)
    assert client.post(f"/photos/{image.pk}/captions/", {"language": "tr"}).status_code == 403
    private = ImageFactory(visibility="private")
    assert client.post(f"/photos/{private.pk}/captions/", {"language": "tr"}).status_code == 404


@pytest.mark.parametrize(("cookie", "chosen"), [("", "en"), ("tr", "tr"), ("<script>", "en")])
def test_the_choice_for_new_photos_is_remembered(client, cookie, chosen):
    client.cookies["caption_language"] = cookie
    page = client.get("/").content.decode()
    [checked] = re.findall(r'name="language" value="(\w\w)" autocomplete="off" checked', page)
    assert checked == chosen


@pytest.mark.parametrize(
    ("fields", "header", "asked"),
    [({}, "tr", "tr"), ({"language": "en"}, "tr", "en"), ({}, None, "en")],
)
def test_a_program_may_name_the_language_in_a_header(client, photo, fields, header, asked):
    file = SimpleUploadedFile("photo.jpg", photo, content_type="image/jpeg")
    headers = {"x-caption-language": header} if header else {}
    answer = client.post("/api/v1/captions", {"image": file, **fields}, headers=headers)
    assert answer.status_code == 202
    assert answer.json()["job"]["language"] == asked


@pytest.mark.parametrize("where", ["field", "header"])
def test_a_program_is_told_which_languages_there_are(client, photo, where):
    file = SimpleUploadedFile("photo.jpg", photo, content_type="image/jpeg")
    fields = {"language": "de"} if where == "field" else {}
    headers = {"x-caption-language": "de"} if where == "header" else {}
    body = client.post("/api/v1/captions", {"image": file, **fields}, headers=headers).json()
    assert (body["status"], body["code"], body["field"]) == (400, "invalid_choice", "language")
    assert body["detail"] == "'de' is no language of captions. Choose one of: en, tr."


def test_a_gallery_of_two_languages_takes_as_many_queries(client, django_assert_num_queries):
    captioned("en", "en", "A dog runs.")
    with django_assert_num_queries(GALLERY_QUERIES):
        client.get("/")
    image = captioned("tr", "en", "A dog.", "Two dogs.")
    captioned("en", "en", "A dog runs.", image=image)
    with django_assert_num_queries(GALLERY_QUERIES):
        client.get("/")
