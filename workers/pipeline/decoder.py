"""The GPT-2 decoder: weights of `transformers`, run by our own forward pass and step.

`GPT2LMHeadModel.generate` copies both caches of every beam at every step. Here the keys and values
of an image exist once, its beams being the query axis of cross-attention, and those of the caption
are written once and never moved: each row knows the slots of its own past (its ancestry) and
gathers them. On two CPU cores that gather and an attention of one query a row took 0.23 and 0.54 ms
a layer for 160 rows after 10 and 20 tokens; masking an attention over all beams of an image instead
took 0.26 and 0.79 ms, and scaled_dot_product_attention with that mask 1.0 and 2.3 ms.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.models.gpt2.modeling_gpt2 import GPT2Attention, GPT2Block

from workers.pipeline.compiled import Step, Weights, compiled_step, weights_of
from workers.pipeline.config import DecoderConfig
from workers.pipeline.threads import LIGHT

KeysValues = tuple[torch.Tensor, torch.Tensor]
# Steps that a cache has room for when it is made or grows: most captions end before.
CACHED_STEPS = 16


@dataclass
class DecoderState:
    """What decoding remembers: keys and values of the images and of the tokens so far.

    `cross` holds pairs [B, heads, image tokens, d], empty when the decoder runs as a plain language
    model. `tables` holds one [slots, 2, heads, d] a layer: keys and values of every row of every
    step, in the order they came; the first `used` slots are filled. `ancestry` [rows, tokens so
    far] says in which slots the past of each row lies.
    """

    cross: list[KeysValues] = field(default_factory=list)
    tables: list[torch.Tensor] = field(default_factory=list)
    ancestry: torch.Tensor | None = None
    used: int = 0

    @property
    def length(self) -> int:
        """Tokens so far."""
        return 0 if self.ancestry is None else self.ancestry.shape[1]

    def follow(self, rows: torch.Tensor) -> None:
        """Make row i continue what row `rows[i]` was.

        `rows` may be longer or shorter than before.
        """
        if self.ancestry is not None:
            self.ancestry = self.ancestry.index_select(0, rows)

    def keep(self, images: torch.Tensor) -> None:
        """Forget all images but these; `follow` must be called for their rows."""
        self.cross = [
            (keys.index_select(0, images), values.index_select(0, images))
            for keys, values in self.cross
        ]

    def extend(self, rows: int, device: torch.device) -> None:
        """Give every row a slot for one token more."""
        slots = torch.arange(self.used, self.used + rows, device=device)[:, None]
        self.ancestry = slots if self.ancestry is None else torch.cat((self.ancestry, slots), dim=1)
        self.used += rows

    def table(self, layer: int, like: torch.Tensor) -> torch.Tensor:
        """A layer's table with room for the newest rows, which are [rows, 2, heads, d] `like`."""
        rows = len(like)
        first = self.used - rows
        if layer == len(self.tables):
            self.tables.append(like.new_empty(0, *like.shape[1:]))
        if len(self.tables[layer]) < self.used:
            grown = like.new_empty(first + CACHED_STEPS * rows, *like.shape[1:])
            grown[:first] = self.tables[layer][:first]
            self.tables[layer] = grown
        return self.tables[layer]

    def write(self, layer: int, keys_values: torch.Tensor) -> torch.Tensor:
        """Store the newest [rows, 2, heads, d] of a layer and return its table."""
        table = self.table(layer, keys_values)
        table[self.used - len(keys_values) : self.used] = keys_values
        return table


