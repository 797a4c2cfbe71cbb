"""Captions in Turkish, from the choice on the page to the words on the screen."""

import json
import re
from collections.abc import Iterator

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

from tests.flows.browser import listen
from tests.flows.site import Site, short_folder, upload
from tests.workers.tiny import build_tiny_captioner, plain_photo

pytestmark = pytest.mark.flow

PATIENT = 15_000  # milliseconds
RED_IN_TURKISH = re.compile("kırmızı", re.IGNORECASE)


@pytest.fixture(scope="module")
def turkish_site(tmp_path_factory) -> Iterator[Site]:
    """A site whose tiny model writes English and Turkish."""
    model = build_tiny_captioner(tmp_path_factory.mktemp("bilingual"), ("en", "tr"))
    with short_folder() as var:
        running = Site(var, model).start()
        yield running
        assert running.stop() == 0


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page that must not complain about anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints = listen(page)
    yield page
    assert complaints == []
    context.close()


def visit(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)


def send(site: Site, data: bytes, **fields: str) -> str:
    """Send a photo the way the upload tray does, and return its id."""
    session = requests.Session()
    found = re.search('csrf-token" content="(.+?)"', session.get(site.url, timeout=30).text)
    assert found
    answer = session.post(
        f"{site.url}/uploads/",
        files={"image": ("photo.png", data)},
        data=fields,
        headers={"X-CSRFToken": found[1], "Referer": site.url, "Accept": "application/json"},
        timeout=30,
    )
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["image"]["id"]


def stored(site: Site, image: str) -> list[tuple]:
    """The language asked for, the language given and the words, for each caption of a photo."""
    return site.query(
        "SELECT job.language, caption.language, caption.text FROM captions_caption caption "
        f"JOIN gallery_captionjob job ON job.id = caption.job_id WHERE caption.image_id = '{image}'"
    )


def choose_turkish(page: Page) -> None:
    page.get_by_role("button", name="Language: English").first.click()
    page.get_by_role("radio", name="Türkçe").check()
    page.keyboard.press("Escape")


def test_an_upload_in_turkish_is_captioned_in_turkish(turkish_site):
    address = turkish_site.url.replace("http", "ws") + "/ws/gallery/"
    with connect(address, origin=turkish_site.url) as socket:
        image = send(turkish_site, plain_photo("blue", file_format="PNG"), language="tr")
        message = {"state": ""}
        while message.get("image") != image or message["state"] != "done":
            message = json.loads(socket.recv(30))
    assert {caption["language"] for caption in message["captions"]} == {"tr"}
    rows = stored(turkish_site, image)
    assert len(rows) == 3
    assert {(asked, given) for asked, given, _text in rows} == {("tr", "tr")}
    assert all("mavi" in text for *_languages, text in rows)


def test_where_the_model_has_no_turkish_english_is_given_and_marked(site, page):
    image = send(site, plain_photo("green", size=(70, 50)), language="tr")
    site.wait(lambda: stored(site, image), 30, "captions")
    rows = stored(site, image)
    assert {(asked, given) for asked, given, _text in rows} == {("tr", "en")}

    visit(page, f"{site.url}/photos/{image}/")
    first = page.locator(".caption").first
    expect(first.locator(".caption-text")).to_have_attribute("lang", "en")
    expect(first).to_contain_text("Given in English")


def test_the_choice_on_the_page_holds_for_new_photos(turkish_site, page):
    visit(page, turkish_site.url)
    choose_turkish(page)
    data = plain_photo("red", size=(72, 50))
    file = {"name": "wall.jpg", "mimeType": "image/jpeg", "buffer": data}
    page.locator("#file-input").set_input_files([file])

    state = page.locator(".tray-row .tray-state")
    expect(state).to_have_text(RED_IN_TURKISH, timeout=PATIENT)
    expect(state).to_have_attribute("lang", "tr")
    card = page.locator(".card").first
    expect(card.locator(".card-caption")).to_have_text(RED_IN_TURKISH, timeout=PATIENT)
    expect(card.locator(".card-caption")).to_have_attribute("lang", "tr")
    expect(card.locator(".photo")).to_have_attribute("lang", "tr")

    page.reload()
    expect(page.locator("#language-menu input[value=tr]")).to_be_checked()
    expect(page.locator(".card .card-caption").first).to_have_attribute("lang", "tr")


def test_a_photo_captioned_in_english_can_be_captioned_in_turkish(turkish_site, page):
    image = upload(turkish_site.url, plain_photo("red", size=(80, 50)))["image"]["id"]
    turkish_site.wait(lambda: stored(turkish_site, image), 30, "captions")
    visit(page, f"{turkish_site.url}/photos/{image}/")
    expect(page.locator(".caption")).to_have_count(3)

    page.get_by_role("button", name="Caption in Turkish").click()

    expect(page.locator(".caption-text[lang=tr]")).to_have_count(3, timeout=PATIENT)
    expect(page.locator(".caption-text[lang=en]")).to_have_count(3)
    expect(page.locator(".caption-text[lang=tr]").first).to_have_text(RED_IN_TURKISH)
    expect(page.get_by_role("button", name="Caption in Turkish")).to_have_count(0)
    expect(page.locator(".caption-instead")).to_have_count(0)


@pytest.mark.parametrize(
    ("width", "theme"), [(1280, "light"), (360, "dark"), (768, "contrast"), (360, "light")]
)
def test_axe_finds_nothing_in_the_menu_and_the_panel(site, browser, width, theme):
    image = send(site, plain_photo("yellow", size=(90, 60)), language="tr")
    english = upload(site.url, plain_photo("white", size=(90, 60)))["image"]["id"]
    site.wait(lambda: stored(site, image) and stored(site, english), 30, "captions")
    context = browser.new_context(viewport={"width": width, "height": 800})
    context.add_cookies(
        [
            {"name": "theme", "value": theme, "url": site.url},
            {"name": "caption_language", "value": "tr", "url": site.url},
        ]
    )
    page = context.new_page()
    for address in (f"/photos/{image}/", f"/photos/{english}/", "/"):
        visit(page, site.url + address)
        page.locator("[popovertarget=language-menu]:visible").click()
        page.wait_for_timeout(300)  # transitions of under 200 ms have ended
        found = Axe().run(page, options={"preload": False}).response["violations"]
        assert found == [], json.dumps(found, indent=1)[:3000]
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    context.close()
