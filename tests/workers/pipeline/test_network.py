"""Encoders, fuse and config: any number of encoders give a fixed number of tokens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import ViTConfig, ViTModel

from tests.workers.tiny import tiny_config
from workers.pipeline.config import CaptionerConfig, EncoderConfig, PreprocessConfig
from workers.pipeline.encoders import PhotoFacts, build_encoder
from workers.pipeline.errors import ModelError
from workers.pipeline.network import CaptionNetwork

VIT = {
    "model_type": "vit",
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 16,
}


def test_efficientnet_gives_the_grid_of_the_published_network():
    config = EncoderConfig("efficientnet-lite2", PreprocessConfig(size=96), {"middle_grid": True})
    encoder = build_encoder(config).eval()
    encoder.load_pretrained()
    pixels = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        grid, middle = encoder(pixels, [])
        whole = encoder.net.extract_features(pixels)
    assert [(g.shape[1], g.shape[2]) for g in (grid, middle)] == [
        (shape.count, shape.width) for shape in encoder.outputs
    ]
    assert torch.allclose(grid, whole.flatten(2).transpose(1, 2), atol=1e-4)


def test_efficientnet_keeps_batch_statistics_while_training():
    encoder = build_encoder(EncoderConfig("efficientnet-lite2", PreprocessConfig(size=64))).train()
    before = encoder.net._bn1.running_mean.clone()
    encoder(torch.randn(2, 3, 64, 64), [])
    assert torch.equal(before, encoder.net._bn1.running_mean)


def test_a_vit_directory_becomes_an_encoder_that_needs_it_no_more(tmp_path: Path):
    values = {key: value for key, value in VIT.items() if key != "model_type"}
    source = ViTModel(ViTConfig(**values), add_pooling_layer=True)
    source.save_pretrained(tmp_path / "vit")
    preprocess = PreprocessConfig(size=32)
    encoder = build_encoder(
        EncoderConfig("vit", preprocess, {"directory": str(tmp_path / "vit")})
    ).eval()
    encoder.load_pretrained()
    pixels = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        tokens = encoder(pixels, [])[0]
        expected = source.eval()(pixel_values=pixels).last_hidden_state
    assert tokens.shape == (2, 5, 16)
    assert torch.allclose(tokens, expected, atol=1e-5)
    assert (
        build_encoder(EncoderConfig("vit", preprocess, {"architecture": VIT})).outputs
        == encoder.outputs
    )


def test_a_missing_vit_directory_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match="nowhere"):
        build_encoder(EncoderConfig("vit", options={"directory": str(tmp_path / "nowhere")}))


def test_unknown_encoders_are_refused():
    with pytest.raises(ModelError, match="efficientnet-lite2"):
        build_encoder(EncoderConfig("resnet"))


def test_fuse_takes_any_number_of_encoders():
    encoders = (
        EncoderConfig("conv-grid", PreprocessConfig(size=32), {"width": 16}),
        EncoderConfig("conv-grid", PreprocessConfig(size=64), {"width": 8}),
        EncoderConfig("vit", PreprocessConfig(size=32), {"architecture": VIT}),
    )
    network = CaptionNetwork(replace(tiny_config(), encoders=encoders)).eval()
    pixels = [torch.randn(3, 3, e.preprocess.size, e.preprocess.size) for e in encoders]
    photos = [PhotoFacts(str(number)) for number in range(3)]
    assert network.encode(pixels, photos).shape == (3, 4 + 16 + 5, 32)


def test_config_survives_json_and_names_unknown_keys(tmp_path: Path):
    config = tiny_config()
    (tmp_path / "config.json").write_text(config.to_json())
    assert CaptionerConfig.load(tmp_path / "config.json") == config
    with pytest.raises(ModelError, match="colour"):
        CaptionerConfig.from_dict({"colour": 1})
