"""Translates a refusal into a page for people or JSON for the upload tray."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from capsite.common.errors import PROBLEM_JSON, CapsiteError, NotFound, problem_body
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
    if request.path.startswith("/api/"):
        body = problem_body(error)
        return JsonResponse(body, status=error.status, content_type=PROBLEM_JSON)
    if wants_json(request):
        return JsonResponse(error.as_dict(), status=error.status)
    name = _PAGES.get(error.status, "400.html")
    return render(request, name, {"message": error.message}, status=error.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django refuses before any view sees it, such as an unknown host name."""
    message = _("This request cannot be answered. Check the address.")
    return error_response(request, CapsiteError("bad_request", message))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere."""
    return error_response(request, NotFound(_("There is nothing at this address.")))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a fault of ours; the page for people needs neither context nor database."""
    if wants_json(request):
        message = _("Something went wrong here. It was noted. Try again later.")
        return error_response(request, CapsiteError("server_error", message, status=500))
    return HttpResponseServerError(render_to_string("500.html"))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what to do about a missing or stale CSRF token."""
    message = _("This page was open too long. Load it again and repeat what you did.")
    return error_response(request, CapsiteError("csrf_failed", message, status=403))
