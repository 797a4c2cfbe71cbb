"""Translates a refusal into a page for people or JSON for the upload tray."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.common.outage import wants_json

View = Callable[..., HttpResponse]
_PAGES = {403: "403.html", 404: "404.html"}


def page_errors(view: View) -> View:
    """Let ``view`` raise CapsiteError; it is answered as a page, or as JSON where asked for."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except CapsiteError as error:
            return error_response(request, error)

    return guarded


def error_response(request: HttpRequest, error: CapsiteError) -> HttpResponse:
    """Return the answer that carries ``error`` in the shape the caller reads."""
    if wants_json(request):
        return JsonResponse(error.as_dict(), status=error.status)
    name = _PAGES.get(error.status, "400.html")
    return render(request, name, {"message": error.message}, status=error.status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what to do about a missing or stale CSRF token."""
    message = _("This page was open too long. Load it again and repeat what you did.")
    return error_response(request, CapsiteError("csrf_failed", message, status=403))
