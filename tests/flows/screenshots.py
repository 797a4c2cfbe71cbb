"""Takes the screenshots of the documentation: `python -m tests.flows.screenshots`."""

import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext

from tests.flows.browser import chromium
from tests.flows.site import ROOT, Site, short_folder

FOLDER = ROOT / "docs" / "screenshots"
SCREENS = {"wide": (1280, 900), "phone": (360, 740)}
LOOKS = (("wide", "light"), ("wide", "dark"), ("phone", "light"))
PASSWORD = re.compile(r"Administrator: admin\s+password: (\S+)")
TOLD = "SELECT count(*) FROM gallery_demostep WHERE name = 'finished'"
IDS = {
    "photo": "SELECT image_id FROM annotations_annotation WHERE version > 2 LIMIT 1",
    "album": "SELECT id FROM gallery_album WHERE visibility = 'public' ORDER BY title LIMIT 1",
    "text": "SELECT id FROM annotations_annotation WHERE version > 2 LIMIT 1",
    "case": "SELECT id FROM captions_moderationcase LIMIT 1",
}
VISITORS = {
    "gallery": "/",
    "photo": "/photos/{photo}/",
    "full-screen": "/#photo={photo}",
    "versions": "/texts/{text}/versions/",
    "search": "/search/?q=mountain",
    "albums": "/albums/",
    "album": "/albums/{album}/",
    "history": "/history/",
    "sign-in": "/account/login/",
    "sign-up": "/account/signup/",
    "not-found": "/nowhere/",
}
ADMINISTRATORS = {
    "dashboard": "/dashboard/?days=7",
    "account": "/account/",
    "tokens": "/account/tokens/",
    "arrange": "/albums/{album}/arrange/",
    "moderation": "/admin/captions/moderationcase/",
    "case": "/admin/captions/moderationcase/{case}/change/",
    "jobs": "/admin/gallery/captionjob/",
}


def main() -> None:
    """Start a new site with the demo content and the shipped model, and picture its pages."""
    FOLDER.mkdir(exist_ok=True)
    with short_folder() as var, chromium() as browser:
        site = Site(var, ROOT / "models" / "capsite-mini", demo=True).start(180)
        site.wait(lambda: site.query(TOLD)[0][0] == 1, 180, "the demo content")
        ids = {name: site.query(sql)[0][0] for name, sql in IDS.items()}
        for screen, theme in LOOKS:
            for language, pages in (("en", VISITORS), ("tr", {"gallery-turkish": "/"})):
                with _context(browser, screen, theme, language) as context:
                    _pictures(context, site.url, pages, ids, f"{screen}-{theme}")
            with _context(browser, screen, theme, "en") as context:
                _sign_in(context, site)
                _pictures(context, site.url, ADMINISTRATORS, ids, f"{screen}-{theme}")
        site.stop()


def _context(browser: Browser, screen: str, theme: str, language: str) -> BrowserContext:
    width, height = SCREENS[screen]
    return browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        has_touch=screen == "phone",
        locale=language,
    )


def _sign_in(context: BrowserContext, site: Site) -> None:
    password = next(found[1] for line in site.lines if (found := PASSWORD.search(line)))
    page = context.new_page()
    page.goto(f"{site.url}/account/login/")
    page.locator("[name=login]").fill("admin")
    page.locator("[name=password]").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "login" not in address)
    page.close()


def _pictures(
    context: BrowserContext, url: str, pages: dict[str, str], ids: dict[str, object], look: str
) -> None:
    for name, address in pages.items():
        page = context.new_page()
        page.goto(url + address.format(**ids))
        page.wait_for_load_state("networkidle")
        if name.startswith("gallery") and look.startswith("wide"):
            page.locator(".card a").first.hover()
        page.wait_for_timeout(500)
        _save(page.screenshot(), FOLDER / f"{name}-{look}.webp")
        page.close()


def _save(png: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(png)) as picture:
        picture.save(path, quality=82, method=6)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
