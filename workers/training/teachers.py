"""Trained captioners as teachers: their token distributions, and captions of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from workers.pipeline.decoding.base import DecodingOptions
from workers.pipeline.decoding.registry import build_strategy
from workers.pipeline.model import PretrainedCaptioner
from workers.training.batches import Batch
from workers.training.errors import TrainingError
from workers.training.features import FeatureCache
from workers.training.mixture import TrainingPhoto
from workers.training.prepare import Prepared, Report
from workers.training.runs import Run

CAPTIONS_FILE = "teacher-captions.jsonl"
BATCH = 32


class Teacher:
    """One captioner and the feature caches of its encoders, whose weights are its own."""

    def __init__(self, directory: str, prepared: Prepared, report: Report) -> None:
        self.model = PretrainedCaptioner.from_pretrained(directory)
        _require_fit(self.model, directory, prepared)
        self.network = self.model.network
        self.hashes = prepared.hashes
        self.caches = [
            FeatureCache(Path(prepared.config.features.cache), config, encoder)
            for config, encoder in zip(
                self.model.config.encoders, self.network.vision_encoders(), strict=True
            )
        ]
        store = prepared.dataset_of(prepared.languages[0]).store
        wanted = {photo.file: self.hashes[photo.file] for photo in prepared.training}
        features = prepared.config.features
        for cache in self.caches:
            count = cache.fill(store, wanted, features.views, features.batch)
            report(f"{count:,} feature maps of {directory} computed, in {cache.folder}.")

    def image_tokens(
        self, photos: Sequence[TrainingPhoto], views: Sequence[int], device: torch.device
    ) -> torch.Tensor:
        """Image tokens [B, S, width] of one view of each photo."""
        self.network.to(device)
        hashes = [self.hashes[photo.file] for photo in photos]
        return self.network.image_tokens(
            [cache.read(hashes, views).to(device) for cache in self.caches]
        )

    @torch.no_grad()
    def logits(self, batch: Batch) -> torch.Tensor:
        """What it would say next after each human word: [rows, T - 1, tokens]."""
        memory = self.image_tokens(batch.photos, batch.views, batch.ids.device)
        decoder = self.network.decoder
        return decoder(batch.ids[:, :-1], decoder.begin(memory)).float()

    @torch.inference_mode()
    def say(
        self, photos: Sequence[TrainingPhoto], language: str, count: int
    ) -> Iterator[list[str]]:
        """Its `count` best captions of each photo, by beam search."""
        tokenizer, config = self.model.tokenizer, self.model.config
        strategy = build_strategy("beam", config.decoding)
        options = DecodingOptions(
            start=tokenizer.languages[language],
            end=tokenizer.end,
            banned=tokenizer.never_generated,
            max_tokens=config.decoder.max_tokens,
        )
        for start in range(0, len(photos), BATCH):
            part = photos[start : start + BATCH]
            memory = self.image_tokens(part, [0] * len(part), torch.device("cpu"))
            seeds = [0] * len(part)
            for found in strategy.decode(self.network.decoder, memory, options, count, seeds):
                yield [tokenizer.decode(item.ids, language) for item in found]


def _require_fit(model: PretrainedCaptioner, directory: str, prepared: Prepared) -> None:
    """Raise `TrainingError` for a teacher whose distributions would not be about our captions."""
    config = prepared.config.model
    if model.tokenizer.tokenizer.to_str() != prepared.tokenizer.tokenizer.to_str():
        raise TrainingError(
            f"The teacher {directory} has another tokenizer than the student: teachers and student"
            " must share one (a new run takes that of its first teacher)."
        )
    lacking = [name for name in prepared.languages if name not in model.config.languages]
    if lacking:
        raise TrainingError(f"The teacher {directory} does not write {', '.join(lacking)}.")
    if model.config.decoder.max_tokens < config.decoder.max_tokens:
        raise TrainingError(
            f"The teacher {directory} writes at most {model.config.decoder.max_tokens} tokens, the"
            f" student {config.decoder.max_tokens}."
        )


def with_teacher_captions(prepared: Prepared, run: Run, report: Report) -> Prepared:
    """The data with the first teacher's captions among the human ones, if the config asks.

    Kim and Rush, "Sequence-Level Knowledge Distillation", 2016. The captions are kept in the run's
    folder, so that a resumed run reads the same.
    """
    section = prepared.config.distillation
    if prepared.config.train.objective != "distillation" or not section.captions:
        return prepared
    path = run.folder / CAPTIONS_FILE
    if not path.is_file():
        teacher = Teacher(section.teachers[0], prepared, report)
        _write_captions(teacher, prepared, section.captions, path)
    spoken: dict[tuple[str, str], tuple[str, ...]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spoken[row["file"], row["language"]] = tuple(row["captions"])
    photos = [
        replace(
            photo,
            captions={
                language: texts + spoken[photo.file, language]
                for language, texts in photo.captions.items()
            },
        )
        for photo in prepared.training
    ]
    return replace(prepared, training=photos)


def _write_captions(teacher: Teacher, prepared: Prepared, count: int, path: Path) -> None:
    """One line for each photo and language that it has captions in, all or nothing."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        for language in prepared.languages:
            photos = [photo for photo in prepared.training if language in photo.captions]
            for photo, captions in zip(photos, teacher.say(photos, language, count), strict=True):
                row = {"file": photo.file, "language": language, "captions": captions}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    partial.replace(path)
