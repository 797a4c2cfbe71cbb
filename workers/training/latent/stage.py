"""One stage of training: steps, a moving average, and a checkpoint that resumes exactly."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from workers.training.errors import TrainingError
from workers.training.latent.config import WARMUP, StageSection
from workers.training.optim import MovingAverage, warmup_cosine
from workers.training.runs import Run, save_atomically

Report = Callable[[str], None]
# What a step sees: its number, for the order of the photos, and a generator for all it draws.
Loss = Callable[[int, torch.Generator], torch.Tensor]
LOG_EVERY = 25


class Order:
    """Which photos a step sees: every photo once per epoch, in an order the seed fixes."""

    def __init__(self, count: int, batch: int, seed: int) -> None:
        self.count, self.batch, self.seed = count, batch, seed
        self.epochs: dict[int, list[int]] = {}

    def indices(self, step: int) -> list[int]:
        """The photos of one step, across the border of two epochs where it falls so."""
        places = range(step * self.batch, (step + 1) * self.batch)
        return [self._epoch(place // self.count)[place % self.count] for place in places]

    def _epoch(self, number: int) -> list[int]:
        if number not in self.epochs:
            chance = random.Random(f"{self.seed}:{number}")
            self.epochs = {
                **{n: order for n, order in self.epochs.items() if n >= number - 1},
                number: chance.sample(range(self.count), self.count),
            }
        return self.epochs[number]


class Stage:
    """Trains `model` with `loss`; after `fit` the model holds the averaged weights.

    Everything random in a step comes from a generator made of seed and step, so that a resumed
    stage repeats what an uninterrupted one does without any state of a random generator on disk.
    """

    def __init__(
        self, name: str, model: nn.Module, settings: StageSection, run: Run, seed: int
    ) -> None:
        self.name, self.model, self.settings, self.run, self.seed = name, model, settings, run, seed
        self.path: Path = run.folder / f"{name}.pt"
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
        )
        self.average = MovingAverage(model, settings.ema_decay)
        self.step = 0
        self.seconds = 0.0

    def fit(
        self,
        loss: Loss,
        report: Report,
        *,
        checkpoint_minutes: float = 3.0,
        stop_at: int | None = None,
    ) -> bool:
        """Train to the end, then put the averaged weights into the model.

        Returns False when it stopped before, at step `stop_at`.
        """
        self.model.train()
        last = min(self.settings.steps, stop_at or self.settings.steps)
        losses: list[float] = []
        saved = started = time.perf_counter()
        while self.step < last:
            losses.append(self._step(loss))
            now = time.perf_counter()
            self.seconds, started = self.seconds + now - started, now
            if self.step % LOG_EVERY == 0 or self.step == last:
                self._log(losses, report)
            if now - saved > 60 * checkpoint_minutes:
                self.save()
                saved = now
        self.save()
        if self.step < self.settings.steps:
            return False
        self.average.swap(self.model)
        self.model.eval()
        return True

    def save(self) -> None:
        """Write the checkpoint at once or not at all."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.state_dict(),
        }
        save_atomically(state, self.path)

    def resume(self) -> bool:
        """Continue from the checkpoint as if nothing had happened; False without one."""
        if not self.path.is_file():
            return False
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        try:
            self.model.load_state_dict(state["model"])
        except RuntimeError as error:
            raise TrainingError(f"{self.path} does not fit the config: {error}.") from error
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.load_state_dict(state["average"])
        self.step, self.seconds = state["step"], state["seconds"]
        return True

    def _step(self, loss: Loss) -> float:
        rate = self.settings.learning_rate * warmup_cosine(self.step, self.settings.steps, WARMUP)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        value = loss(self.step, step_generator(self.seed, self.step))
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.clip)
        self.optimizer.step()
        self.average.update(self.model)
        self.step += 1
        return value.item()

    def _log(self, losses: list[float], report: Report) -> None:
        mean = sum(losses) / len(losses)
        losses.clear()
        self.run.log(
            self.name,
            step=self.step,
            steps=self.settings.steps,
            loss=round(mean, 5),
            seconds=round(self.seconds, 1),
        )
        report(
            f"{self.name}: step {self.step:,} of {self.settings.steps:,}, loss {mean:.4f}, "
            f"{self.seconds:,.0f} s."
        )


def step_generator(seed: int, step: int) -> torch.Generator:
    """A generator of its own for each step."""
    return torch.Generator().manual_seed(seed * 1_000_003 + step)
