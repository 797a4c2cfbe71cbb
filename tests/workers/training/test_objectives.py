"""Self-critical training: the reward is CIDEr-D, the objective raises it, nothing leaks in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pycocoevalcap.cider.cider import Cider

from tests.workers.tiny import COLOURS
from tests.workers.training.conftest import rows_of_colours, silent, trainer_of
from workers.training.cli import train
from workers.training.config import TrainingConfig
from workers.training.errors import DataProblems, TrainingError
from workers.training.mixture import load_mixture
from workers.training.objectives import SelfCritical, caption_words
from workers.training.prepare import prepare
from workers.training.reward import CiderReward
from workers.training.runs import Run
from workers.training.trainer import Trainer

WORDS = st.lists(
    st.sampled_from(["a", "red", "blue", "dog", "on", "the", "wall"]), min_size=1, max_size=9
)


@given(st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), min_size=2, max_size=5))
def test_the_reward_is_the_official_cider(rows):
    references = {str(number): wanted for number, (_, wanted) in enumerate(rows)}
    reward = CiderReward(references, end="")
    official, each = Cider().compute_score(
        {key: [" ".join(words) for words in wanted] for key, wanted in references.items()},
        {str(number): [" ".join(said)] for number, (said, _) in enumerate(rows)},
    )
    ours = [reward.score(str(number), said) for number, (said, _) in enumerate(rows)]
    assert ours == pytest.approx(list(each), abs=1e-6)
    assert sum(ours) / len(ours) == pytest.approx(float(official), abs=1e-6)


def test_a_caption_that_breaks_off_earns_less():
    references = {"a": [["a", "dog", "on", "a", "wall"]], "b": [["two", "boys", "run"]]}
    reward = CiderReward(references)
    whole = reward.score("a", ["a", "dog", "on", "a", "wall"])
    assert whole > reward.score("a", ["a", "dog", "on", "a"])
    assert reward.score_with(references["a"], references["a"][0]) == pytest.approx(whole)


def test_no_language_trains_on_what_another_validates_on(bilingual: dict[str, Any]):
    mixture = load_mixture(TrainingConfig.from_dict(bilingual).data)
    assert mixture.held_out == 1
    assert "red-40.jpg" not in {photo.file for photo in mixture.training}
    assert {tuple(photo.captions) for photo in mixture.training} == {("en", "tr")}
    assert [row.file for row in mixture.validation["tr"]] == ["red-40.jpg"]
    assert len(mixture.validation["en"]) == len(COLOURS)


def test_faults_of_a_second_language_stop_training_too(bilingual, dataset_folder: Path):
    path = dataset_folder / "captions_tr.jsonl"
    path.write_text(path.read_text() + json.dumps(rows_of_colours()[0] | {"captions": []}))
    with pytest.raises(DataProblems) as raised:
        load_mixture(TrainingConfig.from_dict(bilingual).data)
    assert any("no caption" in problem for problem in raised.value.problems)


def test_batches_mix_languages_with_as_many_captions_a_photo(bilingual: dict[str, Any]):
    bilingual["train"]["captions"] = 3
    config = TrainingConfig.from_dict(bilingual)
    prepared = prepare(config, Run(config), report=silent)
    batches = prepared.batches()
    starts = prepared.tokenizer.languages
    seen = set()
    for epoch in range(6):
        for batch in batches.epoch(epoch):
            assert len(batch.ids) == 3 * len(batch.photos)
            seen |= set(batch.ids[:, 0].tolist())
    assert seen == {starts["en"], starts["tr"]}
    assert torch.equal(next(batches.epoch(4, skip=1)).ids, list(batches.epoch(4))[1].ids)


def test_training_in_two_languages_reports_each(bilingual: dict[str, Any]):
    config = TrainingConfig.from_dict(bilingual)
    train(config, report=silent)
    events = [
        json.loads(line) for line in (Run(config).folder / "metrics.jsonl").read_text().splitlines()
    ]
    assert set(events[-1]["languages"]) == {"en", "tr"}
    mean = sum(events[-1]["languages"].values()) / 2
    assert events[-1]["validation_cider"] == pytest.approx(mean, abs=1e-3)


def test_the_self_critical_loss_raises_the_reward(experiment: dict[str, Any]):
    experiment["train"] |= {"epochs": 40, "batch": 2, "validate_every": 90}
    first = trainer_of(TrainingConfig.from_dict(experiment))
    first.fit()
    experiment["name"] = "rewarded"
    experiment["train"] |= {"objective": "self-critical", "batch": 6}
    experiment["self_critical"] = {"samples": 16, "cross_entropy": 0.0, "temperature": 1.0}
    trainer = trainer_of(TrainingConfig.from_dict(experiment))
    network, objective = trainer.network.eval(), trainer.objective
    network.load_state_dict(first.network.state_dict())
    assert isinstance(objective, SelfCritical)
    before = mean_reward(trainer)
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=1e-3)
    torch.manual_seed(5)
    for epoch in range(20):
        for batch in trainer.batches.epoch(epoch):
            optimizer.zero_grad()
            objective.loss(network, batch).backward()
            optimizer.step()
    assert mean_reward(trainer) > before + 0.1


def mean_reward(trainer: Trainer) -> float:
    """The mean CIDEr-D of 768 samples."""
    objective = trainer.objective
    assert isinstance(objective, SelfCritical)
    torch.manual_seed(1)
    found = []
    for batch in trainer.batches.epoch(0):
        start = torch.tensor([trainer.prepared.tokenizer.languages[n] for n in batch.languages])
        memory = trainer.network.image_tokens(batch.features)
        for _ in range(8):
            rows = objective._sample(trainer.network, memory, start).tolist()
            found += [objective._reward(ids, batch, row // 16) for row, ids in enumerate(rows)]
    assert len(found) == 768
    return sum(found) / len(found)


def test_a_resumed_self_critical_run_equals_an_uninterrupted_one(bilingual: dict[str, Any]):
    bilingual["train"] |= {"objective": "self-critical", "epochs": 2}
    runs = {}
    for name, stops in (("whole", [None]), ("interrupted", [2, None])):
        bilingual["name"] = name
        config = TrainingConfig.from_dict(bilingual)
        for number, stop in enumerate(stops):
            run = Run(config)
            trainer = Trainer(prepare(config, run, report=silent), run, silent)
            if number:
                torch.manual_seed(99)
                trainer.resume()
            trainer.fit(stop_at=stop)
        runs[name] = trainer.network.state_dict()
    assert all(torch.equal(value, runs["interrupted"][key]) for key, value in runs["whole"].items())


@pytest.mark.parametrize(
    ("section", "values", "words"),
    [
        ("train", {"objective": "magic"}, "cross-entropy, self-critical or distillation"),
        ("self_critical", {"samples": 1}, "at least 2 samples"),
    ],
)
def test_bad_objectives_are_named(experiment, section: str, values: dict, words: str):
    experiment["train"]["objective"] = "self-critical"
    experiment.setdefault(section, {}).update(values)
    config = TrainingConfig.from_dict(experiment)
    run = Run(config)
    with pytest.raises(TrainingError, match=words):
        Trainer(prepare(config, run, report=silent), run, silent)


def test_words_follow_the_casing_of_the_language():
    assert caption_words("Işıklı İki kapı.", "tr") == ["ışıklı", "iki", "kapı"]
    assert caption_words("A dog, in IT!", "en") == ["a", "dog", "in", "it"]
