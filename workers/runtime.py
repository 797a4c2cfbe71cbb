"""The loaded captioner of this worker process, and the pulse that tells the site about it."""

import logging
import os
import socket
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from celery.signals import worker_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import connection

from capsite.common.outage import OUTAGES
from capsite.common.push import GALLERY_GROUP, push_on_commit
from capsite.common.workerstate import PULSE_SECONDS, worker_gone, worker_pulse
from captions.models import CaptionModel
from captions.services import model_activate
from gallery.services.jobs import jobs_waiting

if TYPE_CHECKING:
    from workers.pipeline.captioner import Captioner

logger = logging.getLogger(__name__)

_pulse_state = "starting"


@dataclass(frozen=True)
class Runtime:
    """What a worker works with."""

    captioner: "Captioner"
    model: CaptionModel
    worker: str


@cache
def runtime() -> Runtime:
    """Load and warm the captioner, register it, and return both; once a process."""
    from workers.pipeline.captioner import Captioner

    began = time.monotonic()
    captioner = Captioner.from_pretrained(
        settings.CAPSITE_MODEL_DIR, device=_device(), threads=_threads()
    )
    captioner.warm_up()
    seconds = time.monotonic() - began
    logger.info("%s %s loaded and warm in %.1f s", captioner.name, captioner.revision, seconds)
    worker = f"{socket.gethostname()}-{os.getpid()}"
    return Runtime(captioner, _registered(captioner), worker)


def _device() -> str:
    """Return the device asked for; ``auto`` takes a GPU where there is one."""
    if settings.CAPSITE_DEVICE != "auto":
        return str(settings.CAPSITE_DEVICE)
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _threads() -> int:
    return settings.CAPSITE_THREADS or len(os.sched_getaffinity(0))


def _registered(captioner: "Captioner") -> CaptionModel:
    """Write the model into the registry, waiting for the database as long as it takes."""
    while True:
        try:
            return model_activate(
                name=captioner.name,
                revision=captioner.revision,
                languages=captioner.languages,
                levels=captioner.config.calibration.levels,
            )
        except OUTAGES as error:
            logger.warning("Waiting for the database: %s", error)
            connection.close()
            time.sleep(1)


def stopping() -> bool:
    """Tell whether this worker was asked to stop."""
    return _pulse_state == "away"


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
        time.sleep(PULSE_SECONDS)
