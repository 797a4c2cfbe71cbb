"""Decoding: the same sequences as `transformers` `generate`, on random weights."""

from __future__ import annotations

import math

import pytest
import torch

from workers.pipeline.config import DecoderConfig
from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.decoding.base import DecodedSequence, DecodingOptions
from workers.pipeline.decoding.beam import Beam
from workers.pipeline.decoding.greedy import Greedy
from workers.pipeline.decoding.nucleus import Nucleus

CONFIG = DecoderConfig(vocabulary=37, layers=2, width=24, heads=3, max_tokens=12, dropout=0.0)
START, END = 2, 1
OPTIONS = DecodingOptions(start=START, end=END, banned=(0, 3), max_tokens=12)


@pytest.fixture(scope="module", params=[0, 1, 2])
def decoder(request: pytest.FixtureRequest) -> CaptionDecoder:
    torch.manual_seed(request.param)
    decoder = CaptionDecoder(CONFIG).eval()
    for parameter in decoder.parameters():
        # The usual small initial weights make every token equally likely; larger ones make choices.
        torch.nn.init.normal_(parameter, std=0.25)
    return decoder


@pytest.fixture(scope="module")
def memory() -> torch.Tensor:
    return torch.randn(4, 5, CONFIG.width, generator=torch.Generator().manual_seed(9))


def generate(decoder: CaptionDecoder, memory: torch.Tensor, **options: object) -> torch.Tensor:
    return decoder.gpt2.generate(
        torch.full((len(memory), 1), START),
        encoder_hidden_states=memory,
        do_sample=False,
        max_new_tokens=CONFIG.max_tokens,
        eos_token_id=END,
        pad_token_id=0,
        suppress_tokens=[0, 3],
        begin_suppress_tokens=[END],
        **options,
    )


def ids_of(row: torch.Tensor) -> tuple[int, ...]:
    ids = row.tolist()[1:]
    return tuple(ids[: ids.index(END)] if END in ids else [i for i in ids if i != 0])


def test_forward_gives_the_logits_of_transformers(decoder, memory):
    tokens = torch.randint(4, 37, (4, 7), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        ours = decoder(tokens, decoder.begin(memory))
        theirs = decoder.gpt2(tokens, encoder_hidden_states=memory).logits
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_stepwise_logits_equal_those_of_the_whole_sequence(decoder, memory):
    tokens = torch.randint(4, 37, (8, 6), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        whole = decoder(tokens, decoder.begin(memory))
        state = decoder.begin(memory)
        steps = torch.stack([decoder.step(tokens[:, i], state) for i in range(6)], dim=1)
    assert torch.allclose(whole, steps, atol=1e-5)


def test_text_alone_can_be_decoded_for_pretraining(decoder):
    tokens = torch.randint(4, 37, (3, 6))
    with torch.inference_mode():
        ours = decoder(tokens, decoder.begin(None))
        theirs = decoder.gpt2(tokens).logits
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_greedy_equals_generate(decoder, memory):
    expected = [ids_of(row) for row in generate(decoder, memory)]
    with torch.inference_mode():
        found = Greedy().decode(decoder, memory, OPTIONS, 1, [0] * 4)
    assert [sequences[0].ids for sequences in found] == expected


@pytest.mark.parametrize("width", [2, 5])
@pytest.mark.parametrize("penalty", [1.0, 0.6])
def test_beam_equals_generate(decoder, memory, width, penalty):
    out = generate(
        decoder,
        memory,
        num_beams=width,
        num_return_sequences=width,
        length_penalty=penalty,
        return_dict_in_generate=True,
        output_scores=True,
    )
    expected = [ids_of(row) for row in out.sequences]
    with torch.inference_mode():
        found = Beam(width, penalty).decode(decoder, memory, OPTIONS, width, [0] * 4)
    flat = [sequence for sequences in found for sequence in sequences]
    assert [sequence.ids for sequence in flat] == expected
    scores = torch.tensor([sequence.total / sequence.steps**penalty for sequence in flat])
    assert torch.allclose(scores, out.sequences_scores, atol=1e-4)


@pytest.mark.parametrize(
    "strategy", [Greedy(), Beam(5), Nucleus(0.9)], ids=["greedy", "beam", "nucleus"]
)
def test_an_image_decodes_the_same_alone_and_in_company(decoder, memory, strategy):
    with torch.inference_mode():
        together = strategy.decode(decoder, memory, OPTIONS, 3, [5, 6, 7, 8])
        alone = [
            strategy.decode(decoder, memory[i : i + 1], OPTIONS, 3, [5 + i])[0] for i in range(4)
        ]
    assert [[s.ids for s in image] for image in together] == [
        [s.ids for s in image] for image in alone
    ]


def test_nucleus_repeats_with_its_seed_and_differs_without(decoder, memory):
    with torch.inference_mode():
        first, again, other = (
            Nucleus().decode(decoder, memory, OPTIONS, 3, seeds)
            for seeds in ([1] * 4, [1] * 4, [2] * 4)
        )
    assert first == again
    assert first != other


def test_nucleus_gives_distinct_samples_likeliest_first(decoder, memory):
    with torch.inference_mode():
        found = Nucleus(top_p=1.0).decode(decoder, memory, OPTIONS, 6, [0, 1, 2, 3])
    for samples in found:
        assert len({sample.ids for sample in samples}) == len(samples) == 6
        assert [s.mean for s in samples] == sorted((s.mean for s in samples), reverse=True)


def test_a_narrow_nucleus_is_greedy_and_gives_up_asking_for_more(decoder, memory):
    with torch.inference_mode():
        narrow = Nucleus(top_p=1e-6).decode(decoder, memory, OPTIONS, 3, [0] * 4)
        greedy = Greedy().decode(decoder, memory, OPTIONS, 1, [0] * 4)
    assert [[s.ids for s in image] for image in narrow] == [
        [s.ids for s in image] for image in greedy
    ]


def test_nucleus_draws_only_inside_the_nucleus_with_the_right_frequency():
    scores = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05])).repeat(1000, 1)
    chance = (torch.arange(1000) + 0.5) / 1000
    counts = torch.bincount(Nucleus(top_p=0.75)._draw(scores, chance), minlength=4)
    assert counts.tolist() == [625, 375, 0, 0]


def test_no_caption_is_empty_or_holds_a_banned_token(decoder, memory):
    with torch.inference_mode():
        for strategy in (Greedy(), Beam(5), Nucleus()):
            for sequences in strategy.decode(decoder, memory, OPTIONS, 3, [0] * 4):
                for sequence in sequences:
                    assert sequence.ids
                    assert not {0, 3, END} & set(sequence.ids)


def test_the_mean_is_that_of_the_decoder(decoder, memory):
    with torch.inference_mode():
        sequence = Beam(5).decode(decoder, memory[:1], OPTIONS, 1, [0])[0][0]
        ids = [*sequence.ids, END][: sequence.steps]
        inputs = torch.tensor([[START, *ids[:-1]]])
        scores = decoder(inputs, decoder.begin(memory[:1])).log_softmax(-1)[0]
    taken = scores[torch.arange(len(ids)), torch.tensor(ids)]
    assert sequence.mean == pytest.approx(taken.mean().item(), abs=1e-5)


def test_duplicate_spellings_count_once():
    options = DecodingOptions(start=START, end=END, identity=lambda ids: math.prod(ids))
    from workers.pipeline.decoding.base import distinct

    sequences = [DecodedSequence(ids, -1.0, 2) for ids in ((2, 3), (3, 2), (5,), (7,))]
    assert [s.ids for s in distinct(sequences, options, 2)] == [(2, 3), (5,)]
