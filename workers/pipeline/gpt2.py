"""A GPT-2 directory of `transformers` as the decoder's beginning: sizes and weights."""

from __future__ import annotations

from dataclasses import replace

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from workers.pipeline.config import DecoderConfig
from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.errors import ModelError
from workers.pipeline.pretrained import load_weights, read_architecture

EMBEDDING = "transformer.wte.weight"
POSITIONS = "transformer.wpe.weight"
HEAD = "lm_head.weight"
CROSS_ATTENTION = (".crossattention.", ".ln_cross_attn.")

# The decoder computes GPT-2 as published; of these, one value each.
_AS_PUBLISHED = {
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "layer_norm_epsilon": (1e-5,),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "tie_word_embeddings": (True,),
}


def with_source_sizes(config: DecoderConfig, tokens: int) -> DecoderConfig:
    """The config with layers, width, heads and vocabulary of its `directory`.

    `tokens` is the size of the tokenizer: the embedding grows when it has fewer rows. Without a
    directory only the vocabulary changes. Raises `ModelError` for a directory that is no GPT-2 as
    published, or has too few positions for `max_tokens`.
    """
    if not config.directory:
        return replace(config, vocabulary=tokens)
    source = _read_config(config.directory)
    if source.n_positions < config.max_tokens + 1:
        raise ModelError(
            f"The GPT-2 in {config.directory} has {source.n_positions} positions; captions of "
            f"{config.max_tokens} tokens need {config.max_tokens + 1}."
        )
    return replace(
        config,
        layers=source.n_layer,
        width=source.n_embd,
        heads=source.n_head,
        vocabulary=max(source.vocab_size, tokens),
    )


def load_source_weights(decoder: CaptionDecoder) -> int:
    """Fill `decoder` from the directory in its config; returns how many parameters it lacks.

    Cross-attention keeps its random weights unless the source has it. Rows of added tokens begin at
    the mean of all others, so that a decoder which has learned nothing about them neither prefers
    nor shuns them. Raises `ModelError`.
    """
    directory = decoder.config.directory
    source = _read_config(directory)
    source.add_cross_attention = True
    model, lacking = load_weights(GPT2LMHeadModel, directory, source)
    unexpected = [name for name in lacking if not any(part in name for part in CROSS_ATTENTION)]
    # The output layer is the embedding; files may hold one of the two or both.
    if absent := sorted(set(unexpected) - {HEAD}):
        raise ModelError(f"The GPT-2 weights in {directory} lack {', '.join(absent[:3])}.")
    wanted = decoder.gpt2.state_dict()
    state = {
        name: value
        for name, value in model.state_dict().items()
        if name not in lacking and name != HEAD
    }
    state[POSITIONS] = state[POSITIONS][: wanted[POSITIONS].shape[0]]
    state[EMBEDDING] = _grown(state[EMBEDDING], wanted[EMBEDDING])
    decoder.gpt2.load_state_dict(state, strict=False)
    added = wanted[EMBEDDING][source.vocab_size :].numel()
    return added + sum(wanted[name].numel() for name in lacking - {HEAD})


def _read_config(directory: str) -> GPT2Config:
    config = read_architecture(directory)
    if not isinstance(config, GPT2Config):
        raise ModelError(f"{directory} holds a {config.model_type}, not a GPT-2.")
    for key, allowed in _AS_PUBLISHED.items():
        if getattr(config, key) not in allowed:
            choices = " or ".join(map(str, allowed))
            raise ModelError(
                f"The GPT-2 in {directory} has {key} {getattr(config, key)}; only {choices} works."
            )
    if config.n_inner not in (None, 4 * config.n_embd):
        raise ModelError(f"The GPT-2 in {directory} has n_inner {config.n_inner}, not 4 x n_embd.")
    return config


def _grown(rows: torch.Tensor, random: torch.Tensor) -> torch.Tensor:
    """Rows [V, width] followed by new ones: their mean, told apart by the noise in `random`."""
    return torch.cat((rows, rows.mean(0) + random[rows.shape[0] :]))
