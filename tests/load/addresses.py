"""The pages that are measured: addresses of each, who asks, and how many queries it takes."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve, reverse

from annotations.models import Annotation
from captions.history import captions_newest, history_page
from captions.models import ModerationCase
from gallery.albums import albums_part
from gallery.models import Album, Image
from gallery.selectors import cursor_encode
from tests.load.people import HEAVY, ROOT

WORDS = ("dog", "elephant", "elefant", "man on the street", "red umbrela", "snowbording")
DEEP = 0.8  # how far down a list its deep page lies
# Who looks at it; everything else is looked at by a visitor.
PEOPLE = {
    "gallery, as a member": HEAVY,
    "photo, as a member": HEAVY,
    "dashboard": HEAVY,
    "moderation queue": ROOT,
    "moderation case": ROOT,
    "jobs board": ROOT,
}


def pages_of(each: int) -> dict[str, list[str]]:
    """Return up to ``each`` addresses of every page."""
    images = Image.objects.order_by("sha256")[:each]
    photos = [reverse("gallery:photo", args=[image.pk]) for image in images]
    cases = ModerationCase.objects.filter(state="open").order_by("id")[:each]
    texts = Annotation.objects.order_by("id")[:each]
    pages = {
        "gallery": ["/"],
        "gallery, as a member": ["/"],
        "gallery, deep": [f"/?cursor={_deep_cursor()}"],
        "photo": photos,
        "photo, as a member": photos,
        "photo's versions": [reverse("annotations:versions", args=[text.pk]) for text in texts],
        "history": ["/history/"],
        "history, Turkish": ["/history/?language=tr"],
        "history, deep": [f"/history/?cursor={_deep_history()}"],
        "search": [f"/search/?q={word.replace(' ', '+')}" for word in WORDS],
        "albums": ["/albums/"],
        "albums, second page": [f"/albums/?cursor={_second_albums()}"],
        "album": [
            reverse("gallery:album", args=[album.pk]) for album in Album.objects.all()[:each]
        ],
        "dashboard": _dashboard(),
        "moderation queue": ["/admin/captions/moderationcase/"],
        "moderation case": [f"/admin/captions/moderationcase/{case.pk}/change/" for case in cases],
        "jobs board": ["/admin/gallery/captionjob/"],
        "REST images": ["/api/v2/images"],
        "REST annotations by member": [
            f"/api/v2/annotations?edited_by=member{number}&kind=written" for number in range(each)
        ],
    }
    return {name: addresses for name, addresses in pages.items() if addresses}


def queries_of(pages: dict[str, list[str]]) -> dict[str, int]:
    """Return the most queries that an address of each page takes; the first one warms up."""
    found = {}
    for name, addresses in pages.items():
        count = _counter(name)
        count(addresses[0])
        found[name] = max(map(count, addresses))
    return found


def asked_of(name: str, address: str) -> list[str]:
    """Return the queries that a page asks once it is warm; what it writes is left out."""
    client = _client(PEOPLE[name]) if name in PEOPLE else Client()
    client.get(address, HTTP_HOST="localhost")
    with CaptureQueriesContext(connection) as captured:
        client.get(address, HTTP_HOST="localhost")
    statements = [query["sql"] for query in captured]
    return [each for each in statements if each.startswith(("SELECT", "WITH"))]


def sessions_of() -> dict[str, str]:
    """Sign everybody in, and return their sessions."""
    return {name: _client(name).cookies["sessionid"].value for name in set(PEOPLE.values())}


def _counter(name: str) -> Any:
    client = _client(PEOPLE[name]) if name in PEOPLE else Client()

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address, HTTP_HOST="localhost")
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {address} answered {answer.status_code}")
        return len(captured)

    return count


def _client(name: str) -> Client:
    client = Client()
    client.force_login(get_user_model()._default_manager.get(username=name))
    return client


def _deep_cursor() -> str:
    rows = Image.objects.order_by("-created_at", "-id")
    return cursor_encode(rows[int(rows.count() * DEEP)])


def _deep_history() -> str:
    rows = captions_newest(AnonymousUser()).order_by("-created_at", "-id")
    deep = rows[int(rows.count() * DEEP)]
    return history_page(captions_newest(AnonymousUser(), until=deep.created_at), "").cursors[0]


def _second_albums() -> str:
    return albums_part(AnonymousUser(), mine=False).next_cursor


def _dashboard() -> list[str]:
    try:
        resolve("/dashboard/")
    except Resolver404:
        return []
    return ["/dashboard/"]
