"""The training loop: epochs, validation, early stopping, and a checkpoint that resumes exactly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import torch

from workers.training.batches import Batch
from workers.training.checkpoint import random_states, restore_random_state
from workers.training.curves import draw_curves
from workers.training.optim import warmup_cosine
from workers.training.prepare import Prepared, Report
from workers.training.processes import Processes
from workers.training.registry import build_objective
from workers.training.runs import Run, save_atomically
from workers.training.stepper import Stepper
from workers.training.tracker import Tracker
from workers.training.validation import validation_cider

# Seconds between two drawings of the curves, which take most of one.
DRAWING_PAUSE = 30.0


class Trainer:
    """Trains `prepared.network`; after `fit` it holds the averaged weights of the best epoch.

    Several `processes` each have a trainer, and all of them must do the same.
    """

    def __init__(
        self,
        prepared: Prepared,
        run: Run,
        report: Report = print,
        processes: Processes | None = None,
    ) -> None:
        self.prepared = prepared
        self.run = run
        self.report = report
        self.processes = processes or Processes(torch.device("cpu"))
        self.settings = prepared.config.train
        with self.processes.main_first():
            # Teachers fill their feature caches.
            self.objective = build_objective(prepared, report)
        self.batches = prepared.batches(self.processes.rank, self.processes.count)
        self.epoch_steps = -(-len(self.batches) // self.settings.accumulate)
        self.total_steps = self.settings.epochs * self.epoch_steps
        self.network = prepared.network
        self.stepper = Stepper(
            self.network, self.objective, self.settings, self._factor, self.processes
        )
        self.tracker = Tracker(run, prepared.config)
        self.step = 0
        self.best = -1.0
        self.since_best = 0
        # Of the epoch that is under way.
        self.losses: list[float] = []
        self.drawn = time.perf_counter()
        if self.processes.rank:
            # Drop out and sample otherwise than the main process does.
            torch.manual_seed(prepared.config.seed + self.processes.rank)

    def fit(self, stop_at: int | None = None) -> float:
        """Train to the end, to early stopping, or to step `stop_at`.

        Returns the best validation CIDEr.
        """
        while self.step < self.total_steps and not self.finished:
            if not self._epoch(stop_at):
                self.tracker.close()
                return self.best
        self.tracker.close()
        if self.run.writes:
            draw_curves(self.run.folder)
        self.load_best()
        return self.best

    @property
    def finished(self) -> bool:
        """Whether early stopping has struck."""
        return self.since_best >= self.settings.early_stop

    def resume(self) -> None:
        """Continue from the last checkpoint as if nothing had happened."""
        state = self.run.load_checkpoint()
        self.network.load_state_dict(state["network"])
        self.stepper.load_state_dict(state)
        restore_random_state(state, self.processes)
        self.step, self.best, self.since_best = state["step"], state["best"], state["since_best"]
        self.losses = list(state.get("losses", []))
        self.run.forget_epochs_after(self.step)
        self.tracker.resume(self.step)

    def save(self) -> None:
        """Write the checkpoint."""
        self.tracker.flush()
        self.run.save_checkpoint(
            {
                "network": self.network.state_dict(),
                **self.stepper.state_dict(),
                **random_states(self.processes),
                "step": self.step,
                "best": self.best,
                "since_best": self.since_best,
                "losses": self.losses,
            }
        )

    def load_best(self) -> None:
        """Put the weights of the best validation into the network, on the CPU."""
        self.processes.wait()
        self.network.to("cpu")
        if self.run.best_path.is_file():
            best = torch.load(self.run.best_path, map_location="cpu", weights_only=True)
            self.network.load_state_dict(best)

    def _factor(self, step: int) -> float:
        settings = self.settings
        return warmup_cosine(step, self.total_steps, settings.warmup, settings.restarts)

    def _epoch(self, stop_at: int | None) -> bool:
        """One epoch or what is left of it; False when it stopped at `stop_at`."""
        epoch, done = divmod(self.step, self.epoch_steps)
        started = time.perf_counter()
        self.network.train()
        for group in self._groups(epoch, done):
            self._step(group)
            stopping = stop_at is not None and self.step >= stop_at
            every = self.settings.checkpoint_every
            # The end of the epoch has its own checkpoint, after validation.
            if self.step % self.epoch_steps and (stopping or (every and self.step % every == 0)):
                self.save()
                if stopping:
                    return False
        self._end_epoch(epoch, started)
        return stop_at is None or self.step < stop_at

    def _groups(self, epoch: int, done: int) -> Iterator[list[Batch]]:
        """The batches of each step that the epoch has left, `done` being behind it."""
        batches = self.batches.epoch(epoch, skip=done * self.settings.accumulate)
        while group := list(islice(batches, self.settings.accumulate)):
            yield group

    def _step(self, group: list[Batch]) -> None:
        rates = self.stepper.rates()
        self.losses.append(self.stepper.step(group))
        self.step += 1
        self.tracker.step(self.step, self.losses[-1], rates)

    def _end_epoch(self, epoch: int, started: float) -> None:
        """Validate, write down what came of the epoch, then the checkpoint that it ends with.

        A kill in between costs nothing: resuming forgets the epoch's line and writes it again.
        """
        scores = self._validate(epoch)
        loss = sum(self.losses) / len(self.losses)
        self.tracker.validation(self.step, scores)
        self.run.log(
            "epoch",
            epoch=epoch + 1,
            step=self.step,
            loss=round(loss, 4),
            validation_cider=round(sum(scores.values()) / len(scores), 4) if scores else None,
            languages={language: round(score, 4) for language, score in scores.items()},
            rates=self.stepper.rates(),
            seconds=round(time.perf_counter() - started, 1),
        )
        self.losses = []
        self.save()
        shown = {language: round(score, 4) for language, score in scores.items()}
        self.report(f"Epoch {epoch + 1}: loss {loss:.3f}, validation CIDEr {shown}.")
        if self.run.writes and time.perf_counter() - self.drawn > DRAWING_PAUSE:
            draw_curves(self.run.folder)
            self.drawn = time.perf_counter()

    def _validate(self, epoch: int) -> dict[str, float]:
        """Score the averaged weights and keep them when they are the best so far.

        With several languages the best is the one with the best mean over them. The main process
        scores for all: another GPU might round otherwise and stop at another time.
        """
        last = self.step >= self.total_steps
        if (epoch + 1) % self.settings.validate_every and not last:
            return {}
        self.stepper.average.swap(self.network)
        own = validation_cider(self.prepared) if self.processes.main else {}
        scores = self.processes.share(own)
        cider = sum(scores.values()) / len(scores)
        if cider > self.best:
            self.best, self.since_best = cider, 0
            if self.run.writes:
                save_atomically(self.network.state_dict(), self.run.best_path)
        else:
            self.since_best += 1
        self.stepper.average.swap(self.network)
        return scores
