"""Warm start: what fits is taken, embeddings follow spelling, trunks stay as they are cached."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.workers.tiny import PATTERNS, tiny_config, tiny_tokenizer
from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.errors import ModelError
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import save_captioner
from workers.training.errors import TrainingError
from workers.training.warmstart import warm_start


@pytest.fixture
def earlier(tmp_path: Path) -> tuple[Path, CaptionNetwork, CaptionTokenizer]:
    torch.manual_seed(1)
    tokenizer = tiny_tokenizer()
    config = tiny_config(tokenizer)
    network = CaptionNetwork(config)
    path = save_captioner(tmp_path / "earlier", network, tokenizer, config, dtype=torch.float32)
    return path, network, tokenizer


def test_a_grown_network_starts_from_the_smaller_one(earlier):
    path, source, tokenizer = earlier
    sentences = [*(pattern.format("red") for pattern in PATTERNS), *["kırmızı bir resim"] * 50]
    larger = CaptionTokenizer.train(sentences, 360)
    second = EncoderConfig("conv-grid", PreprocessConfig(size=64), {"width": 8})
    config = tiny_config(larger)
    config = replace(config, encoders=(*config.encoders, second))
    torch.manual_seed(2)
    network = CaptionNetwork(config)
    trunk = [p.clone() for p in network.vision_encoders()[0].trunk_parameters()]
    assert warm_start(network, larger, path) > 10
    assert torch.equal(network.fuse.types[0], source.fuse.types[0])
    assert torch.equal(network.fuse.projections[0].weight, source.fuse.projections[0].weight)
    for before, after in zip(trunk, network.vision_encoders()[0].trunk_parameters(), strict=True):
        assert torch.equal(before, after)
    ours = network.decoder.gpt2.transformer.wte.weight
    theirs = source.decoder.gpt2.transformer.wte.weight
    known, vocabulary = tokenizer.tokenizer.get_vocab(), larger.tokenizer.get_vocab()
    shared = known.keys() & vocabulary.keys()
    assert len(shared) > 250
    assert all(torch.equal(ours[vocabulary[token]], theirs[known[token]]) for token in shared)
    new = next(token for token in vocabulary if token not in known)
    pieces = [piece.id for piece in tokenizer.tokenizer.model.tokenize(new)]
    assert torch.allclose(ours[vocabulary[new]], theirs[pieces].mean(dim=0))
    assert network.decoder.gpt2.lm_head.weight is network.decoder.gpt2.transformer.wte.weight


def test_the_same_network_is_taken_whole(earlier):
    path, source, tokenizer = earlier
    torch.manual_seed(3)
    network = CaptionNetwork(tiny_config(tokenizer))
    warm_start(network, tokenizer, path)
    frozen = {id(p) for p in network.vision_encoders()[0].trunk_parameters()}
    theirs = dict(source.named_parameters())
    for name, parameter in network.named_parameters():
        assert id(parameter) in frozen or torch.equal(parameter, theirs[name]), name


def test_nothing_in_common_or_no_directory_is_one_error(earlier, tmp_path: Path):
    path, _, tokenizer = earlier
    config = tiny_config(tokenizer)
    wide = replace(config, decoder=replace(config.decoder, width=48, heads=3))
    with pytest.raises(ModelError, match="does not exist"):
        warm_start(CaptionNetwork(config), tokenizer, tmp_path / "nowhere")
    network = CaptionNetwork(wide)
    (path / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(TrainingError, match="cannot be read"):
        warm_start(network, tokenizer, path)
