"""The GPT-2 decoder: weights of `transformers`, run by one function for every purpose.

`GPT2LMHeadModel.generate` copies the cross-attention keys of an image once per beam and step. Here
the beams of an image are the query axis of cross-attention, so its keys and values are computed
once and stored once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.models.gpt2.modeling_gpt2 import GPT2Attention, GPT2Block

from workers.pipeline.config import DecoderConfig

KeysValues = tuple[torch.Tensor, torch.Tensor]


@dataclass
class DecoderState:
    """What decoding remembers: keys and values of the images and of the tokens so far.

    `cross` holds pairs [B, heads, image tokens, d], empty when the decoder runs as a plain language
    model; `past` holds pairs [rows, heads, tokens so far, d], where rows is B times the number of
    captions per image.
    """

    cross: list[KeysValues] = field(default_factory=list)
    past: list[KeysValues] = field(default_factory=list)
    length: int = 0

    def select_rows(self, rows: torch.Tensor) -> None:
        """Make row i continue what row `rows[i]` was.

        `rows` may be longer or shorter than before.
        """
        self.past = [
            (keys.index_select(0, rows), values.index_select(0, rows)) for keys, values in self.past
        ]


class CaptionDecoder(nn.Module):
    """Image tokens and caption tokens to next-token logits."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.heads = config.heads
        self.gpt2 = GPT2LMHeadModel(_gpt2_config(config))

    @property
    def blocks(self) -> list[GPT2Block]:
        """The transformer blocks with their own type."""
        return [block for block in self.gpt2.transformer.h if isinstance(block, GPT2Block)]

    def begin(self, memory: torch.Tensor | None) -> DecoderState:
        """Start decoding for image tokens [B, S, width].

        None decodes text alone, as pre-training does.
        """
        if memory is None:
            return DecoderState()
        cross = []
        for block in self.blocks:
            keys, values = block.crossattention.c_attn(memory).chunk(2, dim=-1)
            cross.append((self._split(keys), self._split(values)))
        return DecoderState(cross=cross)

    def forward(self, tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        """Append tokens [rows, T] to `state` and return logits [rows, T, vocabulary].

        Rows of one image are neighbours: row r belongs to image r // (rows / B).
        """
        transformer = self.gpt2.transformer
        positions = torch.arange(state.length, state.length + tokens.shape[1], device=tokens.device)
        hidden = transformer.drop(transformer.wte(tokens) + transformer.wpe(positions))
        past = []
        for index, block in enumerate(self.blocks):
            hidden, keys_values = self._block(index, block, hidden, state)
            past.append(keys_values)
        state.past, state.length = past, state.length + tokens.shape[1]
        return self.gpt2.lm_head(transformer.ln_f(hidden))

    def step(self, tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        """The one step function of every strategy: last tokens [rows] to logits [rows, V]."""
        return self(tokens[:, None], state)[:, -1].float()

    def _block(
        self, index: int, block: GPT2Block, hidden: torch.Tensor, state: DecoderState
    ) -> tuple[torch.Tensor, KeysValues]:
        past = state.past[index] if state.past else None
        attended, keys_values = self._self_attention(block.attn, block.ln_1(hidden), past)
        hidden = hidden + attended
        if state.cross:
            looked = self._cross_attention(
                block.crossattention, block.ln_cross_attn(hidden), state.cross[index]
            )
            hidden = hidden + looked
        return hidden + block.mlp(block.ln_2(hidden)), keys_values

    def _self_attention(
        self, attention: GPT2Attention, hidden: torch.Tensor, past: KeysValues | None
    ) -> tuple[torch.Tensor, KeysValues]:
        query, keys, values = (
            self._split(part) for part in attention.c_attn(hidden).chunk(3, dim=-1)
        )
        if past is not None:
            keys = torch.cat((past[0], keys), dim=2)
            values = torch.cat((past[1], values), dim=2)
        # A single new token may look at everything before it; several at once need the causal mask.
        mixed = functional.scaled_dot_product_attention(
            query,
            keys,
            values,
            is_causal=past is None and query.shape[2] > 1,
        )
        return self._project(attention, mixed), (keys, values)

    def _cross_attention(
        self, attention: GPT2Attention, hidden: torch.Tensor, keys_values: KeysValues
    ) -> torch.Tensor:
        rows, length, width = hidden.shape
        images = keys_values[0].shape[0]
        query = self._split(attention.q_attn(hidden).reshape(images, -1, width))
        mixed = functional.scaled_dot_product_attention(query, *keys_values)
        return self._project(attention, mixed).reshape(rows, length, width)

    def _project(self, attention: GPT2Attention, mixed: torch.Tensor) -> torch.Tensor:
        return attention.resid_dropout(attention.c_proj(mixed.transpose(1, 2).flatten(2)))

    def _split(self, states: torch.Tensor) -> torch.Tensor:
        """[rows, T, width] to [rows, heads, T, width / heads]."""
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def _gpt2_config(config: DecoderConfig) -> GPT2Config:
    return GPT2Config(
        vocab_size=config.vocabulary,
        # One position more than the longest caption: the language token comes first.
        n_positions=config.max_tokens + 1,
        n_embd=config.width,
        n_layer=config.layers,
        n_head=config.heads,
        resid_pdrop=config.dropout,
        embd_pdrop=config.dropout,
        # Drawing masks for attention weights takes a tenth of a training step on a CPU; without
        # them the fused attention kernels can be used.
        attn_pdrop=0.0,
        # The same function as GPT-2's own gelu_new, in one kernel instead of six.
        activation_function="gelu_pytorch_tanh",
        add_cross_attention=True,
        bos_token_id=None,
        eos_token_id=None,
    )
