"""A moderator decides by keys and by clicks, in a real Chromium, on a phone and on a desk."""

import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from annotations.models import Annotation
from captions.models import Caption, ModerationCase
from captions.services.votes import vote_cast
from gallery.models import Image
from gallery.services.uploads import image_upload
from tests.factories import (
    AnnotationFactory,
    CaptionFactory,
    JobFactory,
    UserFactory,
    moderator,
    photo_bytes,
)
from tests.flows.browser import chromium, listen
from tests.graphql.live import live_site

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "/admin/captions/moderationcase/"
NOT_OURS = ("WebSocket connection", "server responded with a status of")
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 780}


@pytest.fixture(autouse=True)
def _threads(monkeypatch):
    """Playwright runs an event loop in this thread, beside which Django would refuse its tables."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    cache.clear()


@pytest.fixture
def browser():
    with chromium() as running:
        yield running


def photo(seed: int, **fields) -> Image:
    data = photo_bytes(seed, size=(1600, 1100))
    return image_upload(data=data, name=f"Harbour {seed}.jpg", **fields).image


def reported(image: Image, text: str, reason: str) -> Caption:
    caption = CaptionFactory(image=image, text=text, confidence=0.82)
    vote_cast(person=UserFactory(), caption_id=caption.pk, value=1)
    vote_cast(person=UserFactory(), caption_id=caption.pk, value=-1, harmful=True, reason=reason)
    return caption


@pytest.fixture
def cases():
    """Two cases, the first with everything around it."""
    image = photo(1, person=UserFactory(username="olaf"))
    JobFactory(image=image, done=True)
    reported(image, "a rude zeppelin over a harbour", "This is <b>insulting</b>.")
    CaptionFactory(image=image, text="a balloon over a harbour", confidence=0.55, rank=1)
    AnnotationFactory(image=image, text="A balloon above boats.")
    reported(photo(2, person=UserFactory(username="petra")), "a second one", "Wrong.")
    return list(ModerationCase.objects.order_by("opened_at"))


def entered(browser: Browser, site: str, screen: dict, **context) -> tuple[Page, list[str]]:
    person = moderator(is_staff=True, username="mona")
    client = Client()
    client.force_login(person)
    opened = browser.new_context(viewport=screen, **context)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
    opened.add_cookies([cookie])
    page = opened.new_page()
    return page, listen(page)


def elsewhere(act) -> None:
    """Act in a thread of its own: a push needs an event loop, and Playwright holds this one's."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def ours(complaints: list[str]) -> list[str]:
    return [text for text in complaints if not any(part in text for part in NOT_OURS)]


def troubles(page: Page) -> list[str]:
    """Return what axe finds in our part of a page, and a page that is wider than its screen."""
    ours = page.locator("#content, .top-bar").first.evaluate(
        "(one) => one.id ? '#content' : '.top-bar'"
    )
    found = Axe().run(page, context=ours, options={"preload": False}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] + ["wide"] * wide


def test_a_moderator_decides_by_keys_alone(live_server, browser, cases):
    page, complaints = entered(browser, live_server.url, WIDE)
    page.goto(live_server.url + QUEUE)
    page.get_by_role("link", name="a rude zeppelin").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is <b>insulting</b>.")).to_be_visible()
    page.wait_for_load_state()  # until then there are no keys

    page.keyboard.press("n")
    page.keyboard.type("ahem")  # letters in a field are letters
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.get_by_label("The text to publish, in English")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Boats in a harbour.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Replaced: your text is published")).to_be_visible()
    first, second = ModerationCase.objects.order_by("opened_at")
    assert (first.decision, first.note, second.state) == ("replace", "ahem", "open")
    assert Annotation.objects.get().text == "Boats in a harbour."
    assert not Caption.objects.filter(pk=first.caption_id).exists()

    expect(page.locator(".case-caption")).to_have_text("a second one")
    page.keyboard.press("a")
    expect(page.get_by_text("Approved: the caption stays.")).to_be_visible()
    assert ModerationCase.objects.get(pk=second.pk).decision == "approve"
    assert ours(complaints) == []


def test_keys_can_be_switched_off(live_server, browser, cases):
    page, _complaints = entered(browser, live_server.url, WIDE)
    page.goto(f"{live_server.url}{QUEUE}{cases[0].pk}/change/")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.locator("body").press("h")
    page.reload()
    page.locator("body").press("h")
    expect(page.get_by_label("Single-key shortcuts")).not_to_be_checked()
    assert ModerationCase.objects.filter(state="open").count() == 2
    page.get_by_role("button", name="Hide", exact=True).click()
    expect(page.get_by_text("Hidden: the caption is gone")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["desk", "phone"])
def test_queue_case_and_jobs_are_accessible(live_server, browser, cases, screen, theme):
    JobFactory(failed=True)
    page, complaints = entered(browser, live_server.url, screen, color_scheme=theme)
    found = {}
    for name, address in {
        "gallery": "/",
        "queue": QUEUE,
        "case": f"{QUEUE}{cases[0].pk}/change/",
        "jobs": "/admin/gallery/captionjob/",
    }.items():
        page.goto(live_server.url + address)
        page.locator("details").evaluate_all("all => all.forEach((one) => (one.open = true))")
        page.wait_for_load_state("networkidle")
        found[name] = troubles(page)
    assert {name: what for name, what in found.items() if what} == {}
    assert ours(complaints) == []


def test_badge_and_queue_hear_of_a_new_case(browser):
    caption = CaptionFactory()
    with live_site() as host:
        page, complaints = entered(browser, f"http://{host}", WIDE)
        queue = page.context.new_page()
        page.goto(f"http://{host}/")
        badge = page.locator("[data-open-cases]")
        expect(page.locator("html")).to_have_attribute("data-socket", "open")
        expect(badge).to_be_hidden()
        queue.goto(f"http://{host}{QUEUE}")
        queue.wait_for_timeout(500)  # its socket says nothing when it opens

        fields = {"caption_id": caption.pk, "value": -1, "harmful": True}
        elsewhere(lambda: vote_cast(person=UserFactory(), **fields))
        expect(badge).to_be_visible()
        expect(page.get_by_role("link", name="1 case for moderators")).to_be_visible()
        expect(page.locator("#live")).to_have_text("1 case for moderators")
        expect(queue.get_by_text("The queue has changed.")).to_be_visible()

        queue.get_by_role("link", name="Show it as it is now").click()
        queue.get_by_role("link", name=caption.text).click()
        queue.get_by_role("button", name="Hide", exact=True).click()
        expect(badge).to_be_hidden()
    assert ours(complaints) == []
