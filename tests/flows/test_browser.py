"""A person drops photos into a real Chromium and sees their captions, without reloading."""

import base64
import json
import os
import re
import signal
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

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
HEAR = """() => {
    window.done = [];
    document.addEventListener("capsite:message", ({detail: {state, image}}) => {
        if (state === "done") window.done.push(image);
    });
}"""
REFRESH = """() => {
    const urls = performance.getEntriesByType("resource").map(({name}) => name);
    const panel = import(urls.find((url) => url.includes("/js/panel.")));
    panel.then(({refreshPanel}) => refreshPanel());
}"""

COUNT_PICKERS = """() => {
    const { dataset } = document.documentElement;
    document.getElementById("file-input").addEventListener("click", (event) => {
        dataset.pickers = Number(dataset.pickers ?? 0) + Number(navigator.userActivation.isActive);
        event.preventDefault();
    });
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


def card_ids(page: Page) -> list[str]:
    return page.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.image)")


def ids_in_order(site: Site) -> list[str]:
    rows = site.query("SELECT id FROM gallery_image ORDER BY created_at DESC, id DESC")
    return [str(row[0]) for row in rows]


@contextmanager
def frozen_worker(site: Site) -> Iterator[None]:
    """Photos keep waiting their turn meanwhile."""
    pid = site.status()["worker"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def hold_first(page: Page, address: str) -> list[tuple[Route, APIResponse]]:
    """Fetch the first answer from ``address`` now and keep it until the test lets it go."""
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    page.route(re.compile(address), hold)
    return held


def let_go(held: list[tuple[Route, APIResponse]]) -> None:
    route, answer = held[0]
    with route.request.frame.page.expect_response(route.request.url):
        route.fulfill(response=answer)


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
    ids = card_ids(page)
    assert ids == ids_in_order(site)[: len(ids)]


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
        found = Axe().run(page, options={"preload": False}).response["violations"]
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
    # Asked of the page itself: Playwright misses a file chooser now and then.
    page.evaluate(COUNT_PICKERS)
    page.keyboard.press("u")
    expect(page.locator("html[data-pickers='1']")).to_be_attached()


def test_hostile_file_names_are_text(page):
    page.evaluate(DROP, as_argument(photo_bytes(2900), "<img src=x onerror=alert(1)>.jpg"))
    expect(page.locator(".tray-name").first).to_have_text("<img src=x onerror=alert(1)>.jpg")
    expect(page.locator(".card").first).to_have_attribute("data-state", "done", timeout=PATIENT)
    page.locator(".tray-open").first.click()
    expect(page.locator(".photo-title")).to_contain_text("<img src=x onerror=alert(1)>")


def test_an_overtaken_answer_does_not_undo_the_captions(page, site):
    with frozen_worker(site):
        image = upload(site.url, photo_bytes(3000))["image"]["id"]
        page.goto(f"{site.url}/photos/{image}/")
        expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
        expect(page.locator("#captions")).to_have_attribute("data-state", "queued")
        page.wait_for_load_state("networkidle")  # what opening the socket asked for
        held = hold_first(page, f"/photos/{image}/captions/")
        page.evaluate(REFRESH)
        site.wait(lambda: page.wait_for_timeout(50) or held, 10, "the first answer")
    expect(page.locator("#captions")).to_have_attribute("data-state", "done", timeout=PATIENT)

    let_go(held)
    page.wait_for_timeout(300)
    expect(page.locator("#captions")).to_have_attribute("data-state", "done")


@pytest.mark.parametrize("scrolled", [True, False], ids=["all shown", "first page shown"])
def test_photos_removed_while_cut_off_leave_the_page(browser, site, scrolled):
    for n in range(35 - len(ids_in_order(site))):
        upload(site.url, photo_bytes(3100 + 50 * scrolled + n, size=(64, 48)))
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    if not scrolled:
        page.route(re.compile(r"\?cursor="), lambda _route: None)  # more never comes
    page.goto(site.url)
    expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
    if scrolled:
        page.mouse.wheel(0, 50_000)
        expect(page.locator(".card").nth(31)).to_be_attached(timeout=PATIENT)
    page.wait_for_timeout(300)
    before = card_ids(page)
    gone = [before[2], before[-1]]

    site.kill("web")
    remove_unheard(site, gone)
    expect(page.locator("html[data-socket=closed]")).to_be_attached(timeout=PATIENT)
    expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=60_000)
    for image in gone:
        expect(page.locator(f'.card[data-image="{image}"]')).to_have_count(0, timeout=PATIENT)
    page.wait_for_timeout(300)
    assert card_ids(page) == [image for image in before if image not in gone]
    context.close()


def remove_unheard(site: Site, ids: list[str]) -> None:
    these = ", ".join(f"'{image}'" for image in ids)
    site.execute(
        f"DELETE FROM captions_caption WHERE image_id IN ({these});"
        f"DELETE FROM gallery_captionjob WHERE image_id IN ({these});"
        f"DELETE FROM gallery_image WHERE id IN ({these})"
    )


def test_a_card_that_was_on_its_way_hears_what_was_said_meanwhile(page, site):
    with frozen_worker(site):
        oldest = upload(site.url, photo_bytes(3200, size=(64, 48)))["image"]["id"]
        for n in range(1, 31):
            upload(site.url, photo_bytes(3200 + n, size=(64, 48)))
        held = hold_first(page, r"\?cursor=")
        page.reload()
        expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
        page.mouse.wheel(0, 50_000)
        site.wait(lambda: page.wait_for_timeout(50) or held, 10, "the next cards")
        page.evaluate(HEAR)
    page.wait_for_function("(image) => window.done.includes(image)", arg=oldest, timeout=PATIENT)

    let_go(held)
    card = page.locator(f'.card[data-image="{oldest}"]')
    expect(card).to_have_attribute("data-state", "done", timeout=PATIENT)
