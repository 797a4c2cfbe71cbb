"""OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector; else nothing is imported.

The spans of requests are made in ``capsite.common.observing.asgi``: the instrumentation of Django
is a middleware before all others and would change threads twice for each request.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from capsite.common.observing.trail import facts

_tracer: Any = None


def spans_start() -> None:
    """Send spans of requests, batches, SQL, Redis and Celery to the collector that is named."""
    global _tracer
    if not settings.CAPSITE_OTLP_ENDPOINT:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not installed "
            f"({error.name}). Install it: pip install -c constraints.txt -r requirements-otel.txt"
        ) from error
    about = {"service.name": "capsite", "service.version": settings.VERSION}
    provider = TracerProvider(resource=Resource.create(about))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    _instrument()
    _tracer = trace.get_tracer("capsite")


def _instrument() -> None:
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor

    # Statements are kept with their placeholders, values are not. Psycopg2 comes as the -binary
    # package, which the instrumentation does not look for.
    Psycopg2Instrumentor().instrument(skip_dep_check=True)
    RedisInstrumentor().instrument()
    CeleryInstrumentor().instrument()


def server_span(scope: dict[str, Any]) -> AbstractContextManager[Any]:
    """Return the span of a request, which goes on with its caller's trace; None while off."""
    return nullcontext() if _tracer is None else _server_span(scope)


@contextmanager
def _server_span(scope: dict[str, Any]) -> Iterator[Any]:
    from opentelemetry.propagate import extract
    from opentelemetry.trace import SpanKind

    sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    with _tracer.start_as_current_span(
        scope["method"], context=extract(sent), kind=SpanKind.SERVER
    ) as span:
        span.set_attributes({"http.request.method": scope["method"], **_attributes()})
        yield span


def span(name: str, **attributes: Any) -> AbstractContextManager[Any]:
    """Return a span around some work of ours, with the ids of this moment; None while off."""
    if _tracer is None:
        return nullcontext()
    started: AbstractContextManager[Any] = _tracer.start_as_current_span(
        name, attributes=attributes | _attributes()
    )
    return started


def _attributes() -> dict[str, Any]:
    return {f"capsite.{name}": value for name, value in facts().items()}
