"""Decoding equals `transformers` `generate`: more widths, lengths and trained weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from workers.bench.contenders import Bench, pictures
from workers.pipeline import precision
from workers.pipeline.config import DecoderConfig
from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.decoding.base import DecodedSequence, DecodingOptions
from workers.pipeline.decoding.beam import Beam
from workers.pipeline.decoding.greedy import Greedy
from workers.pipeline.decoding.nucleus import Nucleus

MINI = Path(__file__).resolve().parents[3] / "models" / "capsite-mini"
Setting = tuple[CaptionDecoder, torch.Tensor, DecodingOptions]


def random_setting(seed: int, vocabulary: int, max_tokens: int) -> Setting:
    torch.manual_seed(seed)
    decoder = CaptionDecoder(
        DecoderConfig(vocabulary, layers=2, width=24, heads=3, max_tokens=max_tokens, dropout=0.0)
    ).eval()
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.25)
    memory = torch.randn(5, 7, 24)
    return decoder, memory, DecodingOptions(start=2, end=1, banned=(0, 3), max_tokens=max_tokens)


def trained_setting(directory: Path, images: int) -> Setting:
    bench = Bench.load(directory)
    memory = pictures(bench, images).memory
    return bench.network("plain").decoder, memory, bench.options


def theirs(setting: Setting, width: int, penalty: float = 1.0) -> list[list[tuple[int, ...]]]:
    """All beams of every image by `generate`, best first."""
    decoder, memory, options = setting
    beams = {"num_beams": width, "length_penalty": penalty} if width > 1 else {}
    out = decoder.gpt2.generate(
        torch.full((len(memory), 1), options.start),
        encoder_hidden_states=memory,
        do_sample=False,
        num_return_sequences=width,
        max_new_tokens=options.max_tokens,
        eos_token_id=options.end,
        pad_token_id=options.end,
        suppress_tokens=list(options.banned),
        begin_suppress_tokens=[options.end],
        **beams,
    )
    rows = [
        row[: row.index(options.end)] if options.end in row else row for row in out[:, 1:].tolist()
    ]
    ids = [tuple(row) for row in rows]
    return [ids[first : first + width] for first in range(0, len(ids), width)]


def ours(setting: Setting, width: int, penalty: float = 1.0) -> list[list[DecodedSequence]]:
    decoder, memory, options = setting
    strategy = Greedy() if width == 1 else Beam(width, penalty)
    with torch.inference_mode():
        return strategy.decode(decoder, memory, options, width, [0] * len(memory))


def ids_of(found: list[list[DecodedSequence]]) -> list[list[tuple[int, ...]]]:
    return [[sequence.ids for sequence in image] for image in found]


@pytest.mark.parametrize("width", [1, 2, 5, 10])
@pytest.mark.parametrize("max_tokens", [1, 3, 12])
def test_random_weights_at_every_width_and_length(width: int, max_tokens: int):
    setting = random_setting(max_tokens, 41, max_tokens)
    assert ids_of(ours(setting, width)) == theirs(setting, width)


@pytest.mark.parametrize("penalty", [0.0, 0.5, 2.0, -1.0])
def test_length_penalties_on_a_vocabulary_searched_in_chunks(penalty: float):
    setting = random_setting(4, 1000, 8)
    assert ids_of(ours(setting, 5, penalty)) == theirs(setting, 5, penalty)


@pytest.mark.parametrize("width", [1, 5, 10])
def test_the_trained_tiny_model(tiny_model: Path, width: int):
    setting = trained_setting(tiny_model, 12)
    assert ids_of(ours(setting, width)) == theirs(setting, width)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_the_shipped_model_whose_images_end_at_different_steps(width: int):
    setting = trained_setting(MINI, 6)
    found = ours(setting, width)
    assert ids_of(found) == theirs(setting, width)
    assert len({image[0].steps for image in found}) > 1


@pytest.mark.parametrize(
    "strategy", [Greedy(), Beam(5), Nucleus(0.9)], ids=["greedy", "beam", "nucleus"]
)
def test_the_shipped_model_says_the_same_alone_and_in_a_batch_of_32(strategy):
    bench = Bench.load(MINI)
    memory = pictures(bench, 32).memory
    decoder = precision.prepare(bench.network("plain"), torch.device("cpu"), "fp32").decoder
    seeds = list(range(32))
    with torch.inference_mode():
        together = strategy.decode(decoder, memory, bench.options, 2, seeds)
        for image in range(0, 32, 5):
            one = slice(image, image + 1)
            [alone] = strategy.decode(decoder, memory[one], bench.options, 2, seeds[one])
            assert [s.ids for s in alone] == [s.ids for s in together[image]]
            for first, second in zip(alone, together[image], strict=True):
                assert first.total == pytest.approx(second.total, abs=1e-3)


def test_steps_take_no_gradient_and_whole_captions_do(tiny_model: Path):
    decoder, memory, _ = trained_setting(tiny_model, 2)
    decoder.requires_grad_(True)
    state = decoder.begin(memory.clone())
    assert not decoder.step(torch.tensor([2, 2]), state).requires_grad
    decoder(torch.tensor([[2, 5], [2, 6]]), decoder.begin(memory.clone())).sum().backward()
    assert decoder.gpt2.transformer.h[0].attn.c_attn.weight.grad.abs().sum() > 0


@pytest.fixture
def chance() -> Callable[[int, int], torch.Tensor]:
    return lambda rows, steps: torch.rand(rows, steps, generator=torch.Generator().manual_seed(3))


def test_plain_sampling_repeats_captions_and_follows_the_probabilities(tiny_model: Path, chance):
    decoder, memory, options = trained_setting(tiny_model, 1)
    with torch.inference_mode():
        [samples] = Nucleus(top_p=1.0).sample(decoder, memory, options, chance(400, 16))
    assert len(samples) == 400
    counts: dict[tuple[int, ...], list[DecodedSequence]] = {}
    for sample in samples:
        counts.setdefault(sample.ids, []).append(sample)
    common = max(counts.values(), key=len)
    expected = torch.tensor(common[0].total).exp().item()
    assert len(common) / 400 == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("top_p", [0.3, 0.9, 0.999, 1.0])
def test_sorting_the_likeliest_draws_what_sorting_all_does(top_p: float, chance):
    scores = torch.randn(300, 700, generator=torch.Generator().manual_seed(1)) * 2
    numbers = chance(300, 1)[:, 0]
    nucleus = Nucleus(top_p)
    whole, settled = nucleus._pick(scores.softmax(-1), numbers, 700)
    assert settled.all()
    assert torch.equal(nucleus._draw(scores, numbers), whole)
