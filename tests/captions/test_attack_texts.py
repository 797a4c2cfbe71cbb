"""Texts that try to be something else are text: on every page, in every answer, on a phone too."""

import json
import struct
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page

from annotations.services import annotation_edit
from capsite.common.texts import tidy_line
from captions.models import Caption, ModerationCase
from captions.services.votes import vote_cast
from captions.webhooks.bodies import slack_text
from captions.webhooks.events import Event
from captions.webhooks.services import endpoint_create
from gallery.models import Image
from gallery.services.albums import album_add, album_create
from gallery.services.uploads import image_upload
from tests.factories import CaptionFactory, JobFactory, UserFactory, photo_bytes
from tests.flows.browser import chromium, listen
from tests.graphql.asking import Asker
from tests.graphql.live import live_site

pytestmark = [pytest.mark.django_db(transaction=True)]

MARKS = "".join(map(chr, range(0x300, 0x370)))
MARKUP = (
    "<script>attack(1)</script><img src=attack onerror=attack(2)> </textarea></title></script>"
    '<iframe src=attack></iframe> "\'><svg onload=attack(3)><a href="javascript:attack(4)">x</a>'
)
LANGUAGES = (
    "&lt;b&gt; {{ 7|add:7 }} {% now 'Y' %} {count} ${7*7} %(photo)s %s $& \\u003cb\\u003e "
    '\'; DROP TABLE captions_caption; -- 100%_\\ =HYPERLINK("http://attack";"x") @SUM(1) +1 -1'
)
UNICODE = (
    "\u202egpj.exe\u2066 \u05e9\u05dc\u05d5\u05dd 12 (x) \u0645\u0631\u062d\u0628\u0627 "
    f"Z{MARKS}a{MARKS}l\u200bgo \ufeff \U0001f469\u200d\U0001f469\u200d\U0001f467 "
    "\U0001f3f4\U000e0067\U000e0062\U000e007f"
)
ATTACKS = [MARKUP, LANGUAGES, UNICODE, "W" * 150 + "\u00a0" + "i" * 40]
WATCH = """
window.attacked = [];
window.attack = (number) => window.attacked.push(number);
document.addEventListener("securitypolicyviolation",
    (event) => window.attacked.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
MADE = (
    "script:not([src], [type='application/json'], [type='speculationrules']), iframe, [onload], "
    "[onerror], [src='attack'], [href^='javascript']"
)
# What lies to the right of the screen, whether it can be scrolled there or not.
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter((one) => {
    const box = one.getBoundingClientRect();
    const hidden = one.closest(".visually-hidden, svg") || !one.checkVisibility();
    const scrolled = one.closest("table, pre") || getComputedStyle(one).position === "fixed";
    return !hidden && !scrolled && box.width && box.right > innerWidth + 1;
}).map((one) => one.outerHTML.slice(0, 160)).slice(-3)"""


