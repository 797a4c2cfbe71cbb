"""Who may use which address: a row for every route of ours and every method.

The words of a row answer for visitor, owner, other member, moderator and administrator: ``ok`` is a
success, a number that status, ``in`` the way to sign in. ``private`` and ``public`` speak of the
owner's rows; a route without such rows has one answer for both. The method ``*`` stands for a view
that answers every method alike. ``scope`` is what a token needs:
without it the answer is 403 ``insufficient_scope``. ``SESSION`` routes take no personal token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from capsite.accounts.scopes import Scope
from tests.contracts.who_may_world import World
from tests.factories import photo_bytes

READ, WRITE = Scope.CAPTIONS_READ, Scope.CAPTIONS_WRITE
EDIT, MODERATE = Scope.ANNOTATIONS_WRITE, Scope.MODERATION
PAGE = "page"  # tokens mean nothing to pages
ANY = "any"  # a token of any scope
SESSION = "session"  # no personal token whatever its scopes

ALL = "ok ok ok ok ok"
MEMBERS = "401 ok ok ok ok"
SEEN = "404 ok 404 404 ok"  # administrators look after private photos too
SEEN_BY_MEMBERS = "401 ok 404 404 ok"
OWNED = "401 ok 403 403 ok"
OWNER = "401 ok 404 404 404"  # not even administrators use what is somebody's own
MODERATORS = "401 403 403 ok ok"
SIGNED_IN = "in ok ok ok ok"
DONE = "in 302 302 302 302"  # a form that leads on
CHANGED, CHANGED_SEEN = "in 302 403 403 302", "in 302 404 404 302"
OFFERED, OFFERED_SEEN = "in ok 403 403 ok", "in ok 404 404 ok"
AWAY = "302 302 302 302 302"
SHOWN = ("in ok 404 404 ok", SIGNED_IN)  # a page for members: of private rows, of public ones
SENT = ("in 302 404 404 302", "in 302 302 302 302")  # a form that leads back to the photo
REFUSED = "400 400 400 400 400"

Body = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """One method of one route."""

    method: str
    route: str
    scope: Scope | str
    private: str
    public: str = ""
    body: Body | None = None
    form: bool = False


def _nothing(_world: World) -> dict[str, Any]:
    return {}


def _photo(_world: World) -> dict[str, Any]:
    return {"image": SimpleUploadedFile("n.jpg", photo_bytes(77), "image/jpeg")}


def _photos(_world: World) -> dict[str, Any]:
    return {"images": [SimpleUploadedFile("n.jpg", photo_bytes(78), "image/jpeg")]}


def _images(world: World) -> dict[str, Any]:
    return {"images": [str(world.rows["image"].pk)]}


def _endpoint(_world: World) -> dict[str, Any]:
    return {"url": "https://example.org/other", "events": ["caption.ready"]}


def _token(_world: World) -> dict[str, Any]:
    from django.utils import timezone

    ends = timezone.now() + timezone.timedelta(days=2)
    return {"name": "n", "scopes": ["captions:read"], "expires_at": ends.isoformat()}


def _fixed(**body: Any) -> Body:
    return lambda _world: body


_title, _vote = _fixed(title="New"), _fixed(value=1)
_front = _fixed(after=None)
_edit = _fixed(text="A new text.", base_version=1)
_back = _fixed(number=1, base_version=1)

IMAGE = "images/<uuid:image_id>"
PHOTO = "photos/<uuid:image_id>/"
CAPTION = "captions/<uuid:caption_id>"
ALBUM = "albums/<uuid:album_id>"
WEBHOOK = "webhooks/<uuid:endpoint_id>"
NOTE = "annotations/<uuid:annotation_id>"
JOB = "jobs/<uuid:job_id>"
CASE = "moderation/cases/<uuid:case_id>"

IN_EVERY_VERSION = [
    Row("POST", "captions", WRITE, ALL, body=_photo, form=True),
    Row("PUT", f"{CAPTION}/vote", WRITE, SEEN_BY_MEMBERS, MEMBERS, _vote),
    Row("DELETE", f"{CAPTION}/vote", WRITE, SEEN_BY_MEMBERS, MEMBERS),
    Row("GET", "images", READ, ALL),
    Row("GET", IMAGE, READ, SEEN, ALL),
    Row("PATCH", IMAGE, WRITE, SEEN_BY_MEMBERS, OWNED, _title),
    Row("DELETE", IMAGE, WRITE, SEEN_BY_MEMBERS, OWNED),
    Row("GET", f"{IMAGE}/captions", READ, SEEN, ALL),
    Row("GET", f"{IMAGE}/annotations", READ, SEEN, ALL),
    Row("PUT", f"{IMAGE}/annotations/<str:language>", EDIT, SEEN_BY_MEMBERS, MEMBERS, _edit),
    Row("GET", NOTE, READ, SEEN, ALL),
    Row("GET", "search", READ, ALL),
    Row("GET", JOB, READ, SEEN, ALL),
    Row("POST", f"{JOB}/retry", WRITE, SEEN, ALL, _nothing),
    Row("GET", "albums", READ, ALL),
    Row("POST", "albums", WRITE, MEMBERS, body=_title),
    Row("GET", ALBUM, READ, SEEN, ALL),
    Row("PATCH", ALBUM, WRITE, SEEN_BY_MEMBERS, OWNED, _title),
    Row("DELETE", ALBUM, WRITE, SEEN_BY_MEMBERS, OWNED),
    Row("GET", f"{ALBUM}/images", READ, SEEN, ALL),
    Row("POST", f"{ALBUM}/images", WRITE, SEEN_BY_MEMBERS, OWNED, _images),
    Row("DELETE", f"{ALBUM}/images", WRITE, SEEN_BY_MEMBERS, OWNED, _images),
    Row("GET", "languages", READ, ALL),
    Row("GET", "models", READ, ALL),
    Row("GET", "webhooks", WRITE, MEMBERS),  # their addresses may hold secrets of others
    Row("POST", "webhooks", WRITE, MEMBERS, body=_endpoint),
    Row("GET", WEBHOOK, WRITE, OWNER),
    Row("PATCH", WEBHOOK, WRITE, OWNER, body=_fixed(name="New")),
    Row("DELETE", WEBHOOK, WRITE, OWNER),
    Row("POST", f"{WEBHOOK}/ping", WRITE, OWNER, body=_nothing),
    Row("POST", f"{WEBHOOK}/secret", WRITE, OWNER, body=_nothing),
    Row("GET", f"{WEBHOOK}/deliveries", WRITE, OWNER),
    Row("POST", "webhooks/deliveries/<uuid:delivery_id>/resend", WRITE, OWNER, body=_nothing),
    Row("GET", "me", ANY, MEMBERS),
]
IN_VERSION_1 = [
    Row("GET", "models/", READ, ALL),
    Row("GET", f"{CAPTION}/heatmap/", READ, SEEN, ALL),
]
IN_VERSION_2 = [
    Row("GET", CAPTION, READ, SEEN, ALL),
    Row("GET", f"{CAPTION}/heatmap", READ, SEEN, ALL),
    Row("POST", f"{CAPTION}/promote", EDIT, SEEN_BY_MEMBERS, MEMBERS, _fixed(base_version=1)),
    Row("POST", f"{IMAGE}/captions", WRITE, SEEN, ALL, _nothing),
    Row("GET", "annotations", READ, ALL),
    Row("GET", f"{NOTE}/revisions", READ, SEEN, ALL),
    Row("POST", f"{NOTE}/revert", EDIT, SEEN_BY_MEMBERS, MEMBERS, _fixed(number=1, base_version=1)),
    Row("PUT", f"{ALBUM}/images/<uuid:image_id>/place", WRITE, SEEN_BY_MEMBERS, OWNED, _front),
    Row("POST", "batches", WRITE, ALL, body=_photos, form=True),
    Row("GET", "batches/<uuid:batch_id>", READ, SEEN),
    Row("GET", "jobs", READ, ALL),
    Row("GET", "strategies", READ, ALL),
    Row("GET", "me/tokens", SESSION, MEMBERS),
    Row("POST", "me/tokens", SESSION, MEMBERS, body=_token),
    Row("DELETE", "me/tokens/<uuid:token_id>", SESSION, OWNER),
    Row("GET", "me/votes", READ, MEMBERS),
    Row("GET", "me/limits", ANY, MEMBERS),
    Row("GET", "statistics", READ, ALL),  # the public ones; test_statistics says who sees others
    Row("GET", "moderation/cases", MODERATE, MODERATORS),
    Row("GET", CASE, MODERATE, MODERATORS),
    Row("POST", f"{CASE}/decision", MODERATE, MODERATORS, body=_fixed(decision="approve")),
]
PAGES = [
    Row("GET", "", PAGE, ALL),
    Row("GET", "photos/cards/", PAGE, ALL),
    Row("GET", "photos/<uuid:image_id>/", PAGE, SEEN, ALL),
    Row("GET", "photos/<uuid:image_id>/captions/", PAGE, SEEN, ALL),
    Row(
        *("POST", "photos/<uuid:image_id>/captions/", PAGE),
        *("404 302 404 404 302", "302 302 302 302 302", _fixed(language="en"), True),
    ),
    Row(
        *("POST", "photos/<uuid:image_id>/retry/", PAGE),
        *("404 302 404 404 302", "302 302 302 302 302", _nothing, True),
    ),
    Row("POST", "uploads/", PAGE, ALL, body=_photo, form=True),
    Row("POST", "language/", PAGE, AWAY, body=_fixed(language="tr"), form=True),
    # Votes, reports and published texts on the photo page; visitors are led to the way to sign in.
    Row("POST", f"{CAPTION}/vote/", PAGE, *SENT, _vote, True),
    Row("GET", f"{CAPTION}/report/", PAGE, *SHOWN),
    Row("POST", f"{CAPTION}/report/", PAGE, *SENT, _fixed(reason="It insults."), True),
    Row("POST", f"{CAPTION}/promote/", PAGE, *SENT, _fixed(base_version=1), True),
    Row("GET", "photos/<uuid:image_id>/texts/", PAGE, SEEN, ALL),
    Row("GET", "photos/<uuid:image_id>/texts/<str:language>/", PAGE, *SHOWN),
    Row("POST", "photos/<uuid:image_id>/texts/<str:language>/", PAGE, *SENT, _edit, True),
    Row("GET", "texts/<uuid:annotation_id>/versions/", PAGE, SEEN, ALL),
    Row("POST", "texts/<uuid:annotation_id>/revert/", PAGE, *SENT, _back, True),
    Row("GET", "i/<uuid:image_id>/<slug:variant>.webp", PAGE, SEEN, ALL),
    Row("GET", "search/", PAGE, ALL),
    Row("GET", "history/", PAGE, ALL),
    Row("GET", "dashboard/", PAGE, ALL),
    Row("GET", f"{PHOTO}actions/", PAGE, SEEN, ALL),
    Row("POST", f"{PHOTO}edit/", PAGE, CHANGED_SEEN, CHANGED, _title, True),
    Row("POST", f"{PHOTO}albums/", PAGE, CHANGED_SEEN, DONE, _fixed(new="Album"), True),
    Row("GET", f"{PHOTO}delete/", PAGE, OFFERED_SEEN, OFFERED),
    Row("POST", f"{PHOTO}delete/", PAGE, CHANGED_SEEN, CHANGED, _nothing, True),
    Row("GET", f"{PHOTO}original/", PAGE, OFFERED_SEEN, OFFERED),
    Row("GET", "albums/", PAGE, ALL),
    Row("GET", "albums/new/", PAGE, SIGNED_IN),
    Row("POST", "albums/new/", PAGE, DONE, body=_title, form=True),
    Row("GET", f"{ALBUM}/", PAGE, SEEN, ALL),
    Row("GET", f"{ALBUM}/edit/", PAGE, OFFERED_SEEN, OFFERED),
    Row("POST", f"{ALBUM}/edit/", PAGE, CHANGED_SEEN, CHANGED, _title, True),
    Row("GET", f"{ALBUM}/delete/", PAGE, OFFERED_SEEN, OFFERED),
    Row("POST", f"{ALBUM}/delete/", PAGE, CHANGED_SEEN, CHANGED, _nothing, True),
    Row("GET", f"{ALBUM}/arrange/", PAGE, OFFERED_SEEN, OFFERED),
    Row(
        *("POST", f"{ALBUM}/photos/<uuid:image_id>/move/", PAGE, CHANGED_SEEN, CHANGED),
        *(_nothing, True),
    ),
    Row(
        *("POST", f"{ALBUM}/photos/<uuid:image_id>/remove/", PAGE, CHANGED_SEEN, CHANGED),
        *(_nothing, True),
    ),
    Row("GET", "account/", PAGE, SIGNED_IN),
    Row("POST", "account/", PAGE, "in 302 302 302 302", body=_fixed(username="new"), form=True),
    Row("GET", "styleguide/", PAGE, "404 404 404 404 404"),
    Row("GET", "account/session/", PAGE, ALL),
    Row("POST", "account/session/", PAGE, ALL),
    Row("GET", "account/tokens/", PAGE, SIGNED_IN),
    # A session that did not just sign in is asked for its password again.
    Row("POST", "account/tokens/", PAGE, "in 302 302 302 302", body=_nothing, form=True),
    Row(
        *("POST", "account/tokens/<uuid:token_id>/revoke/", PAGE, "in 302 404 404 404", ""),
        *(_nothing, True),
    ),
    Row("GET", "account/applications/", PAGE, SIGNED_IN),
    Row(
        *("POST", "account/applications/<str:client_id>/revoke/", PAGE, "in 302 302 302 302", ""),
        *(_nothing, True),
    ),
    Row(
        *("POST", "account/sessions/<int:session_id>/end/", PAGE, "in 302 404 404 404", ""),
        *(_nothing, True),
    ),
    Row("GET", "graphql/", PAGE, SIGNED_IN),  # GraphiQL
    Row("POST", "graphql/", READ, ALL, body=_fixed(query="{ languages }")),  # see who_may_graphql
    Row("GET", "api/v1/openapi.json", PAGE, ALL),
    Row("GET", "api/v1/docs", PAGE, ALL),
    Row("GET", "api/v2/openapi.json", PAGE, ALL),
    Row("GET", "api/v2/docs", PAGE, ALL),
    # Programs say who they are in the body; a person's session opens nothing here.
    Row("POST", "identity/o/api/token", PAGE, REFUSED, body=_nothing, form=True),
    Row("POST", "identity/o/api/device/code", PAGE, REFUSED, body=_nothing, form=True),
    Row("POST", "identity/o/api/revoke", PAGE, REFUSED, body=_nothing, form=True),
    # Without a program's request there is nothing to consent to, whoever asks.
    Row("GET", "identity/o/authorize", PAGE, SIGNED_IN),
    Row("POST", "identity/o/authorize", PAGE, AWAY, body=_nothing, form=True),
    Row("PUT", "identity/o/authorize", PAGE, AWAY),
    Row(
        *("POST", "admin/captions/moderationcase/<uuid:case_id>/decide/", PAGE),
        *("in in in in 302", "", _fixed(decision="approve"), True),
    ),
    Row("*", "health/live/", PAGE, ALL),
    Row("*", "health/ready/", PAGE, ALL),
    Row("*", "version/", PAGE, ALL),
    # Whoever asks from inside; tests/capsite/observing says who may not.
    Row("*", "metrics", PAGE, ALL),
]


def _under(prefix: str, rows: list[Row]) -> list[Row]:
    from dataclasses import replace

    return [replace(row, route=prefix + row.route) for row in rows]


ROWS = [
    *_under("api/v1/", IN_EVERY_VERSION + IN_VERSION_1),
    *_under("api/v2/", IN_EVERY_VERSION + IN_VERSION_2),
    *PAGES,
]

# Views of libraries, by the module of the view: where their own tests and ours say who may.
OF_LIBRARIES = {
    "allauth.": "allauth decides who may; tests/accounts signs in, out and up through it",
    "django.contrib.admin.": "administrators alone; test_the_administration_is_for_staff",
    "django.views.generic.base": "allauth's redirects of its former addresses",
    "django.contrib.auth.admin": "pages of the administration about people",
    "django.contrib.contenttypes.views": "part of the administration",
}
