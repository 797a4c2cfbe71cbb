"""Model directories: a directory is one version, loads whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.workers.tiny import tiny_config, tiny_tokenizer
from workers.pipeline.errors import ModelError
from workers.pipeline.model import PretrainedCaptioner
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.weights import revision_of

ROOT = Path(__file__).resolve().parents[3]


def test_the_model_that_ships_has_the_revision_of_its_card():
    shipped = ROOT / "models" / "capsite-mini"
    card = (shipped / "README.md").read_text(encoding="utf-8")
    assert f"| revision | `{revision_of(shipped)}` |" in card
    assert PretrainedCaptioner.from_pretrained(shipped).config.name == "capsite-mini"


def test_saved_and_loaded_it_is_the_same_model(tmp_path: Path):
    tokenizer = tiny_tokenizer()
    saved = PretrainedCaptioner(CaptionNetwork(tiny_config(tokenizer)).eval(), tokenizer)
    revision = saved.save_pretrained(tmp_path / "one", torch.float32)
    loaded = PretrainedCaptioner.from_pretrained(tmp_path / "one")
    assert loaded.config == saved.config
    for name, value in saved.network.state_dict().items():
        assert torch.equal(value, loaded.network.state_dict()[name]), name
    assert loaded.save_pretrained(tmp_path / "two", torch.float32) == revision
    assert loaded.save_pretrained(tmp_path / "three") != revision


def test_a_tokenizer_larger_than_the_decoder_is_refused(tmp_path: Path):
    tokenizer = tiny_tokenizer()
    config = tiny_config(tokenizer)
    small = replace(config, decoder=replace(config.decoder, vocabulary=tokenizer.vocabulary - 1))
    PretrainedCaptioner(CaptionNetwork(small), tokenizer).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="more tokens"):
        PretrainedCaptioner.from_pretrained(tmp_path)


def test_a_weight_too_large_for_its_format_is_named(tmp_path: Path):
    tokenizer = tiny_tokenizer()
    network = CaptionNetwork(tiny_config(tokenizer)).requires_grad_(False)
    network.fuse.types[0, 0] = 1e6
    model = PretrainedCaptioner(network, tokenizer)
    with pytest.raises(ModelError, match=r"fuse\.types"):
        model.save_pretrained(tmp_path / "half")
    assert not (tmp_path / "half").exists()
    model.save_pretrained(tmp_path / "whole", torch.float32)