@pytest.fixture(autouse=True)
def _threads(monkeypatch, media):
    """Playwright runs an event loop in this thread, beside which Django would refuse its tables."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    monkeypatch.setenv("CAPSITE_MEDIA", str(media))  # for the site in a process of its own
    cache.clear()


def with_camera(data: bytes, text: str) -> bytes:
    """Put a text into a JPEG as the name of its camera and of its lens."""
    value = text.encode()[:250] + b"\0"
    entries = struct.pack("<HHHII", 2, 0x010F, 2, len(value), 38)
    entries += struct.pack("<HHII", 0xA434, 2, len(value), 38)
    block = b"Exif\0\0II*\0\x08\0\0\0" + entries + b"\0\0\0\0" + value
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


@pytest.fixture
def browser(story):
    """A Chromium of its own: one that runs keeps a test from making its tables."""
    with chromium() as running:
        yield running


@pytest.fixture
def story():
    """An administrator's photos, each with one attack in everything that people can write."""
    person = UserFactory(username="a" * 150, is_staff=True, is_superuser=True)
    other = UserFactory(username="\u05d0\u05d1\u05d2@+.-_")
    images = []
    for number, text in enumerate(ATTACKS):
        data = with_camera(photo_bytes(number, size=(640, 480)), text)
        image = image_upload(data=data, name=f"{text}.jpg", person=person).image
        caption = CaptionFactory(image=image, text=tidy_line(text), confidence=0.9)
        CaptionFactory(image=image, text=f"not {tidy_line(text)}", language="tr", rank=1)
        ask = {"image_id": image.pk, "language": "en"}
        annotation_edit(person=other, text=f"{text} {text}", base_version=0, **ask)
        annotation_edit(person=person, text=f"Now {text}", base_version=1, **ask)
        report = {"value": -1, "harmful": True, "reason": text[:500]}
        vote_cast(person=other, caption_id=caption.pk, **report)
        JobFactory(image=image, failed=True, error_message=tidy_line(text), language="tr")
        album = album_create(
            person=person, title=text[:200], description=text * 2, visibility="public"
        )
        album_add(person=person, album_id=album.pk, image_ids=[image.pk])
        images.append(image)
    endpoint_create(
        person=person, url="https://example.org/", events=["caption.ready"], name=MARKUP[:60]
    )
    return person, images


def addresses(images: list[Image]) -> list[str]:
    """Return every page that shows what people wrote."""
    found = ["/", "/history/", "/albums/", "/account/", "/account/tokens/", "/dashboard/"]
    found += [f"/search/?q={quote(text[:200])}" for text in ATTACKS]
    for image in images:
        caption = Caption.objects.get(image=image, language="en")
        text, album = image.annotations.get(), image.albums.get()
        found += [f"/photos/{image.pk}/", f"/albums/{album.pk}/", f"/texts/{text.pk}/versions/"]
        if image in (images[0], images[-1]):
            found += [
                f"/photos/{image.pk}/actions/",
                f"/photos/{image.pk}/delete/",
                f"/photos/{image.pk}/texts/en/",
                f"/captions/{caption.pk}/report/",
                f"/albums/{album.pk}/edit/",
                f"/albums/{album.pk}/delete/",
                f"/admin/captions/moderationcase/{ModerationCase.objects.get(caption=caption).pk}/change/",
                f"/admin/gallery/image/{image.pk}/change/",
                f"/admin/annotations/annotation/{text.pk}/change/",
            ]
    tables = [
        *("captions/moderationcase", "captions/caption", "captions/vote", "gallery/captionjob"),
        *("gallery/image", "gallery/album", "annotations/annotation", "annotations/revision"),
        *("captions/webhookendpoint", "captions/webhookdelivery", "accounts/user"),
    ]
    return found + [f"/admin/{table}/" for table in tables]


def shown(page: Page, address: str) -> list[str]:
    """Open a page, and return what is wrong with it."""
    answer = page.goto(address, wait_until="load")
    wrong = [] if answer and answer.status == 200 else [f"status {answer and answer.status}"]
    wrong += [str(each) for each in page.evaluate("window.attacked")]
    wrong += page.locator(MADE).evaluate_all("all => all.map((one) => one.outerHTML.slice(0, 80))")
    if "/admin/" not in address or "/moderationcase/" in address:
        wrong += page.evaluate(OUTSIDE)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append("wide")
    return wrong


def test_every_page_shows_attacks_as_text(browser, story):
    person, images = story
    client = Client()
    client.force_login(person)
    with live_site() as host:
        site = f"http://{host}"
        context = browser.new_context(viewport={"width": 360, "height": 780})
        value = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": value, "url": site}])
        context.add_init_script(WATCH)
        page = context.new_page()
        complaints, dialogs = listen(page), []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        found = {address: shown(page, site + address) for address in addresses(images)}
        texts = page_texts(page, site, images)
        context.close()
    assert {address: wrong for address, wrong in found.items() if wrong} == {}
    assert (complaints, dialogs) == ([], [])
    assert texts == {image.pk: True for image in images}


