"""In which language a program wants its captions."""

from django.utils.translation import gettext as _
from rest_framework.request import Request

from capsite.common.errors import CapsiteError
from gallery.models.job import Language

HEADER = "X-Caption-Language"


def language_of(request: Request, given: str | None = None) -> str:
    """Return the language to caption in: the parameter, else a header, else English.

    ``X-Caption-Language`` must name one of ours; ``Accept-Language`` may name others as well.
    """
    return given or language_wanted(request) or Language.ENGLISH


def language_wanted(request: Request) -> str | None:
    """Return the language that the headers ask for, or None where they name none of ours."""
    named = request.headers.get(HEADER, "").strip().lower()
    if not named:
        return _accepted(request.headers.get("Accept-Language", ""))
    if named not in Language.values:
        message = _("There are no captions in the language '%(given)s'. Choose one of: %(all)s.")
        facts = {"given": named, "all": ", ".join(Language.values)}
        raise CapsiteError("invalid_choice", message % facts, field=HEADER)
    return named


def _accepted(header: str) -> str | None:
    """Return the best of ours in an Accept-Language header; the earlier one where two are equal."""
    best, best_quality = None, 0.0
    for part in header.split(",")[:20]:
        tag, _semicolon, parameter = part.strip().lower().partition(";")
        language = tag.strip().split("-")[0]
        quality = _quality(parameter)
        if language in Language.values and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameter: str) -> float:
    name, _equals, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if name.strip() == "q" and 0 < quality <= 1 else 0.0
