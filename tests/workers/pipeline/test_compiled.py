"""Compiled steps give what the plain ones do, in every form of weights that they take."""

from __future__ import annotations

import pytest
import torch

from workers.pipeline.compiled import weights_of
from workers.pipeline.config import DecoderConfig
from workers.pipeline.decoder import CACHED_STEPS, CaptionDecoder, DecoderState
from workers.pipeline.linears import (
    CompactLinear,
    PackedLinear,
    RowwiseInt8Linear,
    fuse_gelu,
    in_dtype,
    replace_linears,
)

VOCABULARY, WIDTH = 50, 24
FORMS = {"packed": PackedLinear, "compact": CompactLinear, "int8": RowwiseInt8Linear}


def prepared(form: str) -> CaptionDecoder:
    torch.manual_seed(5)
    config = DecoderConfig(VOCABULARY, layers=2, width=WIDTH, heads=3, max_tokens=40, dropout=0.3)
    decoder = CaptionDecoder(config).eval().requires_grad_(False)
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.25)
    replace_linears(decoder, FORMS[form])
    fuse_gelu(decoder)
    return decoder


def walk(decoder: CaptionDecoder, memory: torch.Tensor | None) -> list[torch.Tensor]:
    """Logits of many steps whose rows fork, move, repeat and leave, past the first cache's end."""
    state = decoder.begin(memory)
    found = [decoder.step(torch.tensor([2, 2, 2]), state)]
    state.follow(torch.tensor([0, 0, 1, 1, 2, 2]))
    for step in range(CACHED_STEPS + 3):
        found.append(decoder.step((torch.arange(6) * 7 + step) % VOCABULARY, state))
        state.follow(torch.tensor([1, 0, 2, 2, 5, 5]))
    if memory is not None:
        state.keep(torch.tensor([0, 2]))
    state.follow(torch.tensor([0, 1, 4, 5]))
    return [*found, decoder.step(torch.tensor([4, 5, 6, 7]), state)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("images", [True, False], ids=["images", "text alone"])
def test_compiled_steps_equal_plain_ones(form: str, images: bool):
    decoder = prepared(form)
    memory = torch.randn(3, 5, WIDTH) if images else None
    plain = walk(decoder, memory)
    assert not decoder.light
    decoder.compile_steps()
    assert decoder.light
    compiled = walk(decoder, memory)
    for first, second in zip(plain, compiled, strict=True):
        assert torch.allclose(first, second, atol=2e-3 if form == "int8" else 1e-4)


def test_compiled_steps_run_in_inference_mode_and_out_of_it():
    decoder = prepared("packed")
    decoder.compile_steps()
    with torch.inference_mode():
        inside = decoder.step(torch.tensor([2]), decoder.begin(torch.ones(1, 5, WIDTH)))
    outside = decoder.step(torch.tensor([2]), decoder.begin(torch.ones(1, 5, WIDTH)))
    assert torch.equal(inside, outside)


def test_layers_in_other_forms_are_left_to_the_plain_step():
    plain = CaptionDecoder(DecoderConfig(VOCABULARY, 1, WIDTH, 3, 8, 0.0)).eval()
    short = CaptionDecoder(DecoderConfig(VOCABULARY, 1, WIDTH, 3, 8, 0.0)).eval()
    replace_linears(short, in_dtype(PackedLinear, torch.bfloat16))
    for decoder in (plain, short):
        assert weights_of(decoder.gpt2, decoder.blocks, decoder.heads) is None
        decoder.compile_steps()
        assert not decoder.light
    assert plain.step(torch.tensor([2]), DecoderState()).shape == (1, VOCABULARY)
