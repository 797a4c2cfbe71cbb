"""Every page of the site with its demo content: axe in three themes and two languages, no overflow.

Minutes long, so `make test-all` runs it; the quick suite has the pages one by one.
"""

import json
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.flows.browser import chromium, listen
from tests.flows.site import ROOT, Site, short_folder

pytestmark = [pytest.mark.slow, pytest.mark.flow]

PASSWORD = re.compile(r"Administrator: admin\s+password: (\S+)")
TOLD = "SELECT count(*) FROM gallery_demostep WHERE name = 'finished'"
IDS = {
    "photo": "SELECT image_id FROM annotations_annotation LIMIT 1",
    "caption": "SELECT id FROM captions_caption LIMIT 1",
    "album": "SELECT id FROM gallery_album WHERE visibility = 'public' LIMIT 1",
    "text": "SELECT id FROM annotations_annotation LIMIT 1",
    "case": "SELECT id FROM captions_moderationcase LIMIT 1",
}
VISITORS = (
    "/",
    "/photos/{photo}/",
    "/search/?q=mountain",
    "/search/?q=nothingofthekind",
    "/albums/",
    "/albums/{album}/",
    "/history/",
    "/dashboard/",
    "/texts/{text}/versions/",
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/nowhere/",
)
MEMBERS = (
    "/",
    "/photos/{photo}/",
    "/photos/{photo}/actions/",
    "/photos/{photo}/delete/",
    "/photos/{photo}/texts/en/",
    "/captions/{caption}/report/",
    "/albums/new/",
    "/albums/{album}/arrange/",
    "/dashboard/",
    "/account/",
    "/account/tokens/",
    "/account/applications/",
    "/account/email/",
    "/account/password/change/",
    "/account/2fa/",
    "/account/sessions/",
    "/admin/captions/moderationcase/",
    "/admin/captions/moderationcase/{case}/change/",
    "/admin/gallery/captionjob/",
)
THEMES = ("light", "dark", "contrast")
WIDTHS = (1280, 768, 360)
SETTLED_MS = 250  # what moves when a page changes its width or its theme has come to rest


@pytest.fixture(scope="module")
def shown() -> Iterator[Site]:
    """A first run with the shipped model, once its demo content is complete."""
    with short_folder() as var:
        site = Site(var, ROOT / "models" / "capsite-mini", demo=True).start(180)
        site.wait(lambda: site.query(TOLD)[0][0] == 1, 180, "the demo content")
        yield site
        site.stop()


@pytest.mark.parametrize("language", ["en", "tr"])
@pytest.mark.parametrize("who", ["visitor", "administrator"])
def test_every_page(shown: Site, language: str, who: str):
    ids = {name: shown.query(sql)[0][0] for name, sql in IDS.items()}
    with chromium() as browser:
        page = _page(browser, shown, language, who)
        complaints = listen(page)
        found = {}
        for address in VISITORS if who == "visitor" else MEMBERS:
            wrong = _wrong(page, shown.url + address.format(**ids))
            if wrong:
                found[address] = wrong
        assert found == {}, json.dumps(found, indent=1)
        assert complaints == []


def _page(browser: Browser, site: Site, language: str, who: str) -> Page:
    context = browser.new_context(locale=language, reduced_motion="reduce")
    page = context.new_page()
    if who == "administrator":
        page.goto(f"{site.url}/account/login/")
        page.locator("[name=login]").fill("admin")
        page.locator("[name=password]").fill(_password(site))
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "login" not in address)
    return page


def _password(site: Site) -> str:
    return next(found[1] for line in site.lines if (found := PASSWORD.search(line)))


def _wrong(page: Page, address: str) -> list[str]:
    """What axe finds in each theme, and widths at which the page is wider than the screen."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(SETTLED_MS)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"wider than {width}")
    admin = "/admin/" in address  # around our part Django's own pages have faults of their own
    for theme in THEMES[:2] if admin else THEMES:
        page.evaluate("(theme) => document.documentElement.dataset.theme = theme", theme)
        page.wait_for_timeout(SETTLED_MS)
        found = Axe().run(page, context="#content" if admin else None, options={"preload": False})
        for one in found.response["violations"]:
            node = one["nodes"][0]
            wrong.append(f"{theme}: {one['id']} {node['html'][:120]} {node['failureSummary']}")
    return wrong
