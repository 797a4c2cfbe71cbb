"""What the views of the photo page's panel share: a piece for scripts, a page for plain forms."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from capsite.common.errors import CapsiteError
from gallery.views.fragments import is_fragment


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
