"""Distillation: the student comes to agree with its teachers, who must share its tokenizer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.workers.tiny import build_tiny_captioner
from tests.workers.training.conftest import silent, trainer_of
from workers.pipeline.tokens import CaptionTokenizer
from workers.training.cli import train
from workers.training.config import TrainingConfig
from workers.training.distill import Distillation
from workers.training.errors import TrainingError
from workers.training.prepare import prepare
from workers.training.runs import Run
from workers.training.trainer import Trainer


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_captioner(tmp_path_factory.mktemp("teacher") / "tiny")


@pytest.fixture
def student(experiment: dict[str, Any], teacher: Path) -> dict[str, Any]:
    experiment["train"] |= {"objective": "distillation", "validate_every": 99, "epochs": 30}
    experiment["distillation"] = {"teachers": [str(teacher)], "weight": 0.9}
    return experiment


def agreement(trainer: Trainer) -> tuple[float, float]:
    """The loss over an epoch, and how often student and teachers find the same word likeliest."""
    objective = trainer.objective
    assert isinstance(objective, Distillation)
    trainer.network.eval()
    same, losses = [], []
    with torch.no_grad():
        for batch in trainer.batches.epoch(0):
            losses.append(objective.loss(trainer.network, batch).item())
            memory = trainer.network.image_tokens(batch.features)
            decoder = trainer.network.decoder
            logits = decoder(batch.ids[:, :-1], decoder.begin(memory))
            real = batch.ids[:, 1:] != objective.pad
            same.append((logits.argmax(-1) == objective.taught(batch).argmax(-1))[real].float())
    return sum(losses) / len(losses), torch.cat(same).mean().item()


def test_a_student_comes_to_agree_with_its_teacher(student: dict[str, Any]):
    trainer = trainer_of(TrainingConfig.from_dict(student))
    loss, same = agreement(trainer)
    trainer.fit(stop_at=trainer.total_steps)
    later, more = agreement(trainer)
    assert later < loss / 2
    assert more > same + 0.3


def test_teachers_are_averaged_and_their_own_divergence_is_nothing(student, teacher: Path):
    student["distillation"]["teachers"] = [str(teacher), str(teacher)]
    trainer = trainer_of(TrainingConfig.from_dict(student))
    objective = trainer.objective
    batch = next(trainer.batches.epoch(0))
    taught = objective.taught(batch)
    assert torch.allclose(taught.sum(-1), torch.ones(taught.shape[:-1]), atol=1e-5)
    own = objective.teachers[0].logits(batch)
    divergence = objective.divergence(own, taught, batch.ids[:, 1:])
    assert divergence.item() == pytest.approx(0.0, abs=1e-5)
    other = objective.divergence(torch.zeros_like(own), taught, batch.ids[:, 1:])
    assert other.item() > 1.0


def test_the_teachers_captions_join_the_human_ones(student: dict[str, Any]):
    student["distillation"] |= {"captions": 2}
    student["train"]["epochs"] = 1
    config = TrainingConfig.from_dict(student)
    train(config, report=silent)
    path = Run(config).folder / "teacher-captions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {row["file"] for row in rows} == {
        photo.file for photo in prepare(config, Run(config), report=silent).training
    }
    assert all(len(row["captions"]) == 2 for row in rows)
    red = next(row for row in rows if row["file"] == "red-40.jpg")
    assert "red" in red["captions"][0].lower()
    train(config, resume=True, report=silent)


def test_a_teacher_with_other_tokens_is_refused(student: dict[str, Any]):
    config = TrainingConfig.from_dict(student)
    run = Run(config)
    run.folder.mkdir(parents=True)
    CaptionTokenizer.train(["an other vocabulary"] * 9, 300).save(run.tokenizer_path)
    with pytest.raises(TrainingError, match="another tokenizer than the student"):
        trainer_of(config)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"teachers": []}, "needs distillation.teachers"),
        ({"temperature": 0}, "above 0"),
        ({"weight": 1.5}, "from 0 to 1"),
    ],
)
def test_bad_sections_are_named(student: dict[str, Any], section: dict, message: str):
    student["distillation"] |= section
    with pytest.raises(TrainingError, match=message):
        trainer_of(TrainingConfig.from_dict(student))


def test_a_teacher_that_lacks_a_language_or_length_is_refused(student: dict[str, Any]):
    student["model"]["decoder"]["max_tokens"] = 30
    with pytest.raises(TrainingError, match="at most 16 tokens, the student 30"):
        trainer_of(TrainingConfig.from_dict(student))
