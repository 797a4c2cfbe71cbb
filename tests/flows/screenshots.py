"""Takes the screenshots of the documentation: `python -m tests.flows.screenshots`."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from tests.flows.browser import chromium
from tests.flows.site import ROOT, Site, short_folder

FOLDER = ROOT / "docs" / "screenshots"
SCREENS = {"wide": (1280, 900), "tablet": (768, 1024), "phone": (360, 740)}


def main() -> None:
    """Start a new site with the demo photos and the shipped model, and picture its pages."""
    FOLDER.mkdir(exist_ok=True)
    with short_folder() as var, chromium() as browser:
        site = Site(var, ROOT / "models" / "capsite-mini", demo=True).start()
        told = "SELECT count(*) FROM gallery_demostep WHERE name = 'finished'"
        site.wait(lambda: site.query(told)[0][0] == 1, 120, "the demo content")
        newest = "SELECT id FROM gallery_image ORDER BY created_at DESC LIMIT 1"
        pages = {
            "gallery": "/",
            "photo": f"/photos/{site.query(newest)[0][0]}/",
            "search": "/search/?q=mountain",
            "history": "/history/",
            "sign-in": "/account/login/",
        }
        for name, address in pages.items():
            for screen in SCREENS:
                for theme in ("light", "dark"):
                    _picture(browser, site.url + address, name, screen, theme)
        site.stop()


def _picture(browser: Browser, address: str, name: str, screen: str, theme: str) -> None:
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        has_touch=screen != "wide",
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    if name == "gallery" and screen == "wide":
        page.locator(".card a").first.hover()
    page.wait_for_timeout(500)
    _save(page.screenshot(), FOLDER / f"{name}-{screen}-{theme}.webp")
    context.close()


def _save(png: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(png)) as picture:
        picture.save(path, quality=82, method=6)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
