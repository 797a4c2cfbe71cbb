"""The processes that train one network together, through Accelerate; usually there is only one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn

from workers.training.errors import TrainingError

if TYPE_CHECKING:
    from accelerate import Accelerator

DEVICES = ("cpu", "cuda", "auto")
# The others wait this long while the first one fills the feature cache.
PATIENCE = timedelta(hours=12)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Processes:
    """How this process stands among those that train together.

    Without `accelerator` it is alone, and every method leaves its argument as it is.
    """

    device: torch.device
    accelerator: Accelerator | None = None

    @classmethod
    def join(cls, device: str) -> Processes:
        """Meet the other processes where `accelerate launch` or `torchrun` has started several.

        `device` is one of `DEVICES`; `auto` is a GPU where there is one. Raises `TrainingError`.
        """
        if device not in DEVICES:
            raise TrainingError(f"Unknown device {device!r}: choose {', '.join(DEVICES)}.")
        if device == "cuda" and not torch.cuda.is_available():
            raise TrainingError("PyTorch finds no CUDA device here: choose device cpu or auto.")
        if not torch.distributed.is_torchelastic_launched():
            gpu = device != "cpu" and torch.cuda.is_available()
            return cls(torch.device("cuda" if gpu else "cpu"))
        # Imported here: a process that trains alone need not spend the second it takes.
        from accelerate import Accelerator
        from accelerate.utils import InitProcessGroupKwargs

        handlers = [InitProcessGroupKwargs(timeout=PATIENCE)]
        accelerator = Accelerator(cpu=device == "cpu", kwargs_handlers=handlers)
        return cls(accelerator.device, accelerator)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.accelerator.num_processes if self.accelerator else 1

    @property
    def rank(self) -> int:
        """Which one this is, from 0."""
        return self.accelerator.process_index if self.accelerator else 0

    @property
    def main(self) -> bool:
        """Whether this is the one that writes and reports."""
        return self.rank == 0

    def main_first(self) -> AbstractContextManager[Any]:
        """A block that the main process passes before the others enter it."""
        return self.accelerator.main_process_first() if self.accelerator else nullcontext()

    def wait(self) -> None:
        """Go on when every process has come here."""
        if self.accelerator:
            self.accelerator.wait_for_everyone()

    def share(self, value: Value) -> Value:
        """What the main process passed."""
        if not self.accelerator:
            return value
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([value])[0]

    def gather(self, value: Value) -> list[Value]:
        """What every process passed, by rank."""
        if not self.accelerator:
            return [value]
        from accelerate.utils import gather_object

        return gather_object([value])

    def add_up(self, parameters: Sequence[nn.Parameter], loss: torch.Tensor) -> torch.Tensor:
        """Give every gradient, and the loss [], the sum over all processes, in one message.

        The losses are weighted beforehand by each process's share of the batch, so that these sums
        are the mean over the whole batch.
        """
        if not self.accelerator:
            return loss
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([*(g.flatten() for g in gradients), loss.float().reshape(1)])
        summed = self.accelerator.reduce(flat, reduction="sum")
        parts = summed.split([*(g.numel() for g in gradients), 1])
        for gradient, part in zip(gradients, parts[:-1], strict=True):
            gradient.copy_(part.view_as(gradient))
        return parts[-1][0]
