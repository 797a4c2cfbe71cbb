"""Two members and a visitor vote, write, disagree and go back, each seeing the others live."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Page, expect

from tests.factories import photo_bytes
from tests.flows.browser import listen
from tests.flows.site import Site, upload

pytestmark = pytest.mark.flow

PATIENT = 15_000  # milliseconds
PASSWORD = "a long enough password"
ADMINISTRATOR = "boss"
Visit = Callable[..., Page]
DECIDE = """async () => {
    const token = document.querySelector("meta[name=csrf-token]").content;
    const headers = {"X-CSRFToken": token, "Content-Type": "application/json"};
    const list = await fetch("/api/v2/moderation/cases?state=open");
    for (const {id} of (await list.json()).results) {
        const body = JSON.stringify({decision: "hide", note: ""});
        await fetch(`/api/v2/moderation/cases/${id}/decision`, {method: "POST", headers, body});
    }
}"""


def register(site: Site, name: str) -> None:
    """Make a member whose address is confirmed, unless there is one."""
    chief = str(name == ADMINISTRATOR).lower()
    sealed = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    person = f"'{name}', '{sealed}', '{name}@example.org', {chief}, {chief}, true, '', '', now()"
    site.execute(
        "INSERT INTO accounts_user (username, password, email, is_superuser, is_staff, is_active, "
        f"first_name, last_name, date_joined) VALUES ({person}) ON CONFLICT DO NOTHING"
    )
    site.execute(
        'INSERT INTO account_emailaddress (email, verified, "primary", user_id) '
        f"SELECT email, true, true, id FROM accounts_user WHERE username = '{name}' "
        "ON CONFLICT DO NOTHING"
    )


@pytest.fixture(scope="module")
def signed_in(site: Site, browser: Browser) -> Callable[[str], dict]:
    """Return what a browser keeps of somebody who signed in; once a name, for tries are counted."""
    kept: dict[str, dict] = {}

    def state(name: str) -> dict:
        if name not in kept:
            register(site, name)
            page = browser.new_page()
            page.goto(f"{site.url}/account/login/")
            page.fill("input[name=login]", name)
            page.fill("input[name=password]", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(lambda url: "/login/" not in url)
            kept[name] = page.context.storage_state()
            page.close()
        return kept[name]

    return state


@pytest.fixture
def visit(site: Site, browser: Browser, signed_in) -> Iterator[Visit]:
    """Open an address as somebody, on a page that must not complain about anything."""
    opened: list[tuple] = []

    def open_as(name: str, address: str, *, width: int = 1280) -> Page:
        state = signed_in(name) if name else None
        context = browser.new_context(viewport={"width": width, "height": 800}, storage_state=state)
        page = context.new_page()
        opened.append((context, listen(page)))
        page.goto(address)
        expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
        page.wait_for_load_state("networkidle")
        return page

    yield open_as
    for context, complaints in opened:
        assert complaints == []
        context.close()


def captioned(site: Site, number: int) -> str:
    """Upload a photo and return the address of its page once it has captions."""
    data = photo_bytes(number, size=(320, 200))
    image = upload(site.url, data)["image"]["id"]
    site.wait(lambda: upload(site.url, data).get("captions"), 30, "captions")
    return f"{site.url}/photos/{image}/"


def count(page: Page, way: str, place: int = 0):
    return page.locator(f'.caption [data-count="{way}"]').nth(place)


def words(page: Page):
    return page.locator("#text-en .text-words")


def accessible(page: Page) -> None:
    violations = Axe().run(page, options={"preload": False}).response["violations"]
    assert not violations, [(each["id"], each["nodes"][0]["html"]) for each in violations]


def test_votes_show_on_every_screen_and_by_key(site, visit):
    address = captioned(site, 7001)
    ada, grace = visit("ada", address), visit("grace", address, width=360)
    visitor = visit("", address)
    ada.locator(".vote-up").first.click()
    expect(ada.locator(".vote-up").first).to_have_attribute("aria-pressed", "true")
    expect(ada.locator(".vote-up").first).to_be_focused()
    for page in (ada, grace, visitor):
        expect(count(page, "up")).to_have_text("1", timeout=PATIENT)
    expect(grace.locator(".vote-up").first).to_have_attribute("aria-pressed", "false")

    grace.keyboard.press("-")
    for page in (ada, grace, visitor):
        expect(count(page, "down")).to_have_text("1", timeout=PATIENT)
    expect(grace.locator("#live")).to_have_text("1 for, 1 against")
    ada.locator(".vote-up").first.click()  # taken back
    expect(count(visitor, "up")).to_have_text("0", timeout=PATIENT)
    accessible(ada)
    accessible(visitor)

    visitor.locator("a.vote-up").first.click()
    expect(visitor).to_have_url(re.compile(r"/account/login/\?next=/photos/"))


def test_two_people_write_at_once_and_nothing_is_lost(site, visit):
    address = captioned(site, 7002)
    ada, grace = visit("ada", address), visit("grace", address, width=360)
    suggestion = ada.locator(".caption-suggested .caption-text").inner_text()
    ada.keyboard.press("1")
    for page in (ada, grace):
        expect(words(page)).to_have_text(suggestion, timeout=PATIENT)
        expect(page.locator(".caption-suggested[data-published]")).to_be_attached()
        expect(page.locator(".picture .photo")).to_have_attribute("alt", suggestion)

    grace.keyboard.press("e")
    expect(grace.locator(".text-area")).to_be_focused()
    grace.locator(".text-area").fill("A square of one colour, and a line.")
    ada.keyboard.press("e")
    ada.locator(".text-area").fill("A red square.")
    ada.keyboard.press("Control+Enter")
    expect(words(ada)).to_have_text("A red square.")
    expect(grace.locator(".text-newer")).to_contain_text("A red square.", timeout=PATIENT)
    expect(grace.locator(".text-area")).to_have_value("A square of one colour, and a line.")

    grace.keyboard.press("Control+Enter")
    conflict = grace.locator(".text-conflict")
    expect(conflict).to_contain_text("ada changed this text meanwhile")
    expect(grace.locator(".text-area")).to_be_focused()
    accessible(grace)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert grace.evaluate(wide) <= 0
    grace.get_by_role("button", name="Keep mine on top of theirs").click()
    for page in (ada, grace):
        expect(words(page)).to_have_text("A square of one colour, and a line.", timeout=PATIENT)

    ada.locator("#versions-en").click()
    expect(ada.locator(".timeline-item")).to_have_count(3)
    accessible(ada)
    ada.get_by_role("button", name="Restore 2").click()
    for page in (ada, grace):
        expect(words(page)).to_have_text("A red square.", timeout=PATIENT)
    expect(ada.locator(".timeline-item")).to_have_count(4)  # the list is still open, and renewed
    assert ada.evaluate("document.activeElement !== document.body")


def test_a_draft_survives_a_reload(site, visit):
    ada = visit("ada", captioned(site, 7003))
    ada.locator("#edit-en").click()
    ada.locator(".text-area").fill("Not yet published.")
    ada.reload()
    expect(ada.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
    expect(ada.locator("#text-en .text-draft")).to_be_visible()
    ada.get_by_role("button", name="Go on writing").click()
    expect(ada.locator(".text-area")).to_have_value("Not yet published.")
    ada.keyboard.press("Escape")  # closes the editor and keeps the draft
    expect(ada.locator("#text-en .text-draft")).to_be_visible()
    expect(ada).to_have_url(re.compile("/photos/"))
    ada.get_by_role("button", name="Discard").click()
    expect(ada.locator("#text-en .text-draft")).to_be_hidden()
    ada.reload()
    expect(ada.locator("#text-en .text-draft")).to_be_hidden()


def test_a_reported_caption_that_is_hidden_leaves_every_screen(site, visit):
    address = captioned(site, 7004)
    ada, visitor = visit("ada", address), visit("", address)
    shown = ada.locator(".caption")
    before = shown.count()
    first = shown.first.get_attribute("data-caption")
    ada.locator(".caption-report").first.click()
    expect(ada.locator("#report textarea")).to_be_focused()
    ada.get_by_role("button", name="Report", exact=True).click()
    expect(ada.locator("#report .field-errors")).to_be_visible()
    accessible(ada)
    ada.locator("#report textarea").fill("It insults somebody.")
    ada.get_by_role("button", name="Report", exact=True).click()
    expect(ada.locator("#report")).to_be_hidden()
    expect(ada.locator(".caption-report").first).to_be_focused()
    expect(ada.locator(".votes-reported")).to_be_visible()

    visit(ADMINISTRATOR, f"{site.url}/").evaluate(DECIDE)
    for page in (ada, visitor):
        expect(page.locator(f'[data-caption="{first}"]')).to_have_count(0, timeout=PATIENT)
        expect(page.locator(".caption")).to_have_count(before - 1)
