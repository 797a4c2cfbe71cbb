"""Any convolutional network of `transformers` (ResNet, ConvNeXt) as a second backbone."""

from __future__ import annotations

from workers.pipeline.encoders.pretrained import PretrainedVision


class TransformersGrid(PretrainedVision):
    """Each place of the last feature map is a token: [B, 49, 2048] for ResNet-50 at 224."""

    axes = 4
