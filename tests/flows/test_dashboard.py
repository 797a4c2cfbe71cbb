"""A member reads the dashboard: by keys, in every theme, on a phone, and on paper."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotations.statistics.refresh import figures_refresh
from captions.models import Caption
from tests.factories import AnnotationFactory, CaptionFactory, UserFactory, VoteFactory
from tests.flows.browser import chromium, listen
from tests.graphql.live import live_site

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture
def ada(monkeypatch):
    """A member with captions in two languages, votes, and an edit, some of them a while ago."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs beside Django
    person = UserFactory(username="ada")
    now = timezone.now()
    for number in range(12):
        moment = now - timedelta(days=number * 4)
        with monkeypatch.context() as patch:
            patch.setattr(timezone, "now", lambda moment=moment: moment)
            language = ("en", "tr")[number % 2]
            confidence = 0.05 + number / 13
            caption = CaptionFactory(image__owner=person, language=language, confidence=confidence)
            VoteFactory(caption=caption, value=1 if number > 4 else -1)
    AnnotationFactory(author=person)
    figures_refresh()
    yield person
    Caption.everything.all().delete()


def troubles(page: Page) -> list[str]:
    found = Axe().run(page, options={"preload": False}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] + ["wide"] * wide


def test_a_member_reads_the_dashboard(ada):
    client = Client()
    client.force_login(ada)
    session = client.cookies["sessionid"].value
    found = {}
    with live_site() as place, chromium() as browser:
        url = f"http://{place}"
        context = browser.new_context(viewport=WIDE)
        context.add_cookies([{"name": "sessionid", "value": session, "url": url}])
        page = context.new_page()
        complaints = listen(page)
        page.goto(url + "/albums/")
        page.get_by_role("link", name="Dashboard").first.click()
        expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
        expect(page).to_have_title(re.compile(r"^\s*Dashboard"))
        expect(page.locator(".total").first).to_contain_text("8")
        expect(page.get_by_role("link", name="Mine")).to_have_attribute("aria-current", "page")

        ways = page.get_by_role("navigation", name="How long")
        ways.get_by_role("link", name="90 days").focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("days=90"))
        expect(page.locator(".total").first).to_contain_text("12")
        chart = page.get_by_role("img", name="Captions", exact=True)
        expect(chart).to_be_visible()
        expect(chart).to_have_accessible_description(re.compile("^12 in all"))
        expect(chart.locator(".bar-two")).to_have_count(6)
        box = chart.locator(".bar").first.bounding_box()
        assert box
        assert box["height"] > 50
        summary = page.locator("[aria-labelledby=chart-captions-title] summary")
        summary.focus()
        page.keyboard.press("Enter")
        rows = page.locator("[aria-labelledby=chart-captions-title] tbody tr")
        expect(rows).to_have_count(12)
        expect(rows.first.get_by_role("cell")).to_have_text(["0", "1"])
        expect(page.get_by_role("meter")).to_have_count(7)
        page.go_back()
        expect(page.locator(".total").first).to_contain_text("8")

        page.goto(url + "/dashboard/?of=public&days=7")
        page.emulate_media(media="print")
        expect(page.locator(".top-bar")).to_be_hidden()
        expect(page.get_by_role("img", name="Votes", exact=True)).to_be_visible()
        page.emulate_media(media="screen")
        assert complaints == []  # before axe, which reads style sheets in ways of its own

        for theme, screen in (("light", WIDE), ("dark", PHONE), ("contrast", PHONE)):
            context.add_cookies([{"name": "theme", "value": theme, "url": url}])
            page.set_viewport_size(screen)
            page.goto(url + "/dashboard/?days=90&by=strategy")
            page.evaluate(
                "for (const each of document.querySelectorAll('details')) each.open = true"
            )
            found[theme] = troubles(page)
        context.close()
    assert {theme: what for theme, what in found.items() if what} == {}
