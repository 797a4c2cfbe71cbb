"""The training loop: steps, validation, early stopping, and a checkpoint that resumes exactly."""

from __future__ import annotations

import time

import torch

from workers.training.batches import Batch
from workers.training.optim import MovingAverage, caption_loss, parameter_groups, warmup_cosine
from workers.training.precision import autocast
from workers.training.prepare import Prepared, Report
from workers.training.runs import Run, save_atomically
from workers.training.validation import validation_cider


class Trainer:
    """Trains `prepared.network`; after `fit` it holds the averaged weights of the best epoch."""

    def __init__(self, prepared: Prepared, run: Run, report: Report = print) -> None:
        self.prepared = prepared
        self.run = run
        self.report = report
        self.settings = prepared.config.train
        self.batches = prepared.batches()
        self.network = prepared.network
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.network, self.settings), betas=(0.9, 0.98)
        )
        self.total_steps = self.settings.epochs * len(self.batches)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: warmup_cosine(step, self.total_steps, self.settings.warmup)
        )
        self.average = MovingAverage(self.network, self.settings.ema_decay)
        self.parameters = [p for p in self.network.parameters() if p.requires_grad]
        self.step = 0
        self.best = -1.0
        self.since_best = 0

    def fit(self, stop_at: int | None = None) -> float:
        """Train to the end, to early stopping, or to step `stop_at`.

        Returns the best validation CIDEr.
        """
        while self.step < self.total_steps and not self.finished:
            if not self._epoch(stop_at):
                return self.best
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
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.average.load_state_dict(state["average"])
        torch.set_rng_state(state["rng"])
        self.step, self.best, self.since_best = state["step"], state["best"], state["since_best"]

    def save(self) -> None:
        """Write the checkpoint."""
        self.run.save_checkpoint(
            {
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler.state_dict(),
                "average": self.average.state_dict(),
                "rng": torch.get_rng_state(),
                "step": self.step,
                "best": self.best,
                "since_best": self.since_best,
            }
        )

    def load_best(self) -> None:
        """Put the weights of the best validation into the network."""
        if self.run.best_path.is_file():
            self.network.load_state_dict(torch.load(self.run.best_path, weights_only=True))

    def _epoch(self, stop_at: int | None) -> bool:
        """One epoch or what is left of it; False when it stopped at `stop_at`."""
        epoch, skip = divmod(self.step, len(self.batches))
        started, losses = time.perf_counter(), []
        self.network.train()
        for batch in self.batches.epoch(epoch, skip):
            losses.append(self._step(batch))
            if stop_at is not None and self.step >= stop_at:
                self.save()
                return False
        cider = self._validate(epoch)
        self.save()
        self.run.log(
            "epoch",
            epoch=epoch + 1,
            step=self.step,
            loss=round(sum(losses) / len(losses), 4),
            validation_cider=None if cider is None else round(cider, 4),
            seconds=round(time.perf_counter() - started, 1),
        )
        self.report(
            f"Epoch {epoch + 1}: loss {sum(losses) / len(losses):.3f}, validation CIDEr {cider}."
        )
        return True

    def _step(self, batch: Batch) -> float:
        with autocast(self.settings.precision):
            memory = self.network.image_tokens(batch.features)
            logits = self.network.decoder(batch.ids[:, :-1], self.network.decoder.begin(memory))
            loss = caption_loss(
                logits, batch.ids[:, 1:], self.prepared.tokenizer.pad, self.settings.label_smoothing
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.clip)
        self.optimizer.step()
        self.scheduler.step()
        self.average.update(self.network)
        self.step += 1
        return loss.item()

    def _validate(self, epoch: int) -> float | None:
        """Score the averaged weights and keep them when they are the best so far."""
        last = self.step >= self.total_steps
        if (epoch + 1) % self.settings.validate_every and not last:
            return None
        self.average.swap(self.network)
        cider = validation_cider(self.prepared)
        if cider > self.best:
            self.best, self.since_best = cider, 0
            save_atomically(self.network.state_dict(), self.run.best_path)
        else:
            self.since_best += 1
        self.average.swap(self.network)
        return cider
