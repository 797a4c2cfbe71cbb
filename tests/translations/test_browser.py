"""A real Chromium in Turkish: switched by keyboard, remembered, accessible, nothing too wide."""

import re

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from annotations.models import Annotation
from gallery.models import Image
from gallery.services.uploads import image_upload
from tests.capsite.accounts.people import PASSWORD, member
from tests.capsite.accounts.test_browser import NOT_OURS, PHONE, WIDE, troubles
from tests.factories import AlbumFactory, AnnotationFactory, CaptionFactory, JobFactory, photo_bytes
from tests.flows.browser import chromium, listen

pytestmark = pytest.mark.django_db(transaction=True)
MOST_TABS = 20
TABLET = {"width": 768, "height": 900}


@pytest.fixture(autouse=True)
def _threads(monkeypatch):
    """Playwright runs an event loop in this thread, beside which Django would refuse its tables."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    cache.clear()


@pytest.fixture
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def filled() -> Image:
    """A photo of mira's with all that a photo page shows, and one that failed."""
    person = member()
    image = image_upload(data=photo_bytes(1, size=(900, 600)), name="Kapı.jpg", person=person).image
    caption = CaptionFactory(image=image, text="Bir köpek kapıda bekliyor.", language="tr")
    CaptionFactory(image=image, text="A dog waits at the door.", job=caption.job)
    AnnotationFactory(image=image, author=person, text="Bir köpek kapıda bekliyor.")
    JobFactory(failed=True)
    AlbumFactory(owner=person, title="Sokak köpekleri")
    return image


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    wanted = page.get_by_role("button", name=name, exact=True).locator("visible=true")
    for _step in range(MOST_TABS):
        if wanted.evaluate_all("found => found.includes(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name}")


def test_turkish_is_chosen_by_keyboard_and_remembered(live_server, browser: Browser, filled):
    page = browser.new_context(viewport=WIDE, locale="en-GB").new_page()
    complaints = listen(page)
    page.goto(f"{live_server.url}/albums/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    tab_to(page, "Language: English")
    page.keyboard.press("Enter")
    tab_to(page, "Türkçe")
    page.keyboard.press("Enter")

    expect(page.locator("html")).to_have_attribute("lang", "tr")
    expect(page).to_have_url(f"{live_server.url}/albums/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Albümler")
    expect(page.locator("#caption-language input[value=tr]")).to_be_checked()
    page.reload()
    expect(page.get_by_role("button", name="Dil: Türkçe").first).to_be_visible()

    page.get_by_role("link", name="Oturum aç").click()
    page.get_by_label("E-posta ya da kullanıcı adı").fill("mira")
    page.get_by_label("Parola", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Oturum aç", exact=True).click()
    expect(page.get_by_role("link", name="mira hesabı")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "tr")
    assert [text for text in complaints if not any(part in text for part in NOT_OURS)] == []
    page.context.close()


def signed_in(page: Page, site: str) -> None:
    page.goto(f"{site}/account/login/")
    page.get_by_label("E-posta ya da kullanıcı adı").fill("mira")
    page.get_by_label("Parola", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Oturum aç", exact=True).click()
    page.wait_for_url(f"{site}/")


@pytest.mark.slow  # test_every_page looks at them all
def test_main_pages_are_accessible_and_fit_in_turkish(live_server, browser, filled):
    page = browser.new_context(viewport=PHONE, locale="tr-TR").new_page()
    signed_in(page, live_server.url)
    versions = f"/texts/{Annotation.objects.get().pk}/versions/"
    found, wide = {}, []
    for address in (
        *("/", f"/photos/{filled.pk}/", "/albums/", "/history/", "/search/?q=köpek"),
        *("/search/?q=zzzz", "/account/", "/account/tokens/", "/account/2fa/", versions),
    ):
        page.goto(live_server.url + address)
        found[address] = troubles(page)
        for screen in (TABLET, WIDE):
            page.set_viewport_size(screen)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append((address, screen["width"]))
        page.set_viewport_size(PHONE)
    page.goto(live_server.url)
    page.locator("[popovertarget=language-menu]:visible").click()
    page.wait_for_timeout(300)  # transitions of under 200 ms have ended
    found["the menu"] = troubles(page)
    assert {address: what for address, what in found.items() if what} == {}
    assert wide == []
    page.context.close()


def test_the_scripts_speak_turkish(live_server, browser: Browser, filled):
    page = browser.new_context(viewport=WIDE, locale="tr-TR").new_page()
    page.goto(live_server.url)
    data = b"\xff\xd8\xff" + bytes(6_500_000)
    page.locator("#file-input").set_input_files(
        [{"name": "büyük.jpg", "mimeType": "image/jpeg", "buffer": data}]
    )
    state = page.locator(".tray-row .tray-state")
    expect(state).to_have_text("Reddedildi: Bu dosya 6,2 MB. Sınır 5 MB.")
    expect(page.locator(".tray-summary")).to_have_text(re.compile("1 tanesi reddedildi"))
    page.context.close()
