"""GPT-2 as the decoder's beginning: published sizes, and weights that compute the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import GPT2LMHeadModel, GPT2Model

from tests.workers.sources import gpt2_directory
from workers.pipeline.config import DecoderConfig
from workers.pipeline.decoder import CaptionDecoder, DecoderState
from workers.pipeline.errors import ModelError
from workers.pipeline.gpt2 import load_source_weights, with_source_sizes

# Layers, width, heads and parameters of the published models (huggingface.co, safetensors files).
PUBLISHED = {
    "distilgpt2": (6, 768, 12, 81_912_576),
    "gpt2": (12, 768, 12, 124_439_808),
    "gpt2-medium": (24, 1024, 16, 354_823_168),
    "gpt2-large": (36, 1280, 20, 774_030_080),
}
TOKENS = torch.tensor([[5, 9, 200, 31, 7]])


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_family_has_its_published_sizes_and_cross_attention(name):
    layers, width, heads, published = PUBLISHED[name]
    with torch.device("meta"):
        decoder = CaptionDecoder(DecoderConfig(50257, layers, width, heads, max_tokens=1023))
    # Keys, values, query and output of each layer, and its layer norm.
    cross_attention = layers * (4 * width**2 + 6 * width)
    assert sum(p.numel() for p in decoder.parameters()) == published + cross_attention


def decoder_from(directory: Path, tokens: int) -> tuple[CaptionDecoder, int]:
    config = DecoderConfig(max_tokens=20, dropout=0.0, directory=str(directory))
    decoder = CaptionDecoder(with_source_sizes(config, tokens)).eval()
    return decoder, load_source_weights(decoder)


@pytest.mark.parametrize("kind", [GPT2LMHeadModel, GPT2Model])
def test_without_a_photo_it_is_the_same_language_model(tmp_path: Path, kind):
    source = GPT2LMHeadModel.from_pretrained(gpt2_directory(tmp_path / "gpt2", kind)).eval()
    rows = source.config.vocab_size
    decoder, fresh = decoder_from(tmp_path / "gpt2", rows + 4)
    assert decoder.config.vocabulary == rows + 4
    with torch.inference_mode():
        ours = decoder(TOKENS, DecoderState())[..., :rows]
        theirs = source(TOKENS).logits
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert fresh == 4 * 32 + 2 * (4 * 32**2 + 6 * 32)


def test_rows_of_added_tokens_begin_at_the_mean(tmp_path: Path):
    decoder, _ = decoder_from(gpt2_directory(tmp_path / "gpt2"), 1000)
    rows = decoder.gpt2.transformer.wte.weight
    assert torch.allclose(rows[300:].mean(0), rows[:270].mean(0), atol=0.01)
    assert rows[-1].ne(rows[-2]).any()
    assert decoder.gpt2.lm_head.weight is rows


def test_cross_attention_of_the_source_is_taken(tmp_path: Path):
    directory = gpt2_directory(tmp_path / "gpt2", add_cross_attention=True)
    source = GPT2LMHeadModel.from_pretrained(directory).eval()
    decoder, fresh = decoder_from(directory, source.config.vocab_size)
    assert fresh == 0
    memory = torch.randn(1, 7, 32)
    with torch.inference_mode():
        ours = decoder(TOKENS, decoder.begin(memory))
        theirs = source(TOKENS, encoder_hidden_states=memory).logits
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_spare_rows_of_the_source_take_the_added_tokens(tmp_path: Path):
    decoder, fresh = decoder_from(gpt2_directory(tmp_path / "gpt2", vocab_size=400), 304)
    assert decoder.config.vocabulary == 400
    assert fresh == 2 * (4 * 32**2 + 6 * 32)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"activation_function": "relu"}, "activation_function relu"),
        ({"layer_norm_epsilon": 1e-3}, "layer_norm_epsilon"),
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
        ({"n_inner": 7}, "n_inner 7"),
        ({"n_positions": 20}, "20 positions"),
        ({"model_type": "vit"}, "not a GPT-2"),
    ],
)
def test_what_the_decoder_does_not_compute_is_refused(tmp_path: Path, changes, said):
    path = gpt2_directory(tmp_path / "gpt2") / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ModelError, match=said):
        with_source_sizes(DecoderConfig(max_tokens=20, directory=str(path.parent)), 300)


def test_missing_weights_are_named(tmp_path: Path):
    from safetensors.torch import load_file, save_file

    path = gpt2_directory(tmp_path / "gpt2") / "model.safetensors"
    state = load_file(path)
    state.pop(next(name for name in state if name.endswith("ln_f.weight")))
    save_file(state, path, metadata={"format": "pt"})
    with pytest.raises(ModelError, match="ln_f"):
        decoder_from(path.parent, 300)


def test_without_a_directory_only_the_vocabulary_follows_the_tokenizer():
    assert with_source_sizes(DecoderConfig(layers=3), 77) == DecoderConfig(77, layers=3)
