"""The three modules that are exported: encoder, an image's keys and values, one decoder step.

They only arrange the weights of a `CaptionNetwork` anew; tests compare every output with it. Rows
are written [images, beams], so that no axis is the product of two others.
"""

from __future__ import annotations

import torch
from torch import nn
from transformers.models.gpt2.modeling_gpt2 import GPT2Block

from workers.pipeline.decoder import KeysValues
from workers.pipeline.encoders import Encoder
from workers.pipeline.encoders.conv import ConvGrid
from workers.pipeline.encoders.efficientnet import EfficientNetLite2
from workers.pipeline.encoders.facts import HintsEncoder, NumbersEncoder
from workers.pipeline.encoders.pretrained import PretrainedVision
from workers.pipeline.errors import ModelError
from workers.pipeline.network import CaptionNetwork

# Encoders whose trunk looks at pixels alone.
PIXELS = (ConvGrid, EfficientNetLite2, PretrainedVision)
# Encoders whose trunk has no weights and turns what is known of a photo into numbers; the graph
# begins after it.
FACTS = (HintsEncoder, NumbersEncoder)


def require_exportable(network: CaptionNetwork) -> None:
    """Raise `ModelError` naming an encoder whose trunk draws by chance, which no graph can."""
    for config, encoder in zip(network.config.encoders, network.vision_encoders(), strict=True):
        if not isinstance(encoder, (*PIXELS, *FACTS)):
            raise ModelError(
                f"Encoders of kind {config.kind} cannot be exported: supported are "
                "efficientnet-lite2, vit, resnet, conv-grid, exif, hints and profile."
            )


def looks_at_pixels(encoder: Encoder) -> bool:
    """Whether the exported encoder takes pixels [B, 3, S, S], not the numbers of its trunk."""
    return isinstance(encoder, PIXELS)


class EncoderModule(nn.Module):
    """What each encoder takes (see `looks_at_pixels`) to image tokens [B, S, width]."""

    def __init__(self, network: CaptionNetwork) -> None:
        super().__init__()
        self.encoders, self.fuse = network.encoders, network.fuse

    def forward(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """One input per encoder."""
        groups: list[torch.Tensor] = []
        for encoder, batch in zip(self.encoders, inputs, strict=True):
            assert isinstance(encoder, Encoder)  # built by the network
            groups += encoder(batch, ()) if looks_at_pixels(encoder) else encoder.head(batch)
        return self.fuse(groups)


class BeginModule(nn.Module):
    """Image tokens [B, S, width] to keys and values, each [layers, B, heads, S, d]."""

    def __init__(self, network: CaptionNetwork) -> None:
        super().__init__()
        blocks = network.decoder.blocks
        self.heads = network.config.decoder.heads
        self.projections = nn.ModuleList(block.crossattention.c_attn for block in blocks)

    def forward(self, image_tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Computed once an image, however long its captions and however many its beams."""
        pairs = [layer(image_tokens).chunk(2, dim=-1) for layer in self.projections]
        keys, values = zip(*pairs, strict=True)
        return self._stacked(keys), self._stacked(values)

    def _stacked(self, parts: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return torch.stack([part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts])


class StepModule(nn.Module):
    """One token more for every beam of every image, with all that was computed for those before."""

    def __init__(self, network: CaptionNetwork) -> None:
        super().__init__()
        transformer = network.decoder.gpt2.transformer
        self.heads, self.width = network.config.decoder.heads, network.config.decoder.width
        self.blocks = nn.ModuleList(network.decoder.blocks)
        self.positions, self.norm = transformer.wpe, transformer.ln_f
        # One matrix [width, V] for both its uses, and the right way round for the large one, or
        # the file would hold it twice and quantization, which wants constants, would miss it.
        self.words: torch.Tensor
        self.register_buffer("words", transformer.wte.weight.detach().t().contiguous())

    def forward(
        self,
        tokens: torch.Tensor,
        position: torch.Tensor,
        cross_keys: torch.Tensor,
        cross_values: torch.Tensor,
        past_keys: torch.Tensor,
        past_values: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        """Last tokens [images, beams] at `position` [1] to logits [images, beams, V].

        `cross_*` are those of `BeginModule`. `past_*` [layers, images, beams, heads, T, d] come
        back with T + 1 places; at position 0 they have none.
        """
        hidden = self.words.index_select(1, tokens.flatten()).t() + self.positions(position)
        present: list[KeysValues] = []
        for index, block in enumerate(self.blocks):
            assert isinstance(block, GPT2Block)  # typed by the decoder
            query, key, value = self._heads(block.attn.c_attn(block.ln_1(hidden)), tokens, 3)
            keys = torch.cat((past_keys[index], key), dim=-2)
            values = torch.cat((past_values[index], value), dim=-2)
            present.append((keys, values))
            mixed = _attend(query, keys, values)
            hidden = hidden + block.attn.c_proj(mixed.reshape(-1, self.width))
            attention = block.crossattention
            [query] = self._heads(attention.q_attn(block.ln_cross_attn(hidden)), tokens, 1)
            # The beams of an image are the queries of one attention.
            query = query.squeeze(-2).transpose(1, 2)
            mixed = _attend(query, cross_keys[index], cross_values[index]).transpose(1, 2)
            hidden = hidden + attention.c_proj(mixed.reshape(-1, self.width))
            hidden = hidden + block.mlp(block.ln_2(hidden))
        logits = (self.norm(hidden) @ self.words).unflatten(0, tokens.shape)
        return logits, *(torch.stack(parts) for parts in zip(*present, strict=True))

    def _heads(
        self, states: torch.Tensor, tokens: torch.Tensor, parts: int
    ) -> tuple[torch.Tensor, ...]:
        """[images * beams, parts * width] to `parts` of [images, beams, heads, 1, d]."""
        shape = (*tokens.shape, self.heads, 1, self.width // self.heads)
        return tuple(part.reshape(shape) for part in states.chunk(parts, dim=-1))


def _attend(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Attention of [..., Q, d] to [..., T, d]."""
    scores = query @ keys.transpose(-1, -2) * query.shape[-1] ** -0.5
    return scores.softmax(dim=-1) @ values
