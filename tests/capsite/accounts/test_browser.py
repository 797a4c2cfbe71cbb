"""The account pages in a real Chromium: accessible, calm with the content policy, and passkeys."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import Browser, Page

from tests.capsite.accounts.people import PASSWORD, member, program, token_of
from tests.flows.browser import chromium, listen

pytestmark = pytest.mark.django_db(transaction=True)

NOT_OURS = ("WebSocket connection", "server responded with a status of")
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(autouse=True)
def _threads(monkeypatch):
    """Playwright runs an event loop in this thread, beside which Django would refuse its tables."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    cache.clear()


@pytest.fixture
def browser():
    with chromium() as running:
        yield running


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/account/login/")
    page.get_by_label("E-mail or user name").fill("mira")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{site}/")


def troubles(page: Page) -> list[str]:
    """Return what axe finds, and a page that is wider than its screen."""
    found = Axe().run(page, options={"preload": False}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] + ["wide"] * wide


def ours(complaints: list[str]) -> list[str]:
    return [text for text in complaints if not any(part in text for part in NOT_OURS)]


OUTSIDE = ["login/", "signup/", "password/reset/", "confirm-email/"]
INSIDE = [
    "",
    "email/",
    "password/change/",
    "2fa/",
    "2fa/webauthn/",
    "sessions/",
    "3rdparty/",
    "tokens/",
    "applications/",
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_on_a_phone_and_a_desk(live_server, browser: Browser, theme):
    token_of(member())
    for screen in (PHONE, WIDE):
        page = browser.new_context(viewport=screen, color_scheme=theme).new_page()
        complaints = listen(page)
        found = {}
        for address in OUTSIDE:
            page.goto(f"{live_server.url}/account/{address}")
            found[address] = troubles(page)
        sign_in(page, live_server.url)
        for address in INSIDE:
            page.goto(f"{live_server.url}/account/{address}")
            found[address] = troubles(page)
        assert {address: what for address, what in found.items() if what} == {}
        assert ours(complaints) == []
        page.context.close()


def test_from_sign_up_to_a_token(live_server, browser: Browser):
    page = browser.new_page()
    complaints = listen(page)
    page.goto(f"{live_server.url}/account/signup/")
    page.get_by_label("Email").fill("mira@example.org")
    page.get_by_label("Username").fill("mira")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/confirm-email/")
    page.goto(re.search(r"http://\S+", mail.outbox[0].body)[0])
    page.get_by_role("button", name="Confirm").click()
    sign_in(page, live_server.url)
    page.get_by_role("link", name="Account of mira").click()
    page.get_by_role("link", name="Manage tokens").click()
    page.get_by_label("Name").fill("backup")
    page.get_by_label("See photos").check()
    page.get_by_role("button", name="Make token").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    assert page.get_by_label("Copy it now").input_value().startswith("cap_")
    assert troubles(page) == []
    page.get_by_role("button", name="Revoke backup").click()
    page.get_by_text("The token is revoked").wait_for()
    assert ours(complaints) == []


def test_a_passkey_is_made_and_signs_in(live_server, browser: Browser):
    site = live_server.url.replace("127.0.0.1", "localhost")
    member()
    page = browser.new_page()
    complaints = listen(page)
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    answers = {"hasUserVerification": True, "isUserVerified": True}
    options = kind | answers | {"automaticPresenceSimulation": True}
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, site)
    page.goto(f"{site}/account/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Passwordless").check()
    assert troubles(page) == []
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/")
    assert troubles(page) == []
    page.goto(f"{site}/account/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto(f"{site}/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{site}/")
    assert page.get_by_role("link", name="Account of mira").is_visible()
    assert ours(complaints) == []


def test_the_consent_page(live_server, browser: Browser):
    member()
    asked = program(redirect_uris=f"{live_server.url}/version/").pk
    page = browser.new_page(viewport=PHONE)
    complaints = listen(page)
    sign_in(page, live_server.url)
    page.goto(
        f"{live_server.url}/identity/o/authorize?response_type=code&client_id={asked}"
        f"&redirect_uri={live_server.url}/version/&scope=openid+captions:read&state=s"
    )
    assert troubles(page) == []
    page.get_by_role("button", name="Let it in").click()
    page.wait_for_url("**/version/?code=*")
    assert ours(complaints) == []


def test_a_program_that_needs_no_consent_gets_its_person_after_the_password(
    live_server, browser: Browser
):
    member()
    back = f"{live_server.url.replace('localhost', '127.0.0.1')}/version/"
    asked = program(redirect_uris=back, skip_consent=True).pk
    page = browser.new_page()
    complaints = listen(page)
    page.goto(
        f"{live_server.url}/identity/o/authorize?response_type=code&client_id={asked}"
        f"&redirect_uri={back}&scope=openid&state=s"
    )
    page.get_by_label("E-mail or user name").fill("mira")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/version/?code=*")
    assert ours(complaints) == []
