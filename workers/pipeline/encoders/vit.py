"""Any vision transformer of `transformers` (ViT, DeiT, DINOv2) as an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel

from workers.pipeline.config import EncoderConfig
from workers.pipeline.encoders.base import Encoder, PhotoFacts, TokenShape
from workers.pipeline.errors import ModelError


class TransformersViT(Encoder):
    """The last hidden states of a vision transformer: [B, 197, 768] for ViT-B/16 at 224.

    Options: `directory` (where the pretrained model lies, needed once, before training) or
    `architecture` (the model's own config as a dictionary, written into the captioner's config so
    that it loads without the directory).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.directory = config.options.get("directory")
        self.vit = AutoModel.from_config(self._architecture(config.options))
        with torch.inference_mode():
            side = config.preprocess.size
            shape = self.trunk(torch.zeros(1, 3, side, side), []).shape
        self.outputs = (TokenShape(int(shape[1]), int(shape[2])),)

    def _architecture(self, options: dict[str, Any]) -> Any:
        if "architecture" in options:
            description = dict(options["architecture"])
            return AutoConfig.for_model(description.pop("model_type"), **description)
        if self.directory is None or not Path(self.directory).is_dir():
            raise ModelError(f"A ViT encoder needs a model directory; {self.directory} is none.")
        return AutoConfig.from_pretrained(self.directory, local_files_only=True)

    def trunk(self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Pixels [B, 3, S, S] to hidden states [B, tokens, width]; the whole network is frozen."""
        return self.vit(pixel_values=pixels).last_hidden_state

    def head(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Hidden states are tokens already."""
        return (features,)

    def trunk_parameters(self) -> list[nn.Parameter]:
        """All of them."""
        return list(self.vit.parameters())

    def load_pretrained(self) -> None:
        """Load the weights of `directory`; without one the network keeps its random weights."""
        if self.directory is not None:
            source = AutoModel.from_pretrained(self.directory, local_files_only=True)
            self.vit.load_state_dict(source.state_dict())
