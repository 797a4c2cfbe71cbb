"""What the views of the photo page's panel share: one view answers a script and a plain form."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from capsite.common.errors import CapsiteError
from gallery.views.errors import error_response

View = Callable[..., HttpResponse]


def is_fragment(request: HttpRequest) -> bool:
    """Tell a script, which wants a piece of the page, from a browser that wants all of it."""
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers


def panel_view(view: View) -> View:
    """Let ``view`` raise CapsiteError: a page for people, its sentence as JSON for scripts."""

    @wraps(view)
    @vary_on_headers("HX-Request", "HX-Boosted")
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except CapsiteError as error:
            return _refusal(request, error)

    return guarded


def members_only(view: View) -> View:
    """Show visitors the way to sign in, and back to where they were."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if is_fragment(request):
            message = _("You are signed out. Sign in again to do this.")
            return _refusal(request, CapsiteError("sign_in_required", message, status=401))
        return redirect_to_login(_where(request), login_url=reverse("account_login"))

    return guarded


def answer(
    request: HttpRequest, piece: str, page: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Return the piece alone to a script, and the page that holds it to a browser."""
    name = piece if is_fragment(request) else page
    response = render(request, name, context | {"piece": piece}, status=status)
    response["X-Piece"] = "1"  # tells scripts a refused form from an error page
    return response


def whole_number(given: str | None, field: str) -> int:
    """Return a number out of a form; CapsiteError when it is none."""
    try:
        return int(given or "")
    except ValueError as error:
        message = _("%(field)s is a whole number, not '%(given)s'.")
        named = {"field": field, "given": (given or "")[:40]}
        raise CapsiteError("invalid", message % named, field=field) from error


def _refusal(request: HttpRequest, error: CapsiteError) -> HttpResponse:
    if is_fragment(request):
        return JsonResponse(error.as_dict(), status=error.status)
    return error_response(request, error)


def _where(request: HttpRequest) -> str:
    """Return the page somebody is on: of a form, the one that held it."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    held = urlsplit(request.headers.get("Referer", ""))
    return held.path if held.netloc == request.get_host() else reverse("gallery:index")
