"""The interface in two languages: chosen, remembered, complete; codes stay what they are."""

import html
import json
import re
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotations.models import Annotation
from capsite.common.bodylimit import limit_body
from captions.api.shared.documents import document
from captions.models import Caption
from gallery.models import Image
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    CaseFactory,
    ImageFactory,
    JobFactory,
    UserFactory,
    VoteFactory,
)
from tests.gallery.test_pages import GALLERY_QUERIES
from tests.translations.catalogue import PO, read

pytestmark = pytest.mark.django_db
TURKISH = {"accept-language": "tr-TR,tr;q=0.9,en;q=0.5"}
GERMAN = {"accept-language": "de-DE,de;q=0.9"}


def text(answer) -> str:
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize(
    ("headers", "lang", "word"),
    [({}, "en", "Albums"), (TURKISH, "tr", "Albümler"), (GERMAN, "en", "Albums")],
)
def test_a_first_visit_speaks_the_language_of_the_browser(client, headers, lang, word):
    page = client.get("/", headers=headers)
    assert f'<html lang="{lang}"' in text(page)
    assert f">{word}<" in re.sub(r"\s+", "", text(page))
    assert page["Content-Language"] == lang
    assert "Accept-Language" in page["Vary"]


def test_the_choice_is_kept_in_a_cookie_and_outlives_signing_in(client):
    answer = client.post("/language/", {"language": "tr"}, headers={"referer": "/albums/?page=2"})
    assert (answer.status_code, answer["Location"]) == (302, "/albums/?page=2")
    cookie = answer.cookies["language"]
    assert (cookie.value, cookie["max-age"], cookie["samesite"]) == ("tr", 31_536_000, "Lax")
    member = UserFactory()
    client.post("/account/login/", {"login": member.username, "password": "a long enough password"})
    assert "_auth_user_id" in client.session
    assert '<html lang="tr"' in text(client.get("/", headers={"accept-language": "en"}))


