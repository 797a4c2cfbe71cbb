"""What encoders from `transformers` share: a frozen network given by a directory or a config."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import AutoModel, PreTrainedModel

from workers.pipeline.config import EncoderConfig
from workers.pipeline.encoders.base import Encoder, PhotoFacts, TokenShape
from workers.pipeline.errors import ModelError
from workers.pipeline.pretrained import (
    architecture_from,
    describe_architecture,
    load_weights,
    read_architecture,
)


class PretrainedVision(Encoder):
    """The last hidden states of a vision network, all of it frozen.

    Options: `directory` (where the pretrained model lies, needed once, before training) or
    `architecture` (the model's own config as a dictionary, written into the captioner's config so
    that it loads without the directory). Raises `ModelError` for one that takes no pictures, or
    none of `preprocess.size`.
    """

    # Axes of the hidden states: 3 are [B, tokens, width], 4 are [B, width, rows, columns].
    axes: int

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.directory = config.options.get("directory")
        if "architecture" in config.options:
            architecture = architecture_from(config.options["architecture"])
        elif self.directory is not None:
            architecture = read_architecture(self.directory)
        else:
            raise ModelError(f"An encoder of kind {config.kind} needs the option directory.")
        self.net = _without_pooler(AutoModel.from_config(architecture)).eval()
        self.outputs = (self._probe(config),)

    def _probe(self, config: EncoderConfig) -> TokenShape:
        """How many tokens a picture gives, found by looking at one."""
        source = f"The {config.kind} encoder {self.directory or self.net.config.model_type}"
        if self.net.main_input_name != "pixel_values":
            raise ModelError(f"{source} takes {self.net.main_input_name}, not pictures.")
        side = config.preprocess.size
        try:
            with torch.inference_mode():
                hidden = self.trunk(torch.zeros(1, 3, side, side), [])
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{source} takes no pictures of {side} pixels: {error}") from error
        if hidden.ndim != self.axes:
            kind = "resnet" if hidden.ndim == 4 else "vit"
            raise ModelError(f"{source} is not of this kind: use kind {kind}.")
        tokens = self.head(hidden)[0]
        return TokenShape(int(tokens.shape[1]), int(tokens.shape[2]))

    def trunk(self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Pixels [B, 3, S, S] to the network's last hidden states."""
        return self.net(pixel_values=pixels).last_hidden_state

    def head(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Hidden states [B, tokens, width] are tokens already; of a grid each place is one."""
        return (features.flatten(2).transpose(1, 2) if features.ndim == 4 else features,)

    def train(self, mode: bool = True) -> PretrainedVision:
        """A frozen network keeps its batch statistics and drops nothing."""
        super().train(mode)
        self.net.eval()
        return self

    def trunk_parameters(self) -> list[nn.Parameter]:
        """All of them."""
        return list(self.net.parameters())

    def architecture(self) -> dict[str, Any]:
        """The network's own config."""
        return describe_architecture(self.net.config)

    def fresh_parameters(self) -> list[nn.Parameter]:
        """None when a directory fills the network."""
        return [] if self.directory is not None else list(self.parameters())

    def load_pretrained(self) -> None:
        """Load the weights of `directory`; without one the network keeps its random weights."""
        if self.directory is None:
            return
        source, lacking = load_weights(type(self.net), self.directory, self.net.config)
        lacking = {name for name in lacking if not name.startswith("pooler.")}
        if lacking:
            names = ", ".join(sorted(lacking)[:3])
            raise ModelError(f"The weights in {self.directory} lack {names}.")
        self.net.load_state_dict(_without_pooler(source).state_dict())


def _without_pooler(net: PreTrainedModel) -> PreTrainedModel:
    """Drop the layer after the last hidden states, which classifiers' files do not even have."""
    if getattr(net, "pooler", None) is not None:
        net.pooler = nn.Identity()
    return net
