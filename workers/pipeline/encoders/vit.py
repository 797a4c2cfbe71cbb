"""Any vision transformer of `transformers` (ViT, DeiT, DINO, DINOv2, CLIP) as an encoder."""

from __future__ import annotations

from workers.pipeline.encoders.pretrained import PretrainedVision


class TransformersViT(PretrainedVision):
    """The last hidden states of a vision transformer: [B, 197, 768] for ViT-B/16 at 224.

    Of a directory with a whole CLIP, or another pair of a vision and a text tower, the vision tower
    is taken.
    """

    axes = 3
