"""What a failing network means: too little memory, a device that is gone, or one bad photo."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from workers.pipeline.errors import InferenceError, OutOfMemory, PipelineError

logger = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")

# How allocators say it that raise a plain RuntimeError: the CPU's, CUDA's own, cuBLAS and cuDNN.
_MEMORY_WORDS = ("can't allocate memory", "CUDA error: out of memory", "STATUS_ALLOC_FAILED")
_DEVICE_WORDS = ("CUDA error", "CUDNN_STATUS", "HIP error")


class DeviceLost(PipelineError):
    """The accelerator refuses all further work in this process; only a new process helps.

    CUDA reports a failed kernel this way, and every later call of the process fails alike.
    """

    def __init__(self, message: str = "The device failed while captioning.") -> None:
        super().__init__("device_lost", message, retryable=True)


def fault_of(error: Exception) -> PipelineError:
    """What an exception of PyTorch means: `OutOfMemory`, `DeviceLost` or `InferenceError`."""
    text = str(error)
    starved = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    if starved or any(words in text for words in _MEMORY_WORDS):
        return OutOfMemory()
    if isinstance(error, torch.AcceleratorError) or any(words in text for words in _DEVICE_WORDS):
        logger.error("The device failed: %s", text)
        return DeviceLost()
    # People and programs read the message; PyTorch's own words, which may name files, are logged.
    logger.warning("The captioner failed on a photo: %s", text)
    return InferenceError("The captioner failed on this photo.")


def in_pieces(
    work: Callable[[Sequence[T]], Sequence[R]],
    items: Sequence[T],
    shrunk: Callable[[], None] = lambda: None,
) -> list[R | PipelineError]:
    """Run `work` over all items at once, or over as many as memory allows; one result per item.

    Where memory runs out the piece is halved, down to single items, and `shrunk` is called; the
    rest stays at that size. When `work` fails for another reason each item of the piece is tried
    alone, so that only the bad one gets the error. Raises `DeviceLost` at once.
    """
    results: list[R | PipelineError] = []
    size = len(items)
    while len(results) < len(items):
        piece = items[len(results) : len(results) + size]
        made = _tried(work, piece)
        if not isinstance(made, PipelineError):
            results.extend(made)
        elif len(piece) == 1:
            results.append(made)
        elif isinstance(made, OutOfMemory):
            size = len(piece) // 2
            shrunk()
        else:
            for item in piece:
                alone = _tried(work, [item])
                results.extend([alone] if isinstance(alone, PipelineError) else alone)
    return results


def _tried(
    work: Callable[[Sequence[T]], Sequence[R]], piece: Sequence[T]
) -> Sequence[R] | PipelineError:
    try:
        return work(piece)
    except (RuntimeError, MemoryError) as error:
        fault = fault_of(error)
    # Outside of the handler: the exception's frames held the tensors that must go first.
    if isinstance(fault, DeviceLost):
        raise fault
    if isinstance(fault, OutOfMemory):
        give_back_memory()
    return fault


def settle(device: torch.device) -> None:
    """Wait until a GPU, whose calls return early, has done its work; raises what went wrong."""
    if device.type != "cuda":
        return
    try:
        torch.cuda.synchronize(device)
    except RuntimeError as error:
        raise fault_of(error) from error


def give_back_memory() -> None:
    """Drop what nobody uses any more, on the accelerator too."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
