"""Notices of captions that come elsewhere, and their sound: as chosen, and remembered."""

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from gallery.services.uploads import image_upload
from tests.factories import UserFactory, photo_bytes
from tests.flows.browser import chromium

pytestmark = pytest.mark.django_db(transaction=True)

COUNT_NOTES = """
window.notes = 0;
window.OscillatorNode = class extends OscillatorNode {
    start(...when) { window.notes += 1; super.start(...when); }
};
"""
COMES = """([image, text]) => document.dispatchEvent(new CustomEvent("capsite:message", {
    detail: {type: "image.updated", image, captions: [{text, language: "en", confidence: 0.8}]},
}))"""
ELSEWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def page(monkeypatch):
    # Playwright runs an event loop in this thread, beside which Django would refuse its tables.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    cache.clear()
    with chromium() as running:
        opened = running.new_context(viewport={"width": 1280, "height": 800})
        opened.route_web_socket("**/ws/**", lambda socket: None)
        opened.add_init_script(COUNT_NOTES)
        yield opened.new_page()


def choose(page: Page, name: str, on: bool) -> None:
    page.get_by_role("button", name="Theme and notices").click()
    page.get_by_role("checkbox", name=name).set_checked(on)
    page.keyboard.press("Escape")


def notes(page: Page) -> int:
    return page.evaluate("window.notes")


def heard(page: Page) -> None:
    """Wait for a note; the content policy forbids Playwright's own way."""
    for _tenth in range(50):
        if notes(page):
            return
        page.wait_for_timeout(100)
    raise AssertionError("No note was played.")


def test_a_notice_leads_to_the_photo_and_the_sound_is_off_until_chosen(live_server, page):
    image = image_upload(data=photo_bytes(), name="Mine.jpg", person=UserFactory()).image
    page.goto(live_server.url)
    region = page.get_by_role("region", name="Notices")
    page.evaluate(COMES, [str(image.pk), "A thing in view."])  # whose card says so itself
    page.evaluate(COMES, [ELSEWHERE, "A dog <b>far</b> away."])
    link = region.get_by_role("link", name="New caption: A dog <b>far</b> away.")
    expect(link).to_have_attribute("href", f"/photos/{ELSEWHERE}/")
    expect(region.get_by_role("link")).to_have_count(1)
    assert notes(page) == 0
    link.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(region.get_by_role("link")).to_have_count(0)
    expect(page.get_by_role("main")).to_be_focused()

    choose(page, "Play a soft note", on=True)
    heard(page)  # what was chosen
    choose(page, "Show a notice", on=False)
    page.reload()
    page.get_by_role("button", name="Theme and notices").click()
    expect(page.get_by_role("checkbox", name="Play a soft note")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Show a notice")).not_to_be_checked()
    page.keyboard.press("Escape")
    page.evaluate(COMES, [ELSEWHERE, "A second dog."])
    heard(page)
    expect(region.get_by_role("link")).to_have_count(0)
