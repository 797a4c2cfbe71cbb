"""Loads one registered version as the settings say: device, precision, threads, cache, tongue."""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings

from captions.models import CaptionModel
from workers.serving.features import feature_store

if TYPE_CHECKING:
    from workers.pipeline.captioner import Captioner
    from workers.pipeline.contract import CaptionOutcome, CaptionRequest

logger = logging.getLogger(__name__)


class Writer(Protocol):
    """What writes captions: a captioner, or one with a translator around it."""

    def caption(self, requests: "Sequence[CaptionRequest]") -> "list[CaptionOutcome]":
        """One outcome per request, in order."""


@dataclass(frozen=True)
class Loaded:
    """A captioner in memory, what writes its captions, and the version that they name."""

    captioner: "Captioner"
    writer: Writer
    model: CaptionModel


def load_version(model: CaptionModel) -> Loaded:
    """Load and warm the version; its writer translates where a translator is set.

    Raises ModelError naming what is missing, or that the directory holds another version by now.
    """
    from workers.pipeline.captioner import Captioner

    began = time.monotonic()
    directory = Path(model.directory)
    _require_revision(directory, model)
    device = device_name()
    captioner = Captioner.from_pretrained(
        directory,
        device=device,
        threads=thread_count(),
        dtype=dtype_name(device),
        features=feature_store(),
    )
    _require_same(captioner.revision, directory, model)  # or replaced while it was read
    captioner.warm_up()
    seconds = time.monotonic() - began
    kind = f"{captioner.dtype} on {device}"
    logger.info("%s loaded and warm in %.1f s, %s", model, seconds, kind)
    return Loaded(captioner, _writer(captioner), model)


def _require_revision(directory: Path, model: CaptionModel) -> None:
    from workers.pipeline.errors import ModelError
    from workers.pipeline.weights import require_files, revision_of

    if not model.directory:
        raise ModelError(f"No directory with the files of {model} is known.")
    require_files(directory)
    _require_same(revision_of(directory), directory, model)


def _require_same(found: str, directory: Path, model: CaptionModel) -> None:
    from workers.pipeline.errors import ModelError

    if found != model.revision:
        raise ModelError(f"The directory {directory} holds revision {found}, not that of {model}.")


def _writer(captioner: "Captioner") -> Writer:
    if not settings.CAPSITE_TRANSLATOR:
        return captioner
    from workers.pipeline.translate import Translating

    limit = settings.CAPSITE_TRANSLATOR_SECONDS
    return Translating(captioner, _translator(settings.CAPSITE_TRANSLATOR), time_limit=limit)


@cache
def _translator(directory: str) -> Any:
    """Load the translator, which all versions share; without it captions stay English."""
    from workers.pipeline.errors import PipelineError
    from workers.pipeline.translate import Translator

    try:
        return Translator.from_pretrained(settings.BASE_DIR / directory)
    except PipelineError as error:
        logger.error("Nothing is translated. %s", error)
        return None


def forget_translator() -> None:
    """Let the translator go with the weights that an idle worker drops."""
    _translator.cache_clear()


def device_name() -> str:
    """Return the device asked for; ``auto`` takes a GPU where there is one."""
    if settings.CAPSITE_DEVICE != "auto":
        return str(settings.CAPSITE_DEVICE)
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def dtype_name(device: str) -> str:
    """Return the precision asked for; ``auto`` is fp32 on a CPU, bf16 or fp16 on a GPU."""
    if settings.CAPSITE_DTYPE != "auto":
        return str(settings.CAPSITE_DTYPE)
    if device == "cpu":
        return "fp32"
    import torch

    return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"


def thread_count() -> int:
    """Return the threads of this process; with several workers a machine: cores / workers."""
    return settings.CAPSITE_THREADS or len(os.sched_getaffinity(0))
