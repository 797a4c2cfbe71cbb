"""Reads an operation out of an HTTP request: JSON, or multipart with files.

https://github.com/jaydenseric/graphql-multipart-request-spec
"""

import json
import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from capsite.common.graphql.execution import Request

NUL = re.compile(r"\0|\\u(0000|\{0+\})")


def request_read(request: HttpRequest) -> Request:
    """Return what an HTTP request asks; CapsiteError names what is wrong with it."""
    if request.content_type == "application/json":
        return operation_of(_json(_body(request), "body"))
    if request.content_type == "multipart/form-data":
        return operation_of(_multipart(request))
    message = _("Send application/json, or multipart/form-data with files.")
    raise CapsiteError("unsupported_media_type", message, status=415)


def operation_of(content: Any) -> Request:
    """Return the operation in a JSON object; also what a socket's subscribe message holds."""
    if isinstance(content, list):
        message = _("Send one operation a request, not a list of them.")
        raise CapsiteError("batch_refused", message)
    if not isinstance(content, dict):
        raise _bad(_("The body is one JSON object with query and variables."), "body")
    query = content.get("query") or ""
    variables, extensions = content.get("variables") or {}, content.get("extensions") or {}
    name = content.get("operationName")
    kinds = (
        ("query", query, str),
        ("variables", variables, dict),
        ("extensions", extensions, dict),
        ("operationName", name or "", str),
    )
    for field, value, kind in kinds:
        if not isinstance(value, kind):
            raise _bad(_("%(field)s has the wrong type.") % {"field": field}, field)
    if not query and "persistedQuery" not in extensions:
        raise CapsiteError("required", _("There is no query."), field="query")
    if NUL.search(query) or not _storable(variables) or not _storable(query):
        message = _("A text here holds a character that cannot be stored (NUL or half of a pair).")
        raise _bad(message, "query" if NUL.search(query) else "variables")
    return Request(query, variables, name or None, extensions)


def _body(request: HttpRequest) -> bytes:
    most = settings.CAPSITE_GRAPHQL_MAX_BYTES
    if len(request.body) > most:
        raise _too_large(most)
    return request.body


def _multipart(request: HttpRequest) -> Any:
    """Put each file in the place that ``map`` names for it."""
    operations, places = request.POST.get("operations", ""), request.POST.get("map", "{}")
    most = settings.CAPSITE_GRAPHQL_MAX_BYTES
    if len(operations) + len(places) > most:
        raise _too_large(most)
    content, wanted = _json(operations, "operations"), _json(places, "map")
    if not isinstance(wanted, dict):
        raise _bad(_("map names a list of places for each file."), "map")
    for name, paths in wanted.items():
        file = request.FILES.get(name)
        if file is None or not isinstance(paths, list):
            raise _bad(_("map names a file that was not sent: %(name)s.") % {"name": name}, "map")
        for path in paths:
            _place(content, str(path), file)
    return content


def _place(content: Any, path: str, file: Any) -> None:
    steps = path.split(".")
    try:
        if steps[0] != "variables":
            raise KeyError(path)
        for step in steps[:-1]:
            content = content[int(step) if isinstance(content, list) else step]
        last: Any = int(steps[-1]) if isinstance(content, list) else steps[-1]
        if content[last] is not None:
            raise KeyError(path)
        content[last] = file
    except (KeyError, IndexError, TypeError, ValueError):
        message = _("map names a place that is not null in operations: %(path)s.")
        raise _bad(message % {"path": path[:80]}, "map") from None


def _json(text: str | bytes, field: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _bad(_("This is not JSON."), field) from None


def _storable(value: Any) -> bool:
    """Tell whether PostgreSQL can store every text in it; a lone surrogate is no character."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return all(_storable(each) for pair in value.items() for each in pair)
    return all(_storable(each) for each in value) if isinstance(value, list) else True


def _bad(message: str, field: str) -> CapsiteError:
    return CapsiteError("bad_request", message, field=field)


def _too_large(most: int) -> CapsiteError:
    message = _("An operation has at most %(most)d bytes; files are sent as multipart.")
    return CapsiteError("request_too_large", message % {"most": most}, status=413)
