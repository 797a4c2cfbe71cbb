"""How an endpoint is described in OpenAPI: one decorator, so that no refusal is forgotten."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from captions.api.shared.languages import HEADER
from captions.api.shared.problems import (
    ALWAYS,
    OF_BODIES,
    OF_KEYS,
    OF_MEMBERS,
    OF_WRITES,
    refusals,
)
from gallery.models.job import Language

View = TypeVar("View", bound=Callable[..., Any])

LANGUAGE_HEADER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    enum=Language.values,
    description="The language of captions, unless a parameter names one. `Accept-Language` counts "
    "after it.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
    OpenApiParameter.HEADER,
    description="Any text of your own, new for each request. The same request with the same key "
    "within 24 hours is answered again, with `Idempotent-Replayed: true`, and done once.",
)


def endpoint(
    *,
    name: str,
    summary: str,
    description: str = "",
    tag: str,
    answers: Mapping[Any, Any],
    request: Any = None,
    query: Sequence[Any] = (),
    codes: Sequence[str | tuple[int, str]] = (),
    members: bool = False,
    writes: bool = False,
    idempotent: bool = False,
    language: bool = False,
    examples: Sequence[Any] = (),
) -> Callable[[View], View]:
    """Describe one method of a view: what it takes, what it answers, and how it may refuse.

    ``codes`` are the refusals of its own; those that every endpoint, member, body and key can meet
    are added.
    """
    told: list[str | tuple[int, str]] = [*codes, *ALWAYS]
    told += OF_MEMBERS if members else ()
    told += OF_WRITES if writes else ()
    told += OF_BODIES if request is not None else ()
    told += OF_KEYS if idempotent else ()
    parameters = [*query]
    parameters += [LANGUAGE_HEADER] if language else []
    parameters += [IDEMPOTENCY_KEY] if idempotent else []
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=description,
        tags=[tag],
        parameters=parameters,
        request=request,
        responses={**answers, **refusals(told)},
        examples=list(examples),
    )


def multipart_or_json(kind: type[serializers.Serializer]) -> dict[str, Any]:
    """Return a request that may be a form or JSON."""
    return {"multipart/form-data": kind, "application/json": kind}


class DescribedSchema(AutoSchema):
    """Describes a body of DELETE as well, where an endpoint says that it reads one."""

    def _get_request_body(self, direction: str = "request") -> Any:
        if self.method != "DELETE":
            return super()._get_request_body(direction)
        self.method = "POST"
        try:
            return super()._get_request_body(direction)
        finally:
            self.method = "DELETE"


class BearerScheme(OpenApiAuthenticationExtension):
    """Personal tokens, access tokens of the app client and of OAuth clients."""

    target_class = "capsite.accounts.header.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe the header."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal token (`cap_…`), a JWT of a sign-in, or an OAuth token.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """The cookie of a browser that signed in."""

    target_class = "capsite.common.rest.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Describe the cookie."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Writes need Django's CSRF token in the header X-CSRFToken as well.",
        }
