"""A person searches, files photos into albums, changes them, deletes one and thinks again."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from gallery.models import Album, Image
from gallery.services.albums import album_add
from gallery.services.uploads import image_upload
from tests.factories import (
    AlbumFactory,
    AnnotationFactory,
    CaptionFactory,
    UserFactory,
    photo_bytes,
)
from tests.flows.browser import listen
from tests.graphql.live import live_site

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

PATIENT = 15_000  # milliseconds
Visit = Callable[..., Page]
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture
def ada():
    """A member with four photos, some of them described."""
    person = UserFactory(username="ada")
    said = ["a man is snowboarding downhill", "an elephant drinks", "a grey elephant", "a red kite"]
    for number, text in enumerate(said):
        data = photo_bytes(8600 + number, size=(400, 300))
        image = image_upload(data=data, name=f"Walk {number}.jpg", person=person).image
        image.jobs.update(state="done", finished_at=image.created_at)
        CaptionFactory(image=image, text=text, confidence=0.9 - number / 5)
    return person


@pytest.fixture
def visit(media, lone_browser: Browser, ada) -> Iterator[Visit]:
    """Open an address as the member, on a page that must not complain about anything."""
    client = Client()
    client.force_login(ada)
    opened: list[tuple] = []
    with live_site() as place:
        url = f"http://{place}"
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}

        def go(address: str, screen=WIDE, theme: str = "light") -> Page:
            context = lone_browser.new_context(viewport=screen)
            theme_cookie = {"name": "theme", "value": theme, "url": url}
            context.add_cookies([cookie, theme_cookie])
            page = context.new_page()
            opened.append((context, listen(page)))
            page.goto(url + address)
            expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
            return page

        yield go
        for context, complaints in opened:
            # The pictures lie in a folder of the test's own, which the site does not know.
            assert [text for text in complaints if "404" not in text] == []
            context.close()


def photo(text: str) -> Image:
    return Image.objects.get(captions__text=text)


def open_menu(page: Page) -> None:
    page.get_by_role("button", name="More: share, albums, delete").click()
    expect(page.locator("#photo-actions .actions")).to_be_visible()


def test_searching_by_keys_alone(visit):
    page = visit("/")
    page.keyboard.press("/")
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    page.keyboard.type("snowbording")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=snowbording$"))
    expect(page.locator(".hit mark")).to_have_text("snowboarding")
    expect(box).to_be_focused()

    page.keyboard.press("Control+a")
    page.keyboard.type("eleph", delay=20)
    expect(page.locator(".hit")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/search/\?q=eleph$"))
    expect(page.locator("#live")).to_have_text("2 found")
    expect(page.locator(".hits[data-placed]")).to_be_attached()
    expect(box).to_be_focused()

    page.get_by_text("Filters").click()
    page.get_by_label("At least so sure").select_option("0.7")
    expect(page.locator(".hit")).to_have_count(1)
    expect(page.locator("#filters-count")).to_contain_text("1")
    expect(page).to_have_url(re.compile("min_confidence=0.7$"))
    box.fill("zeppelin")
    expect(page.get_by_role("heading", name="Nothing speaks of “zeppelin”")).to_be_visible()
    page.get_by_role("link", name="Search without filters").click()
    expect(page.get_by_text("Try fewer words")).to_be_visible()

    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(":[0-9]+/$"))
    expect(box).to_have_value("")


def test_a_photo_is_filed_renamed_and_made_private(visit, ada):
    page = visit(f"/photos/{photo('a red kite').pk}/")
    open_menu(page)
    page.locator(".actions summary").click()
    page.get_by_label("New album").fill("Skies")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name="Skies", pressed=True)).to_be_visible()
    assert Album.objects.get(title="Skies").images.get() == photo("a red kite")

    page.get_by_label("Title").fill("A kite <i>")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("A kite <i>")
    expect(page.get_by_role("button", name="Save")).to_be_focused()
    page.get_by_role("radio", name="Private").check()
    expect(page.get_by_text("the link opens for you alone")).to_be_visible()
    expect(page.get_by_role("radio", name="Private")).to_be_focused()
    assert photo("a red kite").visibility == "private"

    page.keyboard.press("Escape")
    page.get_by_role("link", name="Albums").first.click()
    page.get_by_role("link", name="Skies").click()
    page.locator(".card").hover()
    page.get_by_role("button", name="Remove A kite <i> from this album").click()
    expect(page.get_by_role("heading", name="This album is empty")).to_be_visible()


def test_a_deletion_can_be_undone_for_a_while(visit):
    image = photo("a grey elephant")
    page = visit("/")
    page.clock.install()
    card = page.locator(f'.card[data-image="{image.pk}"]')
    for undo in (lambda: page.get_by_role("button", name="Undo").click(), lambda: press(page, "z")):
        card.locator("a").click()
        open_menu(page)
        page.get_by_role("button", name="Delete photo").click()
        expect(page.locator("#undo")).to_contain_text(f"“{image.title}” is being deleted.")
        expect(card).to_have_attribute("data-leaving", "")
        undo()
        expect(page.locator("#undo")).to_be_hidden()
        expect(card).not_to_have_attribute("data-leaving", "")
        page.clock.fast_forward(20_000)
    assert Image.objects.filter(pk=image.pk).exists()

    card.locator("a").click()
    open_menu(page)
    page.get_by_role("button", name="Delete photo").click()
    expect(page.locator("#undo")).to_be_visible()
    with page.expect_response(lambda answer: "/delete/" in answer.url) as deleted:
        page.clock.fast_forward(8_500)
    assert deleted.value.status == 204
    expect(card).to_have_count(0)
    assert not Image.objects.filter(pk=image.pk).exists()


def press(page: Page, key: str) -> None:
    page.locator("#main").press(key)


def test_who_leaves_does_not_keep_what_they_deleted(visit):
    image = photo("an elephant drinks")
    page = visit(f"/photos/{image.pk}/")
    open_menu(page)
    page.get_by_role("button", name="Delete photo").click()
    expect(page.locator("#undo")).to_be_visible()
    page.goto("about:blank")
    for _try in range(100):
        if not Image.objects.filter(pk=image.pk).exists():
            break
        page.wait_for_timeout(50)
    assert not Image.objects.filter(pk=image.pk).exists()


def troubles(page: Page) -> list[str]:
    found = Axe().run(page, options={"preload": False}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found] + ["wide"] * wide


@pytest.mark.parametrize(
    ("screen", "theme"), [(WIDE, "light"), (PHONE, "dark"), (PHONE, "contrast")]
)
def test_every_page_is_accessible(visit, ada, screen, theme):
    album = AlbumFactory(owner=ada, title="Lakes", description="quiet")
    ids = list(Image.objects.values_list("pk", flat=True))
    album_add(person=ada, album_id=album.pk, image_ids=ids)
    AnnotationFactory(image=photo("a red kite"), text="A red kite above a lake.")
    page = visit("/search/?q=kite", screen, theme)
    addresses = ["search/?q=elephant&since=x", "search/", "search/?q=zeppelin"]
    addresses += ["history/", "albums/"]
    addresses += [f"albums/{album.pk}/{rest}" for rest in ("", "edit/", "delete/")]
    place = f"photos/{photo('a red kite').pk}/"
    addresses += [place + rest for rest in ("actions/", "delete/", "")]
    found = {"": troubles(page)}
    base = page.url.partition("search/")[0]
    for address in addresses:
        page.goto(base + address)
        page.wait_for_timeout(250)  # transitions of under 200 ms have ended
        found[address] = troubles(page)
    open_menu(page)
    page.locator(".actions summary").click()
    page.wait_for_timeout(250)
    found["menu"] = troubles(page)
    assert {address: what for address, what in found.items() if what} == {}
