"""Encoders and fuse: any number of encoders give a fixed number of tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tests.workers.sources import EYE
from tests.workers.tiny import tiny_config
from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.encoders import PhotoFacts, build_encoder
from workers.pipeline.errors import ModelError
from workers.pipeline.exif import read_exif
from workers.pipeline.network import CaptionNetwork

VIT = {"model_type": "vit", **EYE}
FACT_KINDS = ("exif", "hints", "profile")


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


def test_unknown_encoders_are_refused():
    with pytest.raises(ModelError, match="efficientnet-lite2"):
        build_encoder(EncoderConfig("crystal-ball"))


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


def test_facts_that_nobody_knows_still_give_their_tokens():
    encoders = [EncoderConfig(kind, PreprocessConfig(size=1)) for kind in FACT_KINDS]
    network = CaptionNetwork(replace(tiny_config(), encoders=tuple(encoders))).eval()
    photos = [PhotoFacts("a"), PhotoFacts("b", read_exif(b""), ("dog/NOUN",), (0.5,) * 32)]
    tokens = network.encode([torch.zeros(2, 3, 1, 1)] * 3, photos)
    assert tokens.shape == (2, 1 + 4 + 1, 32)
    assert not torch.allclose(tokens[0], tokens[1])


def test_hints_with_and_without_tags():
    encoder = build_encoder(EncoderConfig("hints", PreprocessConfig(size=1), {"slots": 2}))
    hints = (("dog/NOUN",), ("Dog /noun",), ("dog",), ("and/or",), (), ("a", "b", "c"))
    photos = [PhotoFacts("", hints=words) for words in hints]
    rows = encoder.trunk(torch.zeros(6, 3, 1, 1), photos)
    assert torch.equal(rows[0], rows[1])
    assert rows[0, 0, 0] == rows[2, 0, 0]
    assert rows[0, 0, 1] != rows[2, 0, 1] == rows[3, 0, 1] == 0
    assert rows[4].sum() == 0
    assert torch.equal(rows.half().float(), rows)


@pytest.mark.parametrize("profile", [(1.0, 2.0), (float("nan"),) * 32, (float("inf"),) * 32])
def test_a_profile_that_cannot_be_used_counts_as_none(profile):
    encoder = build_encoder(EncoderConfig("profile", PreprocessConfig(size=1)))
    photos = [PhotoFacts("", profile=profile), PhotoFacts("")]
    rows = encoder.trunk(torch.zeros(2, 3, 1, 1), photos)
    assert torch.equal(rows[0], rows[1])
    assert rows[0].tolist() == [0.0] * 32 + [1.0]


@pytest.mark.parametrize("options", [{"buckets": 0}, {"buckets": 4096}, {"slots": 0}])
def test_hints_that_cannot_work_are_refused(options):
    with pytest.raises(ModelError, match="2048"):
        build_encoder(EncoderConfig("hints", options=options))
