"""Number formats: int8 and bf16 say what fp32 says, and wrong ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.workers.tiny import COLOURS, plain_photo
from workers.pipeline import precision
from workers.pipeline.config import CaptionerConfig
from workers.pipeline.decoding.base import DecodedSequence, DecodingOptions
from workers.pipeline.decoding.beam import Beam
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.errors import ModelError
from workers.pipeline.images import preprocess
from workers.pipeline.linears import (
    CompactLinear,
    PackedLinear,
    RowwiseInt8Linear,
    fp32_linear,
)
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import load_network

CPU = torch.device("cpu")


class Model:
    """The tiny trained model from its directory, once per number format."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = CaptionerConfig.load(directory / "config.json")
        tokenizer = CaptionTokenizer.load(directory / "tokenizer.json")
        self.options = DecodingOptions(
            start=tokenizer.languages["en"],
            end=tokenizer.end,
            banned=tokenizer.never_generated,
            max_tokens=16,
        )
        side = self.config.encoders[0].preprocess
        self.pixels = torch.stack([preprocess(plain_photo(colour), side) for colour in COLOURS])
        self.photos = [PhotoFacts(colour) for colour in COLOURS]

    def network(self) -> CaptionNetwork:
        return load_network(self.directory, self.config)

    def decode(self, dtype: str | None, rows: slice = slice(None)) -> list[list[DecodedSequence]]:
        network = self.network()
        if dtype is not None:
            network = precision.prepare(network, CPU, dtype)
        with torch.inference_mode(), precision.autocast(CPU, dtype or "fp32"):
            memory = network.encode([self.pixels[rows]], self.photos[rows])
            return Beam(5).decode(network.decoder, memory, self.options, 3, [0] * len(memory))


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return Model(tiny_model)


def test_packed_fp32_decodes_what_the_plain_network_does(model: Model):
    plain, packed = model.decode(None), model.decode("fp32")
    for first, second in zip(plain, packed, strict=True):
        assert [s.ids for s in first] == [s.ids for s in second]
        assert [s.total for s in first] == pytest.approx([s.total for s in second], abs=1e-4)


@pytest.mark.parametrize(("dtype", "tolerance"), [("int8", 0.05), ("bf16", 0.05)])
def test_captions_nearly_always_agree_with_fp32(model: Model, dtype: str, tolerance: float):
    full, short = model.decode("fp32"), model.decode(dtype)
    same = [a[0].ids == b[0].ids for a, b in zip(full, short, strict=True)]
    assert sum(same) >= len(COLOURS) - 1
    for (first, *_), (second, *_), equal in zip(full, short, same, strict=True):
        if equal:
            assert second.mean == pytest.approx(first.mean, abs=tolerance)


@pytest.mark.parametrize(("dtype", "limit"), [("int8", 0.02), ("bf16", 0.01)])
def test_logits_are_close_to_those_of_fp32(model: Model, dtype: str, limit: float):
    def logits(kind: str) -> torch.Tensor:
        network = precision.prepare(model.network(), CPU, kind)
        with torch.inference_mode(), precision.autocast(CPU, kind):
            state = network.decoder.begin(torch.randn(4, 4, 32, generator=seeded()))
            return network.decoder.step(torch.full((4,), model.options.start), state)

    exact = logits("fp32")
    assert (logits(dtype) - exact).norm() / exact.norm() < limit


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(4)


def test_int8_captions_do_not_depend_on_the_other_photos(model: Model):
    together = model.decode("int8")
    alone = [model.decode("int8", slice(i, i + 1))[0] for i in range(len(COLOURS))]
    assert [[s.ids for s in image] for image in together] == [
        [s.ids for s in image] for image in alone
    ]


def test_int8_rows_do_not_touch_one_another():
    layer = RowwiseInt8Linear(torch.randn(24, 32), torch.randn(24))
    row, loud = torch.randn(1, 32), 1000 * torch.randn(3, 32)
    assert torch.equal(layer(torch.cat((row, loud)))[:1], layer(row))


def test_packed_layers_stand_in_every_place_of_the_decoder(model: Model):
    network = precision.prepare(model.network(), CPU, "fp32")
    kinds = {type(m).__name__ for m in network.decoder.modules()}
    assert {"PackedLinear", "CompactLinear"} & kinds
    assert not {"Conv1D", "Linear"} & kinds


def test_the_form_of_fp32_layers_never_rounds_a_weight():
    short = torch.randn(6, 8).half().float()
    values, bias = torch.randn(2, 3, 8), torch.randn(6)
    for weight, kind in ((short, CompactLinear), (short + 1e-6, PackedLinear)):
        layer = fp32_linear(weight, bias)
        assert isinstance(layer, kind)
        expected = torch.nn.functional.linear(values.double(), weight.double(), bias.double())
        assert torch.allclose(layer(values).double(), expected, atol=1e-6)


def test_a_packed_layer_takes_any_leading_axes():
    weight, bias, values = torch.randn(5, 8), torch.randn(5), torch.randn(2, 3, 8)
    expected = torch.nn.functional.linear(values, weight, bias)
    assert torch.allclose(PackedLinear(weight, bias)(values), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("device", "dtype", "words"),
    [("cpu", "fp64", "fp32, int8"), ("cuda", "int8", "CPU only"), ("cpu", "fp16", "GPU only")],
)
def test_formats_a_device_lacks_are_refused(device: str, dtype: str, words: str):
    with pytest.raises(ModelError, match=words):
        precision.require_dtype(torch.device(device), dtype)
    with pytest.raises(ModelError, match=words):
        precision.autocast(torch.device(device), dtype)
