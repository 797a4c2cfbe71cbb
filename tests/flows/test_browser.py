"""A person drops photos into a real Chromium and sees their captions, without reloading."""

import base64
import json
import re
import statistics

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.badfiles import BAD_FILES
from tests.factories import photo_bytes
from tests.flows.browser import WATCH_ARRIVALS, listen
from tests.flows.site import Site, upload

pytestmark = pytest.mark.flow

PATIENT = 15_000  # milliseconds
A_CAPTION = re.compile("picture|square")  # what the tiny model knows to say
DROP = """([name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type}));
    for (const kind of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(
            new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
    }
}"""
PASTE = """([name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, {type}));
    document.body.dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def page(browser: Browser, site: Site):
    """A fresh page on the gallery that must not complain about anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints = listen(page)
    page.goto(site.url)
    expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
    yield page
    assert complaints == []
    context.close()


def as_argument(data: bytes, name: str = "photo.jpg") -> list[str]:
    return [name, "image/jpeg", base64.b64encode(data).decode()]


def choose(page: Page, *files: tuple[str, bytes], kind: str = "image/jpeg") -> None:
    payload = [{"name": name, "mimeType": kind, "buffer": data} for name, data in files]
    page.locator("#file-input").set_input_files(payload)


def tray_row(page: Page, name: str):
    return page.locator("#tray-rows li").filter(has_text=name)


@pytest.mark.parametrize("way", [DROP, PASTE], ids=["dropped", "pasted"])
def test_a_photo_is_captioned_without_reloading(page, way):
    page.evaluate("window.same = true")
    page.evaluate(way, as_argument(photo_bytes(2001 + len(way)), "garden.jpg"))

    row = tray_row(page, "garden")
    expect(row.locator(".tray-state")).to_have_text(A_CAPTION, timeout=PATIENT)
    card = page.locator(".card").first
    expect(card).to_have_attribute("data-state", "done", timeout=PATIENT)
    expect(card.locator(".card-caption")).to_have_text(A_CAPTION)
    assert page.evaluate("window.same") is True

    card.locator("a").click()
    expect(page).to_have_url(re.compile("/photos/"))
    expect(page.locator(".caption")).to_have_count(3)
    meter = page.get_by_role("meter").first
    assert 0 <= float(meter.get_attribute("aria-valuenow") or -1) <= 100
    expect(page.locator(".panel")).to_contain_text("Beam")


def test_many_files_at_once_have_a_row_each(page):
    files = [(f"trip-{n}.jpg", photo_bytes(2100 + n)) for n in range(7)]
    files.insert(3, ("notes.jpg", b"these are not the pixels you are looking for"))
    choose(page, *files)

    expect(page.locator(".tray-row")).to_have_count(8)
    expect(page.locator(".tray-summary")).to_contain_text("7 of 8 captioned", timeout=30_000)
    expect(page.locator(".tray-summary")).to_contain_text("1 refused")
    expect(tray_row(page, "notes")).to_contain_text("is not a photo")


