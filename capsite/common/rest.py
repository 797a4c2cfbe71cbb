"""REST answers: one error shape (RFC 9457 problem details) for every refusal."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions
from rest_framework.response import Response

from capsite.common.errors import (
    PROBLEM_JSON,
    CapsiteError,
    Forbidden,
    NotFound,
    problem_body,
)
from capsite.common.outage import OUTAGES, RETRY_AFTER_SECONDS, outage_error


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session; also answers 401 rather than 403 to those who are nobody."""

    def authenticate_header(self, request: Any) -> str:
        """Name the scheme, as a 401 must."""
        return "Session"


def refuse_cross_site(request: Any) -> None:
    """Refuse a browser that posts on behalf of another website; programs send no such header."""
    origin = request.headers.get("Origin", "")
    foreign = bool(origin) and urlsplit(origin).netloc != request.get_host()
    if foreign or request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden(_("Other websites may not send photos here."), code="cross_site")


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate any known error; return None for a bug, which becomes a logged 500."""
    known = _known(error)
    if known is None:
        return None
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if known.status == 503 else {}
    if known.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="capsite"'
    response = Response(problem_body(known), status=known.status, headers=headers)
    response.content_type = PROBLEM_JSON
    return response


def _known(error: Exception) -> CapsiteError | None:
    if isinstance(error, CapsiteError):
        return error
    if isinstance(error, OUTAGES):
        return outage_error()
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    return _from_drf(error) if isinstance(error, exceptions.APIException) else None


def _from_drf(error: exceptions.APIException) -> CapsiteError:
    if isinstance(error, exceptions.ParseError):
        sentence = _("The body of this request could not be read.")
        message = f"{sentence} {error.detail}"
        return CapsiteError("parse_error", message.rstrip(".") + ".", field="")
    field, detail = "", error.detail
    if isinstance(detail, dict):  # a validation error: the first field speaks
        field, detail = next(iter(detail.items()))
    while isinstance(detail, list | tuple):
        detail = detail[0]
    code = getattr(detail, "code", None) or error.default_code
    return CapsiteError(str(code), str(detail), status=error.status_code, field=str(field))
