"""When the database is away: one calm answer with status 503 instead of a server error."""

import logging

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from capsite.common.errors import PROBLEM_JSON, CapsiteError, problem_body

logger = logging.getLogger(__name__)

OUTAGES = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = 2


def outage_error() -> CapsiteError:
    """Return what every surface says while the database cannot be reached."""
    return CapsiteError(
        "database_away",
        _("capsite cannot reach its database. Nothing was lost. Try again in a moment."),
        status=503,
    )


def wants_json(request: HttpRequest) -> bool:
    """Tell a program (or the upload tray) from a person reading pages."""
    accepted = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or "application/json" in accepted


class OutageMiddleware(MiddlewareMixin):
    """Answers 503 with Retry-After for any view that met a database outage."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Translate a lost database; let every other error take its way."""
        if not isinstance(exception, OUTAGES):
            return None
        logger.warning("Database away at %s: %s", request.path, exception)
        error = outage_error()
        response = (
            _json(request, error)
            if wants_json(request)
            # Without the request: who is asking is itself a question to the database.
            else HttpResponse(render_to_string("503.html"), status=error.status)
        )
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response


def _json(request: HttpRequest, error: CapsiteError) -> JsonResponse:
    """Return the error in the shape of the API, or of what the pages' scripts read."""
    if not request.path.startswith("/api/"):
        return JsonResponse(error.as_dict(), status=error.status)
    return JsonResponse(problem_body(error), status=error.status, content_type=PROBLEM_JSON)
