"""A person looks at photos full screen, chooses captions to see, and finds their place again."""

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from captions.services.store import captions_store
from gallery.models import CaptionJob, Image
from gallery.services.albums import album_add
from gallery.services.jobs import jobs_claim
from gallery.services.uploads import image_upload
from tests.factories import (
    AlbumFactory,
    CaptionFactory,
    ImageFactory,
    JobFactory,
    ModelFactory,
    UserFactory,
    photo_bytes,
)
from tests.flows.browser import listen
from tests.flows.fingers import Fingers
from tests.graphql.live import live_site
from tests.races import at_once

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

PATIENT = 15_000  # milliseconds
Visit = Callable[..., Page]
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
# Adds up how much what is on the screen moves without having been asked to.
SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const {hadRecentInput, value} of list.getEntries()) {
            if (!hadRecentInput) window.shifted += value;
        }
    }).observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture
def ada():
    """A member with five photos, made before the browser: beside its loop nothing can be pushed."""
    person = UserFactory(username="ada")
    for number in range(5):
        data = photo_bytes(9900 + number, size=(1800, 1157) if number in (0, 4) else (200, 320))
        image = image_upload(data=data, name=f"Walk {number}.jpg", person=person).image
        image.jobs.update(state="done", finished_at=image.created_at)
        CaptionFactory(image=image, text=f"a walk, number {number}", confidence=0.6)
    return person


@pytest.fixture
def visit(media, monkeypatch, ada, lone_browser: Browser) -> Iterator[Visit]:
    """Open an address as the member, on a page that must not complain about anything."""
    monkeypatch.setenv("CAPSITE_MEDIA", str(media))
    client = Client()
    client.force_login(ada)
    opened: list[tuple] = []
    with live_site() as place:
        url = f"http://{place}"
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}

        def go(address: str, screen=WIDE, **more) -> Page:
            context = lone_browser.new_context(viewport=screen, **more)
            context.add_cookies([cookie])
            context.add_init_script(SHIFTS)
            page = context.new_page()
            opened.append((context, listen(page)))
            page.goto(url + address)
            expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
            return page

        yield go
        for context, complaints in opened:
            assert [text for text in complaints if "INTERNET_DISCONNECTED" not in text] == []
            context.close()


def cards(page: Page):
    return page.locator(".gallery > .card")


def place(page: Page):
    return page.locator(".lightbox-place")


def scale(page: Page) -> float:
    return page.locator(".lightbox-frame").evaluate(
        "frame => new DOMMatrix(getComputedStyle(frame).transform).a"
    )


def work(text: str, strategy: str) -> None:
    """Do what the worker does, in a thread: in this one Playwright's event loop runs."""

    def caption_next() -> None:
        [job] = jobs_claim(worker="test", limit=1)
        facts = {"rank": 0, "log_probability": -1.0, "confidence": 0.6}
        said = SimpleNamespace(text=text, strategy=strategy, language="en", **facts)
        captions_store(job=job, model=ModelFactory(), candidates=[said], timings={})

    at_once([caption_next])


