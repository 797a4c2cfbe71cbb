"""The whole network: encoders, fuse and decoder as one module, which the weight file fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from workers.pipeline.config import CaptionerConfig
from workers.pipeline.decoder import CaptionDecoder
from workers.pipeline.encoders import Encoder, PhotoFacts, build_encoder
from workers.pipeline.fuse import Fuse


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
        """Each encoder's pixels [B, 3, S, S] to fused image tokens [B, S, width]."""
        return self.image_tokens(self.trunks(pixels, photos))
