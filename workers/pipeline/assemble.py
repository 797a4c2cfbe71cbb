"""A captioner put together from pretrained parts, by configuration alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch

from workers.pipeline.config import CaptionerConfig
from workers.pipeline.errors import ModelError
from workers.pipeline.gpt2 import load_source_weights, with_source_sizes
from workers.pipeline.model import PretrainedCaptioner
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer


@dataclass(frozen=True)
class Part:
    """How many of a part's parameters came with it, and how many started from the seed."""

    name: str
    pretrained: int
    fresh: int


def network_from_sources(
    config: CaptionerConfig, tokenizer: CaptionTokenizer
) -> tuple[CaptionNetwork, list[Part]]:
    """Build the network of `config` and fill it from every source that the config names.

    Its decoder has the sizes of `decoder.directory` and a row for each token of `tokenizer`; what
    no source has is drawn from torch's generator. The network's config names no source any more.
    Raises `ModelError`.
    """
    decoder = with_source_sizes(config.decoder, tokenizer.vocabulary)
    network = CaptionNetwork(replace(config, decoder=decoder))
    for encoder in network.vision_encoders():
        encoder.load_pretrained()
    total = _count(network.decoder.parameters())
    fresh = load_source_weights(network.decoder) if decoder.directory else total
    parts = [*_encoder_parts(network), Part("decoder", total - fresh, fresh)]
    network.config = network.portable_config()
    network.decoder.config = network.config.decoder
    return network, parts


def assemble(config: CaptionerConfig, seed: int) -> tuple[PretrainedCaptioner, list[Part]]:
    """A captioner from the encoders and the GPT-2 directory that `config` names.

    Whatever exists in no source starts from `seed`: such a model must be trained before its
    captions mean anything. Raises `ModelError`.
    """
    if not config.decoder.directory:
        raise ModelError("decoder.directory must name a GPT-2 directory with its tokenizer.")
    tokenizer = CaptionTokenizer.from_gpt2(config.decoder.directory)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, parts = network_from_sources(config, tokenizer)
    return PretrainedCaptioner(network.eval().requires_grad_(False), tokenizer), parts


def _encoder_parts(network: CaptionNetwork) -> Iterator[Part]:
    for config, encoder in zip(network.config.encoders, network.vision_encoders(), strict=True):
        fresh = _count(encoder.fresh_parameters())
        yield Part(f"encoder {config.kind}", _count(encoder.parameters()) - fresh, fresh)
    yield Part("fuse", 0, _count(network.fuse.parameters()))


def _count(parameters: Iterable[torch.Tensor]) -> int:
    return sum(parameter.numel() for parameter in parameters)
