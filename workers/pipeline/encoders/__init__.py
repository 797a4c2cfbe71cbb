"""The registry of vision encoders: a config names a kind, `build_encoder` makes it."""

from __future__ import annotations

from workers.pipeline.config import EncoderConfig
from workers.pipeline.encoders.base import Encoder, PhotoFacts, TokenShape
from workers.pipeline.encoders.conv import ConvGrid
from workers.pipeline.encoders.diffusion import LatentDiffusion
from workers.pipeline.encoders.efficientnet import EfficientNetLite2
from workers.pipeline.encoders.facts import ExifEncoder, HintsEncoder, ProfileEncoder
from workers.pipeline.encoders.resnet import TransformersGrid
from workers.pipeline.encoders.vit import TransformersViT
from workers.pipeline.errors import ModelError

ENCODERS: dict[str, type[Encoder]] = {
    "efficientnet-lite2": EfficientNetLite2,
    "vit": TransformersViT,
    "resnet": TransformersGrid,
    "conv-grid": ConvGrid,
    "diffusion": LatentDiffusion,
    "exif": ExifEncoder,
    "hints": HintsEncoder,
    "profile": ProfileEncoder,
}

__all__ = ["ENCODERS", "Encoder", "PhotoFacts", "TokenShape", "build_encoder"]


def build_encoder(config: EncoderConfig) -> Encoder:
    """Make the encoder a config names, with random weights.

    Raises `ModelError` for an unknown kind.
    """
    try:
        kind = ENCODERS[config.kind]
    except KeyError as error:
        raise ModelError(
            f"Unknown encoder {config.kind!r}: choose {', '.join(sorted(ENCODERS))}."
        ) from error
    return kind(config)
