"""The two that are compared: our decoding and `generate`, on the same weights and pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch.nn import functional
from transformers import GenerationMixin

from workers.bench.cases import Case
from workers.pipeline import precision
from workers.pipeline.config import CaptionerConfig, PreprocessConfig
from workers.pipeline.decoding.abreast import Abreast
from workers.pipeline.decoding.base import DecodingOptions
from workers.pipeline.decoding.beam import Beam
from workers.pipeline.decoding.greedy import Greedy
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    load_network,
    require_files,
    revision_of,
)

CPU = torch.device("cpu")
# Side of the random colour fields that stand for photos.
FIELDS = 5


@dataclass
class Bench:
    """A model directory loaded once for each way to run it; raises `ModelError` when unusable."""

    directory: Path
    config: CaptionerConfig
    options: DecodingOptions
    revision: str
    networks: dict[str, CaptionNetwork] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: Path) -> Bench:
        """Read the config, the tokenizer and the plain fp32 network."""
        require_files(directory)
        config = CaptionerConfig.load(directory / CONFIG_FILE)
        tokenizer = CaptionTokenizer.load(directory / TOKENIZER_FILE)
        options = DecodingOptions(
            start=tokenizer.languages[config.languages[0]],
            end=tokenizer.end,
            banned=tokenizer.never_generated,
            max_tokens=config.decoder.max_tokens,
        )
        bench = cls(directory, config, options, revision_of(directory))
        bench.network("plain")
        return bench

    def network(self, dtype: str) -> CaptionNetwork:
        """The network as `transformers` would run it (`plain`) or prepared in a number format."""
        if dtype not in self.networks:
            network = load_network(self.directory, self.config)
            if dtype != "plain":
                network = precision.prepare(network, CPU, dtype)
            self.networks[dtype] = network
        return self.networks[dtype]


@dataclass(frozen=True)
class Inputs:
    """Pixels and facts of a batch, and the image tokens [B, S, width] made from them."""

    pixels: list[torch.Tensor]
    photos: list[PhotoFacts]
    memory: torch.Tensor


def pictures(bench: Bench, batch: int) -> Inputs:
    """The same random pictures every time: smooth fields of colour, each another."""
    seed = torch.Generator().manual_seed(0)
    fields = torch.rand(batch, 3, FIELDS, FIELDS, generator=seed)
    pixels = [_pixels(fields, encoder.preprocess) for encoder in bench.config.encoders]
    photos = [PhotoFacts(f"{number:064x}") for number in range(batch)]
    with torch.inference_mode():
        memory = bench.network("plain").encode(pixels, photos)
    return Inputs(pixels, photos, memory)


def ours(bench: Bench, case: Case, inputs: Inputs) -> list[tuple[int, ...]]:
    """The best caption of each picture as token ids, by the prepared network."""
    network = bench.network(case.dtype)
    strategy = Abreast(Greedy() if case.width == 1 else Beam(case.width))
    with torch.inference_mode(), precision.autocast(CPU, case.dtype):
        memory = _memory(network, case, inputs)
        found = strategy.decode(network.decoder, memory, bench.options, 1, [0] * case.batch)
    return [sequences[0].ids for sequences in found]


def generate(
    bench: Bench, case: Case, inputs: Inputs, dtype: str = "plain"
) -> list[tuple[int, ...]]:
    """The same by `GPT2LMHeadModel.generate`, on the network of `dtype`."""
    network, options = bench.network(dtype), bench.options
    with torch.inference_mode():
        # Typed as a plain function: its declared type in transformers 5.23 fits no model.
        run: Callable[..., torch.Tensor] = vars(GenerationMixin)["generate"]
        out = run(
            network.decoder.gpt2,
            torch.full((case.batch, 1), options.start),
            encoder_hidden_states=_memory(network, case, inputs),
            do_sample=False,
            num_beams=case.width,
            max_new_tokens=options.max_tokens,
            eos_token_id=options.end,
            pad_token_id=options.end,
            suppress_tokens=list(options.banned),
            begin_suppress_tokens=[options.end],
        )
    return [_ids(row, options.end) for row in out[:, 1:].tolist()]


def _memory(network: CaptionNetwork, case: Case, inputs: Inputs) -> torch.Tensor:
    return inputs.memory if case.cached else network.encode(inputs.pixels, inputs.photos)


def _pixels(fields: torch.Tensor, config: PreprocessConfig) -> torch.Tensor:
    scaled = functional.interpolate(fields, size=(config.size, config.size), mode="bilinear")
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (config.mean, config.std))
    return (scaled - mean) / std


def _ids(row: Sequence[int], end: int) -> tuple[int, ...]:
    return tuple(row[: row.index(end)] if end in row else row)
