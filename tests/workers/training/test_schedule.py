"""Optimisation: warm restarts, accumulation, rates by depth, recomputed blocks, float16."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.training.conftest import trainer_of
from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.training.config import TrainingConfig
from workers.training.errors import TrainingError
from workers.training.optim import head_rates, warmup_cosine
from workers.training.precision import autocast, gradient_scaler, require_precision


def test_warm_restarts_start_again_from_the_full_rate():
    factors = [warmup_cosine(step, 110, 10 / 110, cycles=4) for step in range(111)]
    assert [step for step in range(10, 110) if factors[step] == 1.0] == [10, 35, 60, 85]
    assert factors[34] < 0.01
    assert factors[47] == pytest.approx(0.5, abs=0.05)
    assert factors[110] == pytest.approx(0.0)


@given(st.integers(1, 400), st.integers(1, 9), st.floats(0, 0.5), st.data())
@settings(deadline=None)
def test_the_rate_is_never_negative_nor_above_the_full_one(total, cycles, warmup, data):
    step = data.draw(st.integers(0, total))
    assert 0 <= warmup_cosine(step, total, warmup, cycles) <= 1


def gradients_of(values: dict[str, Any], **changes: Any) -> dict[str, torch.Tensor]:
    """The gradients of the first step, dropout included."""
    values = values | {"train": values["train"] | {"clip": 1e9} | changes}
    trainer = trainer_of(TrainingConfig.from_dict(values))
    trainer.network.train()
    torch.manual_seed(5)
    trainer._step(next(trainer._groups(0, 0)))
    return {
        name: parameter.grad.clone()
        for name, parameter in trainer.network.named_parameters()
        if parameter.grad is not None
    }


def test_accumulated_batches_give_the_gradient_of_one_large_batch(experiment: dict[str, Any]):
    experiment["model"]["decoder"]["dropout"] = 0.0
    # One view, one order, and as many captions of each photo: the same words in both.
    experiment["features"]["views"] = 1
    whole = gradients_of(experiment, batch=6, accumulate=1)
    pieces = gradients_of(experiment, batch=2, accumulate=3)
    assert whole.keys() == pieces.keys()
    for name, gradient in whole.items():
        assert torch.allclose(gradient, pieces[name], atol=1e-6), name


def test_an_epoch_may_end_with_fewer_batches_than_a_step_takes(experiment: dict[str, Any]):
    experiment["train"] |= {"accumulate": 2, "checkpoint_every": 1}
    whole = trainer_of(TrainingConfig.from_dict(experiment))
    assert (len(whole.batches), whole.epoch_steps, whole.total_steps) == (3, 2, 8)
    whole.fit()
    experiment["name"] = "interrupted"
    config = TrainingConfig.from_dict(experiment)
    trainer_of(config).fit(stop_at=3)
    resumed = trainer_of(config)
    resumed.resume()
    resumed.fit()
    ours, theirs = resumed.network.state_dict(), whole.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_recomputed_blocks_give_equal_gradients(experiment: dict[str, Any]):
    kept = gradients_of(experiment)
    again = gradients_of(experiment, gradient_checkpointing=True)
    assert kept.keys() == again.keys()
    assert all(torch.equal(kept[name], again[name]) for name in kept)


def test_earlier_layers_of_a_head_learn_more_slowly(experiment: dict[str, Any]):
    encoder = EncoderConfig("efficientnet-lite2", PreprocessConfig(size=64), {"frozen_blocks": 18})
    from workers.pipeline.encoders import build_encoder

    config = TrainingConfig.from_dict(
        experiment | {"train": {"head_rate": 1e-3, "layer_decay": 0.5}}
    )
    trainer = trainer_of(config)
    network = trainer.network
    network.encoders.append(build_encoder(encoder))
    frozen = {id(p) for e in network.vision_encoders() for p in e.frozen_parameters()}
    rates = head_rates(network, config.train, frozen)
    assert rates["encoders.0.top.weight"] == 1e-3
    assert rates["encoders.1.net._conv_head.weight"] == 1e-3
    assert rates["encoders.1.net._blocks.20._expand_conv.weight"] == 5e-4
    assert rates["encoders.1.net._blocks.18._expand_conv.weight"] == 1.25e-4
    assert not any("_blocks.17." in name for name in rates)


def test_float16_leaves_out_a_step_that_overflows():
    layer = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    scaler = gradient_scaler("fp16", "cpu")
    before = layer.weight.detach().clone()
    for factor, moved in ((float("inf"), False), (1.0, True)):
        optimizer.zero_grad()
        with autocast("fp16"):
            loss = layer(torch.ones(2, 4)).float().mean() * factor
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        assert torch.equal(layer.weight, before) is not moved
    assert gradient_scaler("bf16", "cpu").is_enabled() is False


def test_bfloat16_trains_on_a_cpu(experiment: dict[str, Any]):
    experiment["train"] |= {"precision": "bf16", "epochs": 2}
    assert trainer_of(TrainingConfig.from_dict(experiment)).fit() >= 0


@pytest.mark.parametrize(
    ("precision", "message"), [("fp16", "bf16 or fp32"), ("fp8", "fp32, bf16, fp16")]
)
def test_precisions_that_the_device_lacks_are_named(precision: str, message: str):
    with pytest.raises(TrainingError, match=message):
        require_precision(precision, "cpu")


@pytest.mark.parametrize(
    ("key", "value"),
    [("accumulate", 0), ("restarts", 1.5), ("layer_decay", 0), ("checkpoint_every", -1)],
)
def test_bad_numbers_are_named(experiment: dict[str, Any], key: str, value: float):
    experiment["train"][key] = value
    with pytest.raises(TrainingError, match=rf"train\.{key}"):
        TrainingConfig.from_dict(experiment)
