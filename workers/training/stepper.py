"""One optimizer step: losses of its batches, gradients, clipping, learning rate, moving average."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from workers.pipeline.network import CaptionNetwork
from workers.training.batches import Batch
from workers.training.config import TrainSection
from workers.training.objectives import Objective
from workers.training.optim import MovingAverage, parameter_groups
from workers.training.precision import autocast, gradient_scaler, require_precision
from workers.training.processes import Processes


class Stepper:
    """AdamW on `network`; `factor` gives the factor on every learning rate at a step."""

    def __init__(
        self,
        network: CaptionNetwork,
        objective: Objective,
        settings: TrainSection,
        factor: Callable[[int], float],
        processes: Processes,
    ) -> None:
        require_precision(settings.precision, processes.device.type)
        self.network = network.to(processes.device)
        self.network.decoder.checkpointing = settings.gradient_checkpointing
        self.objective = objective
        self.settings = settings
        self.processes = processes
        groups = parameter_groups(network, settings)
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98))
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, factor)
        self.scaler = gradient_scaler(settings.precision, processes.device.type)
        self.average = MovingAverage(network, settings.ema_decay)
        self.parameters = [p for p in network.parameters() if p.requires_grad]

    def step(self, batches: Sequence[Batch]) -> float:
        """Take one step on all of `batches` together; returns their mean loss per token.

        Every batch counts by the words it predicts, so that the gradient of cross-entropy is that
        of one large batch, however it is cut over batches and processes.
        """
        total = sum(batch.total for batch in batches)
        self.optimizer.zero_grad(set_to_none=True)
        losses = [self._backward(batch, batch.tokens / total) for batch in batches]
        loss = self.processes.add_up(self.parameters, torch.stack(losses).sum())
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.scheduler.step()
        self.average.update(self.network)
        return loss.item()

    def rates(self) -> dict[str, float]:
        """The rate of the decoder, and the highest one of the encoders' heads if they train."""
        heads = {id(p) for p in self.network.encoders.parameters()}
        found: dict[str, float] = {}
        for group in self.optimizer.param_groups:
            name = "heads" if id(group["params"][0]) in heads else "decoder"
            found[name] = max(group["lr"], found.get(name, 0.0))
        return found

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint."""
        state = {
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "average": self.average.state_dict(),
        }
        return state | ({"scaler": self.scaler.state_dict()} if self.scaler.is_enabled() else {})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """From the checkpoint."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.average.load_state_dict(state["average"])
        if self.scaler.is_enabled() and "scaler" in state:
            self.scaler.load_state_dict(state["scaler"])

    def _backward(self, batch: Batch, weight: float) -> torch.Tensor:
        batch = batch.on(self.processes.device)
        with autocast(self.settings.precision, self.processes.device.type):
            loss = self.objective.loss(self.network, batch) * weight
        self.scaler.scale(loss).backward()
        return loss.detach()
