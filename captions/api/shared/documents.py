"""Serves an OpenAPI document and the Swagger UI that reads it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.settings import patched_settings

from captions.api.shared import schema  # noqa: F401  (registers how people sign in)

Patterns = tuple[URLPattern | URLResolver, ...]


@cache
def document(patterns: Patterns, version: str) -> bytes:
    """Return the OpenAPI 3.1 document of the addresses in ``patterns``; made once a process."""
    generator = SchemaGenerator(patterns=list(patterns), api_version=version)
    with patched_settings({"VERSION": None}), override("en"):  # whoever asks first
        made: Any = generator.get_schema(request=None, public=True)
    return OpenApiJsonRenderer().render(made, renderer_context={})


def document_urls(
    patterns: Sequence[URLPattern | URLResolver], *, version: str
) -> list[URLPattern]:
    """Return the addresses of the document and of its Swagger UI, for the roof to include."""
    covered = tuple(patterns)

    @require_safe
    def openapi(request: HttpRequest) -> HttpResponse:
        return HttpResponse(document(covered, version), content_type="application/json")

    @require_safe
    def docs(request: HttpRequest) -> HttpResponse:
        return render(request, "captions/api_docs.html", {"version": version})

    return [
        path(f"api/{version}/openapi.json", openapi, name=f"openapi-{version}"),
        path(f"api/{version}/docs", docs, name=f"api-docs-{version}"),
    ]
