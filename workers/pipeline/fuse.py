"""The fuse step: tokens of any number of encoders become one fixed-length sequence."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from workers.pipeline.encoders import TokenShape


class Fuse(nn.Module):
    """Project each token group, add type and position embeddings, concatenate, mix.

    The number of tokens is fixed by the encoders, so the decoder needs no mask over them.
    """

    def __init__(
        self, groups: Sequence[TokenShape], width: int, heads: int, layers: int, dropout: float
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(group.width) for group in groups)
        self.projections = nn.ModuleList(nn.Linear(group.width, width) for group in groups)
        self.types = nn.Parameter(torch.randn(len(groups), width) * 0.02)
        self.positions = nn.ParameterList(
            torch.randn(group.count, width) * 0.02 for group in groups
        )
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(_mixing_layer(width, heads, dropout) for _ in range(layers))
        self.final_norm = nn.LayerNorm(width)

    def forward(self, groups: Sequence[torch.Tensor]) -> torch.Tensor:
        """Token groups, each [B, count, group width], to image tokens [B, sum of counts, width]."""
        parts = [
            projection(norm(group)) + self.types[index] + self.positions[index]
            for index, (group, norm, projection) in enumerate(
                zip(groups, self.norms, self.projections, strict=True)
            )
        ]
        tokens = self.dropout(torch.cat(parts, dim=1))
        for layer in self.layers:
            tokens = layer(tokens)
        return self.final_norm(tokens)


def _mixing_layer(width: int, heads: int, dropout: float) -> nn.TransformerEncoderLayer:
    # norm_first trains stably without a long warm-up, which matters for runs of a few thousand
    # steps.
    return nn.TransformerEncoderLayer(
        width,
        heads,
        dim_feedforward=4 * width,
        dropout=dropout,
        activation="gelu",
        batch_first=True,
        norm_first=True,
    )
