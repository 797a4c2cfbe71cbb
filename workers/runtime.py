"""The loaded captioners of this worker process, and the pulse that tells the site about it."""

import logging
import os
import socket
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from celery.signals import worker_init, worker_ready, worker_shutting_down
from celery.worker import state as celery_state
from django.conf import settings
from django.db import connection

from capsite.common.outage import OUTAGES
from capsite.common.push import GALLERY_GROUP, push_on_commit
from capsite.common.workermetrics import worker_metrics_publish
from capsite.common.workerstate import PULSE_SECONDS, worker_gone, worker_pulse
from captions.models import CaptionModel
from captions.registry import default_activate
from gallery.services.jobs import jobs_waiting
from workers.serving.metrics import METRICS
from workers.versions import directory_register

if TYPE_CHECKING:
    from workers.pipeline.captioner import Captioner
    from workers.serving.pool import Pool
    from workers.serving.warming import Warmer

logger = logging.getLogger(__name__)

# EX_TEMPFAIL of sysexits.h: not zero, so that every process manager starts the worker again.
RECYCLE_CODE = 75

_pulse_state = "starting"


@dataclass(frozen=True)
class Runtime:
    """What a worker works with."""

    pool: "Pool"
    warmer: "Warmer"
    worker: str

    @property
    def captioner(self) -> "Captioner":
        """The captioner that is active for English; loads it when it is out of memory."""
        return self.pool.english().captioner

    @property
    def model(self) -> CaptionModel:
        """The registered version of ``captioner``."""
        return self.pool.english().model

    @property
    def captioners(self) -> "dict[CaptionModel, Captioner]":
        """Every captioner in memory, the one for English among them, by its version."""
        return self.pool.captioners()


@cache
def runtime() -> Runtime:
    """Register the configured version, load and warm what serves; once a process."""
    from workers.serving.exposition import FIGURES
    from workers.serving.loading import load_version
    from workers.serving.pool import Pool
    from workers.serving.warming import Warmer

    began = time.monotonic()
    pool = Pool(load_version, fallback=_register_default())
    FIGURES.loaded = pool.loaded
    pool.refresh()
    pool.english()  # or there is nothing to work with, and the reason why
    logger.info("Everything that serves is loaded after %.1f s", time.monotonic() - began)
    return Runtime(pool, Warmer(pool), worker_name())


def _register_default() -> CaptionModel:
    """Enter CAPSITE_MODEL_DIR into the registry, where it serves unless an operator chose another.

    Waits for the database as long as it takes. Raises ModelError for a directory that is none.
    """
    while True:
        try:
            model = directory_register(Path(settings.CAPSITE_MODEL_DIR))
            default_activate(model=model, languages=model.languages)
            return model
        except OUTAGES as error:
            logger.warning("Waiting for the database: %s", error)
            connection.close()
            time.sleep(1)


@cache
def worker_name() -> str:
    """Return the name of this process in leases and figures."""
    return f"{socket.gethostname()}-{os.getpid()}"


def stopping() -> bool:
    """Tell whether this worker was asked to stop."""
    return _pulse_state == "away"


def recycle(error: Exception) -> None:
    """End this process in order, once the present task is over; its manager starts a new one.

    `manage.py up` does after a second; in production it is systemd, Kubernetes or the like.
    """
    logger.error("This worker makes way for a new process. %s", error)
    celery_state.should_stop = RECYCLE_CODE
    _stopping()


@worker_init.connect
def _start(**kwargs: object) -> None:
    """Load before the worker asks for its first message, so that ready means ready."""
    from workers.pipeline.errors import PipelineError

    threading.Thread(target=_beat, name="pulse", daemon=True).start()
    try:
        runtime()
    except Exception as error:  # Celery would log it and call the worker ready all the same
        known = isinstance(error, PipelineError)
        logger.critical("The worker cannot start. %s", error, exc_info=not known)
        sys.exit(2)


@worker_ready.connect
def _ready(**kwargs: object) -> None:
    global _pulse_state
    _pulse_state = "ready"
    worker_pulse("ready")
    try:
        message = {"type": "worker", "state": "ready", "waiting": jobs_waiting()}
        push_on_commit([GALLERY_GROUP], message)
    except OUTAGES as error:
        logger.warning("Nobody was told that the worker is ready: %s", error)


@worker_shutting_down.connect
def _stopping(**kwargs: object) -> None:
    global _pulse_state
    _pulse_state = "away"
    worker_gone()


def _beat() -> None:
    while not stopping():
        worker_pulse(_pulse_state)
        worker_metrics_publish(worker_name(), METRICS.snapshot())
        time.sleep(PULSE_SECONDS)