class CaptionDecoder(nn.Module):
    """Image tokens and caption tokens to next-token logits."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.heads = config.heads
        self.gpt2 = GPT2LMHeadModel(_gpt2_config(config))
        # Training may compute blocks twice instead of keeping what their gradients need.
        self.checkpointing = False
        self._compiled: tuple[Step, Weights] | None = None

    @property
    def blocks(self) -> list[GPT2Block]:
        """The transformer blocks with their own type."""
        return [block for block in self.gpt2.transformer.h if isinstance(block, GPT2Block)]

    @property
    def light(self) -> bool:
        """Whether steps are compiled, and so small that one thread does them best."""
        if self._compiled is None:
            return False
        return self.config.layers * 12 * self.config.width**2 <= LIGHT

    def begin(self, memory: torch.Tensor | None) -> DecoderState:
        """Start decoding for image tokens [B, S, width].

        None decodes text alone, as pre-training does.
        """
        if memory is None:
            return DecoderState()
        cross = []
        for block in self.blocks:
            keys, values = block.crossattention.c_attn(memory).chunk(2, dim=-1)
            cross.append((self._split(keys).contiguous(), self._split(values).contiguous()))
        return DecoderState(cross=cross)

    def forward(self, tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        """Whole captions [rows, T] from their first token on to logits [rows, T, vocabulary].

        For training: gradients flow, and `state`, fresh from `begin`, stays as it is. Rows of one
        image are neighbours: row r belongs to image r // (rows / B).
        """
        transformer = self.gpt2.transformer
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        hidden = transformer.drop(transformer.wte(tokens) + transformer.wpe(positions))
        for index, block in enumerate(self.blocks):
            keys_values = state.cross[index] if state.cross else None
            if self.checkpointing and self.training:
                hidden = checkpoint(self._block, block, hidden, keys_values, use_reentrant=False)
            else:
                hidden = self._block(block, hidden, keys_values)
        return self.gpt2.lm_head(transformer.ln_f(hidden))

    def _block(
        self, block: GPT2Block, hidden: torch.Tensor, keys_values: KeysValues | None
    ) -> torch.Tensor:
        """One block on whole captions [rows, T, width]."""
        hidden = hidden + self._attend_causally(block.attn, block.ln_1(hidden))
        if keys_values is not None:
            looked = block.ln_cross_attn(hidden)
            hidden = hidden + self._attend_to_image(block.crossattention, looked, keys_values)
        return hidden + block.mlp(block.ln_2(hidden))

    @torch.no_grad()
    def step(self, tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        """The one step function of every strategy: last tokens [rows] to float32 logits [rows, V].

        Rows belong to images as in `forward`; `state` remembers the tokens. There is no gradient.
        """
        state.extend(len(tokens), tokens.device)
        if self._compiled is not None:
            return self._compiled_step(tokens, state)
        transformer = self.gpt2.transformer
        hidden = transformer.wte(tokens) + transformer.wpe.weight[state.length - 1]
        return self.advance(hidden, state, self.places(state.ancestry))

    def compile_steps(self) -> None:
        """Let steps run compiled where the layers are in a form for it; they must not change."""
        weights = weights_of(self.gpt2, self.blocks, self.heads)
        self._compiled = None if weights is None else (compiled_step(), weights)

    def _compiled_step(self, tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        assert self._compiled is not None  # `step` has seen to it
        assert state.ancestry is not None  # `extend` has made it
        run, weights = self._compiled
        size = self.config.width // self.heads
        newest = weights.positions.new_empty(len(tokens), 2, self.heads, size)
        tables = [state.table(layer, newest) for layer in range(len(weights.blocks))]
        position = state.length - 1
        return run(weights, tokens, position, state.ancestry, tables, state.cross, state.used)

    def advance(
        self,
        hidden: torch.Tensor,
        state: DecoderState,
        places: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Embedded tokens [rows, width] and the places of their pasts to logits [rows, V].

        `mask` [T], added to attention, hides places that are not filled yet.
        """
        width = hidden.shape[1]
        for index, block in enumerate(self.blocks):
            query, newest = block.attn.c_attn(block.ln_1(hidden)).tensor_split((width,), dim=-1)
            table = state.write(index, newest.unflatten(-1, (2, self.heads, -1)))
            past = table.view(-1, table.shape[-1]).index_select(0, places)
            keys, values = past.view(2, len(hidden) * self.heads, -1, table.shape[-1])
            query = query.reshape(keys.shape[0], 1, -1)
            mixed = _attend(query, keys, values, mask).view(hidden.shape)
            hidden = hidden + block.attn.resid_dropout(block.attn.c_proj(mixed))
            if state.cross:
                hidden = hidden + self._look(block, hidden, state.cross[index])
            hidden = hidden + block.mlp(block.ln_2(hidden))
        return self.gpt2.lm_head(self.gpt2.transformer.ln_f(hidden)).float()

    def places(self, ancestry: torch.Tensor | None) -> torch.Tensor:
        """Ancestry [rows, T] to places of keys, then values, by row, head and token.

        A table seen as [slots * 2 * heads, d] is indexed by them.
        """
        assert ancestry is not None  # `extend` has made it
        parts = torch.arange(2 * self.heads, device=ancestry.device).view(2, 1, self.heads, 1)
        return (ancestry[:, None, :] * (2 * self.heads) + parts).flatten()

    def _look(
        self, block: GPT2Block, hidden: torch.Tensor, keys_values: KeysValues
    ) -> torch.Tensor:
        """Cross-attention of one token a row: the rows of an image are its queries."""
        attention = block.crossattention
        query = attention.q_attn(block.ln_cross_attn(hidden))
        images = keys_values[0].shape[0]
        query = query.view(images, -1, self.heads, query.shape[1] // self.heads).transpose(1, 2)
        keys, values = (part.flatten(0, 1) for part in keys_values)
        mixed = _attend(query.flatten(0, 1), keys, values, None)
        mixed = mixed.unflatten(0, (images, self.heads)).transpose(1, 2).reshape(hidden.shape)
        return attention.resid_dropout(attention.c_proj(mixed))

    def _attend_causally(self, attention: GPT2Attention, hidden: torch.Tensor) -> torch.Tensor:
        query, keys, values = (
            self._split(part) for part in attention.c_attn(hidden).chunk(3, dim=-1)
        )
        mixed = functional.scaled_dot_product_attention(query, keys, values, is_causal=True)
        return self._project(attention, mixed)

    def _attend_to_image(
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


def _attend(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """Attention of [N, Q, d] to [N, T, d].

    Two batched products and a softmax: for so few queries the fused kernel takes longer on a CPU.
    """
    start = query.new_zeros(1) if mask is None else mask
    scale = query.shape[-1] ** -0.5
    scores = torch.baddbmm(start, query, keys.transpose(1, 2), alpha=scale)
    return torch.bmm(scores.softmax(dim=-1), values)


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
