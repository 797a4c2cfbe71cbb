"""A person points at the words of a caption and sees, in Chromium, where the captioner looked."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.factories import photo_bytes
from tests.flows.browser import listen
from tests.flows.site import Site, upload
from tests.flows.test_browser import REFRESH, frozen_worker

pytestmark = pytest.mark.flow

PATIENT = 20_000  # milliseconds
HEAT = "canvas.heat[data-shown]"
BRIGHTEST = """(canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const reds = pixels.filter((_, place) => place % 4 === 0);
    return [canvas.width, canvas.height, Math.max(...reds)];
}"""


def captioned(site: Site, number: int) -> str:
    """Upload a photo and return the address of its page once it has captions."""
    data = photo_bytes(number, size=(320, 200))
    image = upload(site.url, data)["image"]["id"]
    site.wait(lambda: upload(site.url, data).get("captions"), 30, "captions")
    return f"{site.url}/photos/{image}/"


@pytest.fixture
def page(browser: Browser, site: Site):
    """A fresh page that must not complain about anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints = listen(page)
    yield page
    assert complaints == []
    context.close()


def words(page: Page):
    return page.locator(".caption-suggested .word")


def test_pointing_at_a_word_lights_up_the_photo(page, site):
    page.goto(captioned(site, 6001))
    sentence = page.locator(".caption-suggested .caption-text")
    assert words(page).all_inner_texts() == sentence.inner_text().rstrip(".").split()

    words(page).nth(1).hover()
    expect(page.locator(HEAT)).to_be_attached(timeout=PATIENT)
    page.wait_for_timeout(300)
    width, height, red = page.locator(HEAT).evaluate(BRIGHTEST)
    assert width / height == pytest.approx(320 / 200, rel=0.01)
    assert red > 200  # the glow of the design's colour

    page.mouse.move(5, 5)
    expect(page.locator(HEAT)).to_have_count(0)
    count = "SELECT count(*) FROM captions_captionheatmap h JOIN captions_caption c"
    shown = page.locator(".caption-suggested").get_attribute("data-caption")
    [(rows,)] = site.query(f"{count} ON c.id = h.caption_id WHERE c.id = '{shown}'")
    assert rows == 1


def test_the_keyboard_goes_from_word_to_word(page, site):
    page.goto(captioned(site, 6002))
    expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
    page.wait_for_load_state("networkidle")
    stops = page.locator('.caption-suggested .word[tabindex="0"]')
    expect(stops).to_have_count(1)
    page.locator("[download]").focus()
    while not page.evaluate("document.activeElement.matches('.word')"):
        page.keyboard.press("Tab")
    expect(words(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(words(page).nth(1)).to_be_focused()
    expect(stops).to_have_count(1)
    expect(page.locator(HEAT)).to_be_attached(timeout=PATIENT)
    said = re.compile(f"{words(page).nth(1).inner_text()}: it looked mostly at the ")
    expect(page.locator("#live")).to_have_text(said)
    page.keyboard.press("End")
    expect(words(page).last).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(words(page).last).to_be_focused()

    here = page.url
    page.keyboard.press("Escape")
    expect(page.locator(HEAT)).to_have_count(0)
    expect(words(page).last).to_be_focused()
    assert page.url == here  # the first Escape clears, the next one leaves
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(here)


def test_captions_that_come_live_have_words_too(page, site):
    with frozen_worker(site):
        image = upload(site.url, photo_bytes(6003))["image"]["id"]
        page.goto(f"{site.url}/photos/{image}/")
        expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
        expect(words(page)).to_have_count(0)
    expect(words(page).first).to_be_visible(timeout=PATIENT)
    words(page).first.hover()
    expect(page.locator(HEAT)).to_be_attached(timeout=PATIENT)


def test_captions_that_are_fetched_again_keep_their_word(page, site):
    page.goto(captioned(site, 6007))
    words(page).nth(2).focus()
    words(page).nth(2).evaluate("(word) => { word.closest('#captions').dataset.old = '' }")
    page.evaluate(REFRESH)
    expect(page.locator("[data-old]")).to_have_count(0)
    expect(words(page).nth(2)).to_be_focused()
    expect(page.locator(HEAT)).to_be_attached(timeout=PATIENT)


def test_a_slow_worker_and_a_refusal_are_said_in_words(page, site):
    page.goto(captioned(site, 6004))
    note = page.locator(".heat-note")
    with frozen_worker(site):
        words(page).nth(1).hover()
        expect(note).to_contain_text("Finding where it looked")
    expect(page.locator(HEAT)).to_be_attached(timeout=PATIENT)
    expect(note).to_be_hidden()

    def refuse(route: Route) -> None:
        body = json.dumps({"code": "model_not_loaded", "message": "It is no longer in use."})
        route.fulfill(status=409, body=body, content_type="application/problem+json")

    page.route(re.compile("/heatmap/"), refuse)
    page.locator(".caption").nth(1).locator(".word").first.hover()
    expect(note).to_have_text("It is no longer in use.", timeout=PATIENT)
    expect(page.locator(HEAT)).to_have_count(0)


def test_a_tap_on_a_small_screen_brings_the_photo_into_view(browser, site):
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True)
    page = context.new_page()
    page.goto(captioned(site, 6005))
    last = page.locator(".caption").last.locator(".word").nth(1)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    last.tap()
    expect(page.locator(HEAT)).to_be_in_viewport(timeout=PATIENT)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".photo-title, .fact-list dt").last.tap()
    expect(page.locator("[data-peek]")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_axe_finds_nothing_while_a_word_is_lit(browser, site, theme):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
    page = context.new_page()
    page.goto(captioned(site, 6006))
    words(page).nth(1).focus()
    expect(page.locator(HEAT)).to_be_attached(timeout=PATIENT)
    page.wait_for_timeout(300)
    found = Axe().run(page, options={"preload": False}).response["violations"]
    assert found == [], json.dumps(found, indent=1)[:3000]
    # To those who listen, the caption is still one sentence.
    text = page.locator(".caption-suggested .caption-text").inner_text()
    assert f"paragraph: {text}" in page.locator(".caption-suggested").aria_snapshot()
    context.close()
