"""Addresses for probes: alive and ready."""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from capsite.common.outage import OUTAGES
from capsite.common.workerstate import last_inference, worker_state


@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Say that the web process answers; asks nobody else."""
    return JsonResponse({"status": "ok"})


@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Say whether the database answers, and what was last captioned within the last minute.

    503 only without a database: people still look and upload while no worker is there, so no
    balancer should take the site away. With ``?deep`` 503 unless captions can be had, too.
    """
    database, inference = _database_answers(), last_inference()
    words = {(True, True): "ok", (True, False): "degraded"}
    status = words.get((database, inference is not None), "unavailable")
    body = {"status": status, "database": database, "worker": worker_state()}
    good = status == "ok" if "deep" in request.GET else database
    return JsonResponse(body | {"inference": inference}, status=200 if good else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OUTAGES:
        return False
    return True
