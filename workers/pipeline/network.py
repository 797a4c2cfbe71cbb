"""The whole network: encoders, fuse and decoder as one module, which the weight file fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from workers.pipeline.config import CaptionerConfig
from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.encoders import Encoder, PhotoFacts, build_encoder
from workers.pipeline.fuse import Fuse
from workers.pipeline.threads import LIGHT, side_by_side

PIECE = 4  # photos that a thread encodes at once


class CaptionNetwork(nn.Module):
    """Pixels to image tokens to caption logits; built from a config with random weights."""

    def __init__(self, config: CaptionerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = nn.ModuleList(build_encoder(encoder) for encoder in config.encoders)
        decoder = config.decoder
        groups = [group for encoder in self.vision_encoders() for group in encoder.outputs]
        self.fuse = Fuse(groups, decoder.width, decoder.heads, config.fuse_layers, decoder.dropout)
        self.decoder = CaptionDecoder(decoder)
        # Whether one thread encodes a photo best, and threads had better take photos of their own.
        self.light = False

    def vision_encoders(self) -> list[Encoder]:
        """The encoders with their own type."""
        return [module for module in self.encoders if isinstance(module, Encoder)]

    def portable_config(self) -> CaptionerConfig:
        """The config that builds this network without any source directory."""
        pairs = zip(self.config.encoders, self.vision_encoders(), strict=True)
        encoders = []
        for config, encoder in pairs:
            architecture = encoder.architecture()
            if architecture is not None:
                kept = {key: value for key, value in config.options.items() if key != "directory"}
                config = replace(config, options=kept | {"architecture": architecture})
            encoders.append(config)
        decoder = replace(self.config.decoder, directory="")
        return replace(self.config, encoders=tuple(encoders), decoder=decoder)

    def trunks(
        self, pixels: Sequence[torch.Tensor], photos: Sequence[PhotoFacts]
    ) -> list[torch.Tensor]:
        """Each encoder's pixels [B, 3, S, S] to its cacheable feature map."""
        return [
            encoder.trunk(batch, photos)
            for encoder, batch in zip(self.vision_encoders(), pixels, strict=True)
        ]

    def image_tokens(self, features: Sequence[torch.Tensor]) -> torch.Tensor:
        """Feature maps of each encoder's trunk to fused image tokens [B, S, width]."""
        groups = [
            group
            for encoder, batch in zip(self.vision_encoders(), features, strict=True)
            for group in encoder.head(batch)
        ]
        return self.fuse(groups)

    def encode(self, pixels: Sequence[torch.Tensor], photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Each encoder's pixels [B, 3, S, S] to fused image tokens [B, S, width].

        A few photos at a time on each thread where that is faster: their maps stay in the cache.
        """
        if not self.light:
            return self._encode(pixels, photos)
        piece = min(PIECE, -(-len(photos) // torch.get_num_threads()))
        parts = [
            partial(self._encode, [batch[mine] for batch in pixels], photos[mine])
            for start in range(0, len(photos), piece)
            for mine in [slice(start, start + piece)]
        ]
        return torch.cat(side_by_side(parts))

    def pack(self) -> None:
        """Let encoders compute as fast as they can in fp32 on a CPU; for inference from now on."""
        looking = [*self.encoders.parameters(), *self.fuse.parameters()]
        self.light = sum(parameter.numel() for parameter in looking) <= LIGHT
        for encoder in self.vision_encoders():
            encoder.pack()

    def _encode(self, pixels: Sequence[torch.Tensor], photos: Sequence[PhotoFacts]) -> torch.Tensor:
        return self.image_tokens(self.trunks(pixels, photos))
