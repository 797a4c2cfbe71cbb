"""Translates every error of an operation once: code and sentence, and nothing of a bug's text."""

import logging
from typing import Any

from django.utils.translation import gettext as _
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLError, GraphQLSyntaxError

from capsite.common.errors import CapsiteError
from capsite.common.outage import OUTAGES, outage_error

logger = logging.getLogger(__name__)

VALIDATION_FAILED = "graphql_validation_failed"
PARSE_FAILED = "graphql_parse_failed"


class Refused(Exception):
    """An operation that was not run at all, with everything that is wrong with it."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def refusal(error: CapsiteError) -> dict[str, Any]:
    """Return a refusal as one entry of ``errors``."""
    data = {to_camel_case(name): value for name, value in error.data.items()}
    extensions = {
        "code": error.code,
        "status": error.status,
        "field": ".".join(to_camel_case(part) for part in error.field.split(".")),
    }
    return {"message": error.message, "extensions": data | extensions}


def formatted(error: GraphQLError) -> dict[str, Any]:
    """Return one error of graphql-core's as an entry of ``errors``."""
    entry = _entry(error)
    if error.locations:
        entry["locations"] = [place.formatted for place in error.locations]
    if error.path is not None:
        entry["path"] = error.path
    return entry


def _entry(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, CapsiteError):
        return refusal(cause)
    if isinstance(cause, OUTAGES):
        return refusal(outage_error())
    if cause is None or isinstance(cause, GraphQLError):
        return refusal(_of_the_document(error))
    logger.error("A GraphQL field failed: %s", error.path, exc_info=cause)
    message = _("Something went wrong here. It has been noted.")
    return refusal(CapsiteError("internal_error", message, status=500))


def _of_the_document(error: GraphQLError) -> CapsiteError:
    code = PARSE_FAILED if isinstance(error, GraphQLSyntaxError) else VALIDATION_FAILED
    return CapsiteError(code, error.message)
