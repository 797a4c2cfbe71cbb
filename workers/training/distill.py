"""Distillation: a student learns the averaged token distributions of trained captioners."""

from __future__ import annotations

import torch
from torch.nn import functional

from workers.pipeline.network import CaptionNetwork
from workers.training.batches import Batch
from workers.training.errors import TrainingError
from workers.training.optim import caption_loss
from workers.training.prepare import Prepared, Report
from workers.training.teachers import Teacher


class Distillation:
    """Cross-entropy on the human captions mixed with the divergence from the teachers.

    Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015. The mean of several
    teachers' probabilities is the distribution of their ensemble.
    """

    def __init__(self, prepared: Prepared, report: Report = print) -> None:
        section = prepared.config.distillation
        if not section.teachers:
            raise TrainingError("Distillation needs distillation.teachers, a list of directories.")
        if section.temperature <= 0:
            raise TrainingError(f"distillation.temperature must be above 0: {section.temperature}.")
        if not 0 <= section.weight <= 1:
            raise TrainingError(f"distillation.weight must be from 0 to 1: {section.weight}.")
        self.temperature = section.temperature
        self.weight = section.weight
        self.smoothing = prepared.config.train.label_smoothing
        self.pad = prepared.tokenizer.pad
        self.tokens = prepared.tokenizer.vocabulary
        self.teachers = [Teacher(directory, prepared, report) for directory in section.teachers]

    def loss(self, network: CaptionNetwork, batch: Batch) -> torch.Tensor:
        """(1 - weight) of the cross-entropy, and weight of the divergence from the teachers."""
        memory = network.image_tokens(batch.features)
        logits = network.decoder(batch.ids[:, :-1], network.decoder.begin(memory))
        targets = batch.ids[:, 1:]
        spoken = caption_loss(logits, targets, self.pad, self.smoothing)
        divergence = self.divergence(logits, self.taught(batch), targets)
        return (1 - self.weight) * spoken + self.weight * divergence

    def taught(self, batch: Batch) -> torch.Tensor:
        """The teachers' mean probabilities [rows, T - 1, tokens], softened by the temperature."""
        found = [
            (teacher.logits(batch)[..., : self.tokens] / self.temperature).softmax(-1)
            for teacher in self.teachers
        ]
        return torch.stack(found).mean(0)

    def divergence(
        self, logits: torch.Tensor, taught: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        """Kullback-Leibler divergence of the student from `taught`, mean over the real tokens.

        Times the squared temperature, by which softening shrinks its gradient.
        """
        said = (logits[..., : self.tokens].float() / self.temperature).log_softmax(-1)
        each = functional.kl_div(said, taught, reduction="none").sum(-1)
        real = targets != self.pad
        return each.masked_fill(~real, 0.0).sum() / real.sum() * self.temperature**2
