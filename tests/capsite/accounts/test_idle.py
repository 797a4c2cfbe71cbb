"""A browser that nobody uses is warned and signed out; activity in any tab keeps it signed in."""

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from capsite.accounts.models import User
from tests.capsite.accounts.people import PASSWORD, member
from tests.factories import AnnotationFactory, CaptionFactory, JobFactory, UserFactory
from tests.flows.browser import chromium

FETCH = {"X-Requested-With": "fetch"}
ASK = "/account/session/"
TWO_WEEKS = 14 * 24 * 3600


def left(client: Client) -> int:
    return client.get(ASK, headers=FETCH).json()["seconds"]


def wind_back(client: Client, seconds: int) -> None:
    """Let the session be as it will be when so many seconds have passed."""
    session = client.session
    session["idle_until"] -= seconds
    session.save()


@pytest.mark.django_db
def test_what_people_do_renews_a_session_and_what_pages_do_does_not(client, settings):
    settings.CAPSITE_IDLE_SECONDS = 600
    client.force_login(UserFactory())
    wind_back(client, 400)
    client.get("/", headers=FETCH)
    client.get("/", headers={"Sec-Fetch-Dest": "image"})
    assert left(client) == pytest.approx(200, abs=30)
    answer = client.get("/")
    assert answer.cookies["sessionid"]["max-age"] == 600
    assert left(client) == pytest.approx(600, abs=30)
    assert "sessionid" not in client.get("/").cookies  # not written with each request

    wind_back(client, 400)
    assert client.post(ASK, headers=FETCH).json() == {"seconds": 600}
    assert client.get(ASK)["Cache-Control"].startswith("max-age=0, no-cache")


@pytest.mark.django_db
def test_an_unused_session_ends_for_pages_and_programs_alike(client, settings):
    settings.CAPSITE_IDLE_SECONDS = 1
    client.force_login(UserFactory())
    assert client.get("/api/v2/me").status_code == 200
    time.sleep(1.1)
    assert client.get("/api/v2/me").status_code == 401
    assert left(client) == 0
    assert client.post(ASK).json() == {"seconds": 0}


@pytest.mark.django_db
def test_signing_in_starts_the_clock_for_browsers_alone(client, settings):
    settings.CAPSITE_IDLE_SECONDS = 600
    person = member()
    given = {"login": person.username, "password": PASSWORD}
    client.post("/account/login/", given)
    assert client.session.get_expiry_age() == 600
    assert left(client) == pytest.approx(600, abs=30)
    assert "Are you still there?" in client.get("/").content.decode()

    program = {"username": person.username, "password": PASSWORD}
    sent = {"content_type": "application/json"}
    Client().post("/api/auth/app/v1/auth/login", program, **sent)
    ages = [row.get_decoded().get("_session_expiry") for row in Session.objects.all()]
    assert sorted(ages, key=bool) == [None, 600]


@pytest.mark.django_db
def test_without_a_limit_browsers_stay_signed_in(client, settings):
    settings.CAPSITE_IDLE_SECONDS = 0
    client.force_login(UserFactory())
    assert "Are you still there?" not in client.get("/").content.decode()
    assert client.session.get_expiry_age() == TWO_WEEKS


@pytest.fixture
def browser(monkeypatch):
    # Playwright runs an event loop in this thread, beside which Django would refuse its tables.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    cache.clear()
    with chromium() as running:
        yield running


def entered(browser: Browser, site: str, person: User) -> BrowserContext:
    client = Client()
    client.force_login(person)
    opened = browser.new_context(viewport={"width": 360, "height": 740})
    # The server of the tests takes the handshake of a socket, tried again and again, for a page.
    opened.route_web_socket("**/ws/**", lambda socket: None)
    opened.add_cookies([{"name": "sessionid", "value": client.session.session_key, "url": site}])
    return opened


def dialog(page: Page):
    return page.get_by_role("dialog", name="Are you still there?")


@pytest.mark.django_db(transaction=True)
def test_the_warning_counts_down_and_all_tabs_agree(live_server, browser, settings):
    settings.CAPSITE_IDLE_SECONDS = 8  # so the warning comes 4 seconds before
    settings.DEBUG = False
    person = member()
    image = JobFactory(done=True).image
    CaptionFactory(image=image)
    AnnotationFactory(image=image, text="A first text.")
    tabs = entered(browser, live_server.url, person)
    one, other = tabs.new_page(), tabs.new_page()
    one.goto(f"{live_server.url}/account/")
    other.goto(f"{live_server.url}/photos/{image.pk}/")
    other.locator("body").press("e")
    other.get_by_role("textbox").last.fill("Half a thought")

    expect(dialog(one)).to_be_visible(timeout=9000)
    expect(dialog(other)).to_be_visible()
    expect(one.locator(".idle-count")).to_have_text("0:03", timeout=3000)
    said = one.locator(".idle-said")
    expect(said).to_have_attribute("aria-live", "polite")
    expect(said).to_contain_text("You will be signed out in")
    expect(one.get_by_role("button", name="Stay signed in")).to_be_focused()
    one.keyboard.press("Enter")
    expect(dialog(one)).to_be_hidden()
    expect(dialog(other)).to_be_hidden()

    time.sleep(3)
    other.keyboard.press("Shift")  # a sign of life in one tab
    time.sleep(2)
    assert not dialog(one).is_visible()

    expect(dialog(one)).to_be_visible(timeout=9000)
    # Without fetching style sheets again, which would be a sign of life.
    found = Axe().run(one, options={"preload": False}).response["violations"]
    assert found == []
    one.wait_for_url("**/account/login/?ended=1&next=*", timeout=9000)
    other.wait_for_url("**/account/login/?ended=1&next=*", timeout=9000)
    expect(one.get_by_text("You were signed out because")).to_be_visible()

    settings.CAPSITE_IDLE_SECONDS = 600
    other.get_by_label("E-mail or user name").fill(person.username)
    other.get_by_label("Password").fill(PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url(f"**/photos/{image.pk}/")
    other.get_by_role("button", name="Go on writing").or_(
        other.locator("[data-draft=resume]")
    ).first.click()
    expect(other.get_by_role("textbox").last).to_have_value("Half a thought")
    tabs.close()