def test_every_bad_file_says_why_and_the_page_stays_calm(page):
    bad = BAD_FILES[:: max(1, len(BAD_FILES) // 8)]
    choose(page, *[(f"{n}-{item.name}", item.data) for n, item in enumerate(bad)])
    for n, item in enumerate(bad):
        state = tray_row(page, f"{n}-{item.name}").locator(".tray-state")
        expect(state).to_contain_text(re.compile(r"\.$"), timeout=PATIENT)
    expect(page.locator(".tray-retry:visible")).to_have_count(0)


def test_the_same_photo_again_shows_its_captions_at_once(page):
    data = photo_bytes(2200)
    choose(page, ("twice.jpg", data))
    state = page.locator("#tray-rows li .tray-state")
    expect(state.first).to_have_text(A_CAPTION, timeout=PATIENT)
    cards = page.locator(".card").count()
    choose(page, ("twice-again.jpg", data))
    expect(tray_row(page, "twice-again").locator(".tray-state")).to_have_text(
        A_CAPTION, timeout=PATIENT
    )
    assert page.locator(".card").count() == cards


def test_a_caption_made_in_one_browser_appears_in_another(browser, site):
    one, two = (browser.new_context().new_page() for _ in range(2))
    for page in (one, two):
        page.goto(site.url)
        expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
    two.evaluate(WATCH_ARRIVALS)
    for n in range(10):
        choose(one, (f"live-{n}.jpg", photo_bytes(2300 + n)))
        site.wait(lambda n=n: len(two.evaluate("window.arrivals")) > n, 15, "the caption")
    expect(two.locator(".card").first).to_have_attribute("data-state", "done")

    milliseconds = two.evaluate("window.arrivals")
    print(f"\ncommit to screen: median {statistics.median(milliseconds):.0f} ms", milliseconds)
    # The target is 100 ms (README has the figure); a busy test machine is given more.
    assert statistics.median(milliseconds) < 1000
    for page in (one, two):
        page.context.close()


def test_a_page_that_was_cut_off_reads_the_truth_again(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url)
    expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)

    site.kill("web")
    expect(page.locator("html[data-socket=closed]")).to_be_attached(timeout=PATIENT)
    site.wait(lambda: site.ready()["database"], 60, "the web to return")
    image = upload(site.url, photo_bytes(2400), patience=30)["image"]["id"]

    expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=60_000)
    card = page.locator(f'.card[data-image="{image}"]')
    expect(card).to_have_attribute("data-state", "done", timeout=PATIENT)
    context.close()


def test_scrolling_brings_more_photos_in_their_order(page, site):
    for n in range(40):
        upload(site.url, photo_bytes(2500 + n, size=(64, 48)))
    page.reload()
    before = page.locator(".card").count()
    page.mouse.wheel(0, 50_000)
    expect(page.locator(".card").nth(before)).to_be_attached(timeout=PATIENT)
    ids = page.locator(".card").evaluate_all("cards => cards.map(c => c.dataset.image)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("width", [1280, 768, 360])
def test_nothing_is_wider_than_the_screen(page, site, width):
    image = upload(site.url, photo_bytes(2600, size=(900, 300)))["image"]["id"]
    page.set_viewport_size({"width": width, "height": 800})
    for address in ("/", f"/photos/{image}/", "/nowhere/"):
        page.goto(site.url + address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_axe_finds_nothing(browser, site, theme):
    image = upload(site.url, photo_bytes(2700))["image"]["id"]
    site.wait(lambda: upload(site.url, photo_bytes(2700)).get("captions"), 30, "captions")
    context = browser.new_context()
    context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = context.new_page()
    for address in ("/", f"/photos/{image}/", "/nowhere/"):
        page.goto(site.url + address)
        page.wait_for_timeout(300)  # transitions of under 200 ms have ended
        found = Axe().run(page).response["violations"]
        assert found == [], json.dumps(found, indent=1)[:3000]
    context.close()


def test_the_keyboard_is_enough(page, site):
    for n in range(2):
        upload(site.url, photo_bytes(2800 + n))
    page.reload()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text(re.compile("Skip"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.locator(".card a").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/photos/"))
    here = page.url
    page.keyboard.press("j")
    expect(page).not_to_have_url(here)
    page.keyboard.press("k")
    expect(page).to_have_url(here)
    with page.expect_file_chooser():
        page.keyboard.press("u")


def test_hostile_file_names_are_text(page):
    page.evaluate(DROP, as_argument(photo_bytes(2900), "<img src=x onerror=alert(1)>.jpg"))
    expect(page.locator(".tray-name").first).to_have_text("<img src=x onerror=alert(1)>.jpg")
    expect(page.locator(".card").first).to_have_attribute("data-state", "done", timeout=PATIENT)
    page.locator(".tray-open").first.click()
    expect(page.locator(".photo-title")).to_contain_text("<img src=x onerror=alert(1)>")
