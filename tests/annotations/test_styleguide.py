"""The style guide: for developers alone, with every token, and accessible in every theme."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as configured
from playwright.sync_api import expect

from annotations.styleguide.tokens import icon_names, tokens_by_kind
from tests.flows.browser import chromium, listen

STATIC = Path(configured.BASE_DIR) / "static"
# The server of the tests speaks no WebSocket.
NOT_OURS = ("WebSocket connection", "server responded with a status of")


def test_every_token_and_every_icon_is_shown():
    defined = set(re.findall(r"(?<!var\()(--[a-z0-9-]+):", (STATIC / "css/tokens.css").read_text()))
    shown = tokens_by_kind()
    assert defined == {name for names in shown.values() for name in names}
    assert all(shown.values())
    used = set(re.findall(r'{% icon "([a-z0-9-]+)"', "".join(templates())))
    assert used <= set(icon_names())


def templates() -> list[str]:
    folder = Path(configured.BASE_DIR) / "templates"
    return [path.read_text() for path in folder.rglob("*.html")]


def test_every_token_that_is_used_is_defined():
    defined = {name for names in tokens_by_kind().values() for name in names}
    for path in (STATIC / "css").glob("*.css"):
        text = path.read_text()
        here = set(re.findall(r"(--[a-z0-9-]+):", text))
        used = set(re.findall(r"var\((--[a-z0-9-]+)\)", text))
        assert used <= defined | here, path.name


@pytest.mark.django_db
def test_without_debug_there_is_no_such_page(client, settings):
    assert client.get("/styleguide/").status_code == 404
    settings.DEBUG = True
    assert client.get("/styleguide/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_it_is_accessible_in_every_theme_and_width(live_server, settings, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    settings.DEBUG = True
    with chromium() as browser:
        page = browser.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
        ).new_page()
        complaints = listen(page)
        page.goto(f"{live_server.url}/styleguide/")
        expect(page.locator("[data-value]").first).not_to_be_empty()
        page.set_viewport_size({"width": 360, "height": 780})
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.get_by_role("button", name="Show a notice of a caption").click()
        page.get_by_role("link", name="New caption: A tabby cat").last.wait_for()
        assert [text for text in complaints if not any(part in text for part in NOT_OURS)] == []
        page.set_viewport_size({"width": 1280, "height": 900})
        for theme in ("light", "dark", "contrast"):
            page.evaluate("(theme) => document.documentElement.dataset.theme = theme", theme)
            page.wait_for_timeout(250)  # colours of controls change gradually
            found = Axe().run(page, options={"preload": False}).response["violations"]
            assert [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] == [], theme