def page_texts(page: Page, site: str, images: list[Image]) -> dict:
    """Tell of each photo whether its page says its caption letter for letter."""
    said = {}
    for image in images:
        page.goto(f"{site}/photos/{image.pk}/")
        told = page.locator(".caption-text").all_text_contents()
        said[image.pk] = {caption.text for caption in image.captions.all()} <= set(told)
    return said


def test_programs_get_the_letters(client, story):
    """REST and GraphQL answer JSON that is no page, with the texts as they are kept."""
    _person, images = story
    texts = [Caption.objects.get(image=image, language="en").text for image in images]
    assert texts == [tidy_line(text) for text in ATTACKS]
    answer = client.get("/api/v2/images?limit=50")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    rows = answer.json()["results"]
    assert {row["best_caption"]["text"] for row in rows} == set(texts)
    assert not any("\u202e" in row["title"] or len(row["title"]) > 255 for row in rows)
    asked = Asker().ask("{ images(first: 50) { edges { node { bestCaption { text } } } } }")
    nodes = [edge["node"]["bestCaption"]["text"] for edge in asked["images"]["edges"]]
    assert set(nodes) == set(texts)
    exif = [image.exif.get("camera_make", "") for image in images]
    assert all(text.isprintable() and len(text) <= 80 for text in exif)
    assert any(text.startswith("<script>") for text in exif)


def test_halves_of_letters_and_zeros_break_nothing(client, story):
    """Lone surrogates and NUL in JSON and in addresses are refused or left out, never a 500."""
    person, images = story
    client.force_login(person)
    image, caption = images[0], Caption.objects.filter(image=images[0]).first()
    bad = "\\ud800\\u0000x\\udfff"
    for method, address, body in [
        ("patch", f"/api/v2/images/{image.pk}", f'{{"title": "{bad}"}}'),
        ("post", "/api/v2/albums", f'{{"title": "{bad}", "description": "{bad}"}}'),
        (
            "put",
            f"/api/v2/images/{image.pk}/annotations/tr",
            f'{{"text": "{bad}", "base_version": 0}}',
        ),
        ("put", f"/api/v2/captions/{caption.pk}/vote", f'{{"value": -1, "reason": "{bad}"}}'),
        ("put", f"/api/v1/captions/{caption.pk}/vote", f'{{"value": -1, "reason": "{bad}"}}'),
        ("post", "/api/v2/webhooks", f'{{"url": "https://example.org/{bad}", "events": ["ping"]}}'),
        ("post", "/api/v2/me/tokens", f'{{"name": "{bad}", "scopes": ["captions:read"]}}'),
        (
            "post",
            "/graphql/",
            f'{{"query": "{{ search(text: \\"{bad}\\") {{ edges {{ cursor }} }} }}"}}',
        ),
    ]:
        answer = getattr(client, method)(address, body, content_type="application/json")
        assert answer.status_code < 500, (address, answer.content)
    for query in ("q=%00", "q=%ED%A0%80", "q=%F0%9F", "q=a&uploader=%00", "q=a&cursor=%00"):
        for address in ("/search/", "/api/v1/search", "/api/v2/search"):
            assert client.get(f"{address}?{query}").status_code < 500, (address, query)
    for query in ("edited_by=%00", "edited_by=%ED%A0%80", "edited_by=%27%22%25"):
        assert client.get(f"/api/v2/annotations?{query}").status_code in (200, 400)
    for address in ("/history/?language=%00", "/?cursor=%00", "/albums/?cursor=%ED%A0%80"):
        assert client.get(address).status_code < 500


def test_slack_and_mail_get_text(story):
    said = slack_text(
        Event.CAPTION_READY,
        {
            "image": {"title": "<!channel> <http://attack|x>"},
            "captions": [{"text": "%(x)s & <@U1>"}],
        },
    )
    assert "<" not in said
    assert ">" not in said
    assert "%(x)s &amp; &lt;@U1&gt;" in said
    assert json.loads(json.dumps(said)) == said