def in_every_theme(page: Page) -> None:
    """Ask axe about what is shown, in each of the three themes."""
    for theme in ("light", "dark", "contrast"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.wait_for_timeout(250)  # transitions of under 200 ms have ended
        found = Axe().run(page, options={"preload": False}).response["violations"]
        assert not found, (theme, [(one["id"], one["nodes"][0]["html"]) for one in found])


def test_looking_by_keys_alone(visit):
    page = visit("/")
    lightbox = page.locator("#lightbox")
    cards(page).nth(1).locator("a").focus()
    page.keyboard.press("f")
    expect(page.get_by_role("dialog", name="Photo, full screen")).to_be_visible()
    expect(page.locator(".lightbox-said")).to_have_text("Photo 2 of 5. a walk, number 3")
    expect(page.get_by_role("img", name="a walk, number 3").last).to_be_visible()
    expect(page.locator(".lightbox-caption")).to_have_text("a walk, number 3")
    page.keyboard.press("Home")
    expect(place(page)).to_have_text("1 of 5")
    page.keyboard.press("ArrowLeft")  # there is none before
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    expect(place(page)).to_have_text("5 of 5")
    expect(page).to_have_url(re.compile("#photo=" + cards(page).nth(4).get_attribute("data-image")))

    small = page.locator(".lightbox-photo").evaluate("photo => photo.currentSrc")
    for _press in range(5):
        page.keyboard.press("+")
    assert scale(page) >= 4
    most = page.locator(".lightbox-scale").text_content()
    page.keyboard.press("ArrowRight")  # moves the picture now
    expect(place(page)).to_have_text("5 of 5")
    page.keyboard.press("+")  # no further
    expect(page.locator(".lightbox-scale")).to_have_text(most or "")
    page.wait_for_function(
        "small => document.querySelector('.lightbox-photo').currentSrc !== small", arg=small
    )
    page.keyboard.press("0")
    assert scale(page) == 1
    for _press in range(12):  # the focus stays inside
        page.keyboard.press("Tab")
        expect(page.locator("main :focus, header :focus")).to_have_count(0)
    in_every_theme(page)

    page.reload()  # the address names the photo
    expect(place(page)).to_have_text("5 of 5")
    page.go_back()
    expect(lightbox).to_be_hidden()
    expect(page).to_have_url(re.compile(r":\d+/$"))
    cards(page).nth(2).locator("a").focus()
    page.keyboard.press("f")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(lightbox).to_be_hidden()
    expect(cards(page).nth(3).locator("a")).to_be_focused()
    page.keyboard.press("f")
    page.get_by_role("link", name="Captions and details").click()
    expect(page.locator(".photo-title")).to_have_text("Walk 1")
    page.keyboard.press("f")
    page.keyboard.press("k")  # the page underneath goes along
    expect(place(page)).to_have_text("3 of 5")
    page.keyboard.press("Escape")
    expect(page.locator(".photo-title")).to_have_text("Walk 2")
    expect(page.locator(".picture a")).to_be_focused()
    page.go_back()
    expect(page.locator("#page")).to_have_attribute("data-page", "gallery")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("Zoom in, zoom out, fit to the screen")


def test_looking_by_fingers_on_a_phone(visit):
    page = visit("/", PHONE, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="Full screen").first.tap()
    expect(place(page)).to_have_text("1 of 5")
    expect(page.locator(".lightbox-photo[data-loaded]")).to_be_attached()
    source = page.locator(".lightbox-photo").evaluate("photo => photo.currentSrc")
    assert int(source.split("/w")[-1].split(".")[0]) <= 640  # not more than this screen can show
    fingers = Fingers(page)
    left, right, middle = (40.0, 380.0), (320.0, 380.0), (180.0, 380.0)
    fingers.move((right, left))
    expect(place(page)).to_have_text("2 of 5")
    fingers.move((right, left))
    fingers.move((left, right))
    expect(place(page)).to_have_text("2 of 5")
    fingers.move(((170.0, 380.0), (80.0, 380.0)), ((190.0, 380.0), (280.0, 380.0)))
    assert scale(page) > 2
    before = scale(page)
    fingers.move((right, left))  # moves the picture, as far as its edge
    expect(place(page)).to_have_text("2 of 5")
    frame = page.locator(".lightbox-frame").bounding_box()
    assert scale(page) == before
    assert frame
    assert frame["x"] + frame["width"] >= PHONE["width"] - 1
    for _tap in range(2):
        page.touchscreen.tap(*middle)
    expect(page.locator(".lightbox-scale")).to_have_text("100%")
    in_every_theme(page)
    fingers.move((middle, (180.0, 600.0)))
    expect(page.locator("#lightbox")).to_be_hidden()
    expect(page).to_have_url(re.compile(r":\d+/$"))


def test_captions_by_strategy_and_by_confidence(visit, ada):
    image = Image.objects.get(title="Walk 4")
    job = JobFactory(image=image, done=True, strategy="nucleus")
    CaptionFactory(image=image, job=job, strategy="nucleus", text="a long walk", confidence=0.2)
    CaptionFactory(image=image, strategy="beam", text="a walk with a dog", confidence=0.35)
    page = visit(f"/photos/{image.pk}/")
    shown = page.locator(".caption:visible")
    expect(shown).to_have_count(3)
    page.get_by_role("radio", name="Nucleus").check()
    expect(shown).to_have_count(1)
    expect(page.locator("#live")).to_have_text("1 caption is shown.")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Greedy")).to_be_checked()
    expect(page.locator("#captions").get_by_text("Greedy: no captions yet.")).to_be_visible()
    page.get_by_role("button", name="Ask for them Greedy").click()
    coming = page.locator("#captions").get_by_text("Greedy: captions are on their way.")
    expect(coming).to_be_visible()
    assert CaptionJob.objects.get(strategy="greedy").language == "en"

    work("a walk, number 4", strategy="greedy")
    expect(shown).to_have_count(1, timeout=PATIENT)  # the sentence that beam search came to as well
    expect(shown.locator(".badge")).to_have_text(["Beam", "Greedy"])

    page.get_by_role("radio", name="All").check()
    slider = page.get_by_role("slider", name="Hide captions below")
    slider.focus()
    for _press in range(8):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "40%")
    expect(shown).to_have_count(1)
    below = page.get_by_text("2 captions are below your limit of 40%.")
    expect(below.first).to_be_visible()
    in_every_theme(page)
    page.reload()
    expect(shown).to_have_count(1)
    expect(slider).to_have_value("40")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(shown).to_have_count(3)
    expect(page.get_by_role("button", name="Hide", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )

    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    copy = page.get_by_role("button", name="Copy “a walk with a dog”")
    copy.click()  # the older way still does
    expect(copy).to_have_attribute("data-copied", "")
    page.evaluate("() => { document.execCommand = () => false; }")
    copy.click()
    by_hand = page.get_by_role("dialog", name="Copy this text").get_by_role("textbox")
    expect(by_hand).to_have_value("a walk with a dog")
    assert page.evaluate("String(getSelection())") == "a walk with a dog"
    page.keyboard.press("Escape")
    expect(copy).to_be_focused()


def seen(page: Page, image: str) -> float:
    """Return how far from the top of the screen a photo stands."""
    card = page.locator(f'.gallery > .card[data-image="{image}"]')
    return card.evaluate("card => card.getBoundingClientRect().top")


def test_the_way_back_leads_to_the_same_place(visit, ada):
    for number in range(44):
        image = ImageFactory(title=f"Far {number}", height=300 + 50 * (number % 5))
        CaptionFactory(image=image, text=f"a far field {number}")
    album = AlbumFactory(owner=ada)
    ids = list(Image.objects.filter(title__startswith="Far").values_list("pk", flat=True))
    album_add(person=ada, album_id=album.pk, image_ids=ids)
    for address in ("/", "/search/?q=far+field", f"/albums/{album.pk}/"):
        page = visit(address)
        page.route("**/i/**", lambda route: route.fulfill(status=204))
        while cards(page).count() < 44:
            page.mouse.wheel(0, 3_000)
            page.wait_for_timeout(60)
        page.wait_for_timeout(200)
        card = cards(page).nth(38)
        card.scroll_into_view_if_needed()
        page.wait_for_timeout(150)
        image = str(card.get_attribute("data-image"))
        following = str(cards(page).nth(39).locator("a").get_attribute("href"))
        top = seen(page, image)
        # Playwright's own click may scroll.
        card.locator("a").evaluate("link => { link.focus({preventScroll: true}); link.click(); }")
        expect(page.locator("#page")).to_have_attribute("data-page", "photo")
        expect(page.locator("#main")).to_be_focused()
        page.keyboard.press("j")  # on to the next one of this list
        page.wait_for_url(f"**{following}")
        expect(page.locator(f'#page[data-image="{following.split("/")[2]}"]')).to_be_attached()
        page.reload()  # what the page had loaded is gone
        expect(page.locator("html[data-socket=open]")).to_be_attached(timeout=PATIENT)
        page.go_back()
        card = page.locator(f'.gallery > .card[data-image="{image}"]')
        expect(card.locator("a")).to_be_focused(timeout=PATIENT)
        assert seen(page, image) == pytest.approx(top, abs=3), address


def test_an_album_is_arranged_by_key_and_by_hand(visit, ada):
    album = AlbumFactory(owner=ada)
    keys = list(Image.objects.order_by("title").values_list("pk", flat=True))
    album_add(person=ada, album_id=album.pk, image_ids=keys)

    def expected(page: Page, *order: int) -> None:
        wanted = [keys[number] for number in order]
        for _try in range(100):
            if list(album.items.order_by("position").values_list("image", flat=True)) == wanted:
                break
            page.wait_for_timeout(30)
        else:
            raise AssertionError(order)
        shown = page.locator(".arranged").evaluate_all("all => all.map((one) => one.dataset.image)")
        assert shown == [str(key) for key in wanted]

    page = visit(f"/albums/{album.pk}/")
    page.get_by_role("link", name="Arrange").click()
    handle = page.get_by_role("button", name="Move Walk 3", exact=True)
    handle.focus()
    page.keyboard.press("ArrowLeft")
    expected(page, 0, 1, 3, 2, 4)
    expect(page.locator("#live")).to_have_text("Now at place 3 of 5")
    page.keyboard.press("Home")
    expect(handle).to_be_focused()
    expected(page, 3, 0, 1, 2, 4)
    page.get_by_role("button", name="Move Walk 0 one place later").click()
    expected(page, 3, 1, 0, 2, 4)
    first = page.locator(".arranged").first
    first.hover(position={"x": 40, "y": 40})
    page.mouse.down()
    last = page.locator(".arranged").nth(4).bounding_box()
    assert last
    page.mouse.move(last["x"] + last["width"] - 10, last["y"] + 50, steps=5)
    page.mouse.up()
    expected(page, 1, 0, 2, 4, 3)
    in_every_theme(page)

    phone = visit(f"/albums/{album.pk}/arrange/", PHONE, has_touch=True, is_mobile=True)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.get_by_role("button", name="Move Walk 3 to the front, as the cover").tap()
    expected(phone, 3, 1, 0, 2, 4)
    phone.get_by_role("link", name=album.title).tap()
    expect(phone.locator(".card").first).to_have_attribute("data-image", str(keys[3]))


def test_nothing_moves_while_pictures_and_captions_come(visit, media):
    images = list(Image.objects.order_by("created_at"))
    for file in (media / "photos").rglob(f"{images[0].pk}/w*"):
        file.unlink()
    waiting = ImageFactory(title="Waits", variants=images[1].variants)  # without files, too
    JobFactory(image=waiting)
    screens = [visit("/", WIDE), visit("/", PHONE, has_touch=True, is_mobile=True)]
    for page in screens:
        expect(page.locator(".photo[data-loaded]")).to_have_count(4, timeout=PATIENT)
        expect(page.locator(".photo[data-broken]")).to_have_count(2)
        missing = page.locator(".frame:has(> .photo[data-broken])").first
        expect(missing).to_have_attribute("data-missing", "This picture cannot be shown.")
    work("a caption that comes later", strategy="beam")
    for page in screens:
        card = page.locator(f'.card[data-image="{waiting.pk}"]')
        expect(card).to_have_attribute("data-state", "done", timeout=PATIENT)
        page.wait_for_timeout(300)
        shifted = page.evaluate("window.shifted")
        print(f"\nlayout shift at {page.viewport_size}: {shifted:.4f}")
        assert shifted < 0.02

    page.context.set_offline(True)
    expect(page.locator(".offline")).to_be_visible(timeout=PATIENT)
    page.context.set_offline(False)
    expect(page.locator(".offline")).to_be_hidden(timeout=PATIENT)
