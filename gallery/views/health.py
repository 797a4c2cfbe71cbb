"""Addresses for probes: alive, ready and version."""

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from capsite.common.outage import OUTAGES
from capsite.common.workerstate import worker_state


@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Say that the web process answers; asks nobody else."""
    return JsonResponse({"status": "ok"})


@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Say whether the database answers (503 when not) and what the worker last reported."""
    database = _database_answers()
    status = {"status": "ok" if database else "unavailable", "database": database}
    worker = worker_state()
    return JsonResponse(status | {"worker": worker}, status=200 if database else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OUTAGES:
        return False
    return True


@never_cache
def version(request: HttpRequest) -> JsonResponse:
    """Return the version of the site."""
    return JsonResponse({"name": "capsite", "version": settings.VERSION})