def test_nobody_is_led_away_and_no_unknown_language_is_taken():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/language/", {"language": "tr"}).status_code == 403
    client = Client()
    answer = client.post("/language/", {"language": "tr", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"
    answer = client.post("/language/", {"language": "xx"})
    assert "language" not in answer.cookies


def test_the_menu_says_which_language_is_shown(client):
    for lang, name in (("en", "English"), ("tr", "Türkçe")):
        page = text(client.get("/", headers={"accept-language": lang}))
        now = re.search(r"data-language-now>(\S+)<", page)
        assert now is not None
        assert now[1] == name
        [chosen] = re.findall(r'value="(\w\w)"\s+lang="\w\w"\s+aria-current="true"', page)
        assert chosen == lang


def test_captions_are_asked_for_in_the_language_of_the_page_unless_chosen(client):
    def asked(**cookies) -> str:
        client.cookies.clear()
        for name, value in cookies.items():
            client.cookies[name] = value
        page = text(client.get("/"))
        [found] = re.findall(r'value="(\w\w)" autocomplete="off" checked', page)
        return found

    assert asked() == "en"
    assert asked(language="tr") == "tr"
    assert asked(language="tr", caption_language="en") == "en"
    assert asked(language="en", caption_language="tr") == "tr"
    assert asked(language="tr", caption_language="<b>") == "tr"


def test_figures_and_days_are_written_in_turkish(client):
    job = JobFactory(done=True)
    CaptionFactory(image=job.image, job=job, text="A dog.", confidence=0.72)
    Image.objects.update(created_at=datetime(2026, 4, 23, 9, 30, tzinfo=UTC), size=1_572_864)
    page = text(client.get(f"/photos/{job.image.pk}/", headers=TURKISH))
    assert ">%72<" in re.sub(r"\s+", "", page)
    assert "23 Nisan 2026" in page
    assert "1,5\xa0MB" in page
    assert 'width="72%"' in page  # attributes are for machines


def test_gallery_in_turkish_takes_as_many_queries(client, django_assert_num_queries):
    CaptionFactory(image=JobFactory(done=True).image)
    with django_assert_num_queries(GALLERY_QUERIES):
        client.get("/", headers=TURKISH)


# --- complete ------------------------------------------------------------------------------------


@pytest.fixture
def filled():
    """One of everything, of an administrator."""
    person = UserFactory(username="Zehra", is_staff=True, is_superuser=True, email="z@e.example")
    image = ImageFactory(owner=person, title="Kapı")
    job = JobFactory(done=True, image=image)
    caption = CaptionFactory(image=image, job=job, text="Bir köpek.", language="tr")
    VoteFactory(caption=caption)
    AnnotationFactory(image=image, author=person, text="Bir köpek bekliyor.")
    CaseFactory(caption=caption)
    JobFactory(failed=True, image=ImageFactory(title="Bozuk", owner=person))
    AlbumFactory(owner=person, title="Sokak")
    return person


def addresses() -> list[str]:
    image = Image.objects.get(title="Kapı").pk
    caption, note = Caption.objects.get().pk, Annotation.objects.get().pk
    names = ("account_email", "account_change_password", "usersessions_list", "mfa_index")
    own = ("home", "tokens", "applications")
    changelists = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
        if not model.__module__.startswith("allauth.")
    ]
    return [
        *("/", "/albums/", "/history/", "/search/?q=k%C3%B6pek", "/search/?q=zzz", "/nowhere/"),
        f"/photos/{image}/",
        *(f"/photos/{image}/{page}/" for page in ("actions", "delete", "texts", "texts/en")),
        *(f"/captions/{caption}/report/", f"/texts/{note}/versions/", "/albums/new/"),
        *(reverse(name) for name in names),
        *(reverse(f"accounts:{name}") for name in own),
        *("/admin/", *changelists),
    ]


def sentences() -> dict[str, str]:
    """Return English sentences that are long enough not to be part of Turkish ones."""
    messages = [message for message in read(PO) if message.id]
    plain = {
        source: said
        for message in messages
        for source, said in [(message.id, message.string)]
        if isinstance(source, str) and isinstance(said, str) and source != said
    }
    return {source: said for source, said in plain.items() if " " in source and "%" not in source}


def test_no_page_speaks_english_to_turkish_readers(client, filled):
    client.force_login(filled)
    english = [re.escape(source) for source in sentences()]
    pattern = re.compile(r"(?<![\w-])(?:" + "|".join(english) + r")(?!\w)")
    for address in addresses():
        page = client.get(address, headers=TURKISH)
        assert page.status_code in (200, 404), address
        words = re.sub(r"<(script|style)\b.*?</\1>", "", text(page), flags=re.DOTALL)
        assert "<html" not in words or '<html lang="tr"' in words, address
        assert pattern.findall(words) == [], address


# --- what programs are told ----------------------------------------------------------------------


def both(ask) -> tuple[dict, dict]:
    """Return an answer's body in English and in Turkish, of the same status."""
    english, turkish = ask({"accept-language": "en"}), ask(TURKISH)
    assert english.status_code == turkish.status_code
    assert turkish["Content-Language"] == "tr"
    return json.loads(english.content), json.loads(turkish.content)


@pytest.mark.parametrize(
    ("address", "code", "detail"),
    [
        (
            "/api/v1/images/7f8c1c52-8a34-4a5e-9f53-1d4a1c7b0d11",
            "not_found",
            "Böyle bir fotoğraf yok ya da özel.",
        ),
        ("/api/v2/me/tokens", "sign_in_required", None),
        ("/api/v2/images?cursor=nonsense", "bad_cursor", None),
        ("/api/v2/images?limit=0", "min_value", None),
        ("/api/v2/nothing", "not_found", "Bu adreste bir şey yok."),
    ],
)
def test_problem_details_follow_accept_language_and_codes_do_not(client, address, code, detail):
    english, turkish = both(lambda headers: client.get(address, headers=headers))
    assert english["code"] == turkish["code"] == code
    assert english["field"] == turkish["field"]
    assert english["detail"] != turkish["detail"]
    assert detail is None or turkish["detail"] == detail


def test_a_refused_photo_is_explained_with_turkish_figures(client, settings):
    settings.CAPSITE_UPLOAD_MAX_BYTES = 1024**2

    def send(headers):
        file = SimpleUploadedFile("a.jpg", b"\xff\xd8\xff" + bytes(1_300_000))
        return client.post("/api/v1/captions", {"image": file}, headers=headers)

    english, turkish = both(send)
    assert english["detail"] == "This file is 1.3 MB. The limit is 1 MB."
    assert turkish["detail"] == "Bu dosya 1,3 MB. Sınır 1 MB."
    assert (turkish["code"], turkish["size"]) == ("file_too_large", english["size"])


def test_a_file_that_is_no_photo_is_named_in_turkish(client):
    file = SimpleUploadedFile("a.jpg", b"%PDF-1.7 nothing")
    answer = client.post(
        "/uploads/", {"image": file}, headers=TURKISH | {"accept": "application/json"}
    )
    assert answer.json()["message"].startswith("Bu dosya bir PDF belgesi; ")
    assert answer.json()["kind"] == "a PDF document"


def test_graphql_refuses_in_turkish(client):
    def ask(headers):
        body = {"query": '{ image(id: "nonsense") { id } }'}
        return client.post("/graphql/", body, content_type="application/json", headers=headers)

    english, turkish = both(ask)
    codes = [body["errors"][0]["extensions"]["code"] for body in (english, turkish)]
    assert codes[0] == codes[1]
    assert english["errors"][0]["message"] != turkish["errors"][0]["message"]


def test_why_a_photo_failed_is_said_in_the_readers_language(client):
    job = JobFactory(failed=True, error_code="worker_lost", error_message="The worker stopped.")
    address = f"/photos/{job.image.pk}/"
    assert "The worker stopped." in text(client.get(address, headers={"accept-language": "en"}))
    said = "İşleyici, bu fotoğrafa açıklama yazarken birkaç kez durdu."
    page = text(client.get(address, headers=TURKISH))
    assert page.count(said) == 2  # the panel, and the words for scripts
    body = client.get(f"/api/v2/jobs/{job.pk}", headers=TURKISH).json()
    assert body["error"] == {"code": "worker_lost", "message": said}


def test_the_openapi_document_is_english_whoever_asks_first(client):
    document.cache_clear()
    turkish = client.get("/api/v2/openapi.json", headers=TURKISH).content
    document.cache_clear()
    assert client.get("/api/v2/openapi.json").content == turkish


def test_the_largest_bodies_are_refused_in_turkish():
    async def drained(_scope, receive, _send):
        while (await receive())["more_body"]:
            pass

    async def receive():
        return {"body": bytes(1000), "more_body": True}

    async def refused(name: bytes, value: bytes) -> dict:
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "path": "/api/v2/captions", "headers": [(name, value)]}
        await limit_body(drained, max_bytes=1_048_576)(scope, receive, send)
        return json.loads(sent[1]["body"])

    for name, value in ((b"accept-language", b"tr"), (b"cookie", b"language=tr")):
        body = async_to_sync(refused)(name, value)
        assert body["code"] == "request_too_large"
        assert body["detail"] == "Bu istek çok büyük. Sınır 1 MB."
