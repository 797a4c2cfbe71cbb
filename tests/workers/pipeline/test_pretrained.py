"""Vision networks of `transformers` as encoders: their tokens are the networks' own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.workers.sources import gpt2_directory, vision_directory, vision_model
from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.encoders import Encoder, build_encoder
from workers.pipeline.errors import ModelError

PIXELS = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def encoder_of(directory: Path, kind: str = "vit", size: int = 32) -> Encoder:
    return build_encoder(
        EncoderConfig(kind, PreprocessConfig(size=size), {"directory": str(directory)})
    )


def states_of(name: str) -> torch.Tensor:
    """What the source itself makes of the pixels."""
    model = vision_model(name)
    tower = {
        "clip": lambda: model.vision_model,
        "vit-classifier": lambda: model.vit,
        "resnet": lambda: model.resnet,
    }.get(name, lambda: model)()
    with torch.inference_mode():
        return tower(pixel_values=PIXELS).last_hidden_state


@pytest.mark.parametrize(
    ("kind", "name", "tokens"),
    [
        ("vit", "vit", 5),
        ("vit", "vit-classifier", 5),
        ("vit", "deit", 6),
        ("vit", "dinov2", 5),
        ("vit", "clip", 5),
        ("vit", "clip-vision", 5),
        ("resnet", "resnet", 16),
        ("resnet", "convnext", 16),
    ],
)
def test_a_directory_becomes_an_encoder_that_needs_it_no_more(tmp_path, kind, name, tokens):
    encoder = encoder_of(vision_directory(tmp_path / name, name), kind).train()
    encoder.load_pretrained()
    expected = states_of(name)
    if kind == "resnet":
        expected = expected.flatten(2).transpose(1, 2)
    with torch.inference_mode():
        found = encoder(PIXELS, [])[0]
    assert found.shape == (2, tokens, 16) == (2, encoder.outputs[0].count, encoder.outputs[0].width)
    assert torch.allclose(found, expected, atol=1e-5)
    assert encoder.fresh_parameters() == []

    described = json.loads(json.dumps(encoder.architecture()))
    again = build_encoder(
        EncoderConfig(kind, PreprocessConfig(size=32), {"architecture": described})
    )
    again.load_state_dict(encoder.state_dict())
    with torch.inference_mode():
        assert torch.equal(again(PIXELS, [])[0], found)


def test_loading_says_nothing_and_leaves_the_library_as_it_was(tmp_path, capfd):
    from transformers.utils import logging

    vision_directory(tmp_path / "clip", "clip")
    capfd.readouterr()
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    encoder_of(tmp_path / "clip").load_pretrained()
    assert capfd.readouterr() == ("", "")
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_a_missing_directory_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match="nowhere"):
        encoder_of(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="directory"):
        build_encoder(EncoderConfig("vit"))


def test_what_takes_no_such_pictures_is_refused(tmp_path: Path):
    vision_directory(tmp_path / "vit")
    with pytest.raises(ModelError, match="48 pixels"):
        encoder_of(tmp_path / "vit", size=48)
    with pytest.raises(ModelError, match="use kind vit"):
        encoder_of(tmp_path / "vit", "resnet")
    with pytest.raises(ModelError, match="not pictures"):
        encoder_of(gpt2_directory(tmp_path / "gpt2"))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", "{"),
        ("config.json", "{}"),
        ("config.json", '{"model_type": "crystal-ball"}'),
        ("config.json", '{"model_type": "vit", "hidden_size": "wide"}'),
        ("model.safetensors", "broken"),
        ("model.safetensors", None),
    ],
)
def test_broken_directories_are_one_clear_error(tmp_path: Path, file, content):
    directory = vision_directory(tmp_path / "vit")
    (directory / file).unlink()
    if content is not None:
        (directory / file).write_text(content)
    with pytest.raises(ModelError, match="vit") as caught:
        encoder_of(directory).load_pretrained()
    assert "\n" not in str(caught.value)


def test_weights_that_lack_a_layer_are_refused(tmp_path: Path):
    from safetensors.torch import load_file, save_file

    weights = vision_directory(tmp_path / "vit") / "model.safetensors"
    state = load_file(weights)
    del state["layernorm.weight"]
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="layernorm"):
        encoder_of(tmp_path / "vit").load_pretrained()


def test_an_architecture_that_cannot_be_is_refused():
    with pytest.raises(ModelError, match="architecture"):
        build_encoder(EncoderConfig("vit", options={"architecture": {"hidden_size": 3}}))
