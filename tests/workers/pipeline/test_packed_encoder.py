"""Encoders packed for serving see what the plain ones do, whichever way a batch is cut."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.convolutions import PackedConvolution
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.encoders.efficientnet import EfficientNetLite2

SIDE = 96


def efficientnet(**options) -> EfficientNetLite2:
    """With random weights and statistics, so that folding wrongly would show."""
    torch.manual_seed(3)
    encoder = EfficientNetLite2(
        EncoderConfig("efficientnet-lite2", PreprocessConfig(size=SIDE), options)
    )
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return encoder.eval().requires_grad_(False)


@pytest.mark.parametrize("options", [{}, {"middle_grid": True}, {"frozen_blocks": 3}])
def test_a_packed_efficientnet_gives_the_same_tokens(options):
    plain = efficientnet(**options)
    packed = copy.deepcopy(plain)
    packed.pack()
    packed.pack()  # a second time changes nothing
    pixels = torch.randn(3, 3, SIDE, SIDE)
    photos = [PhotoFacts("")] * 3
    for first, second in zip(plain(pixels, photos), packed(pixels, photos), strict=True):
        assert torch.allclose(first, second, atol=1e-4 * first.abs().max().item())
    assert not any(isinstance(m, nn.BatchNorm2d | nn.Conv2d) for m in packed.modules())


@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 0, 1)])
@pytest.mark.parametrize("relu6", [True, False])
@pytest.mark.parametrize("groups", [1, 8])
def test_a_packed_convolution_is_its_three_parts_in_turn(padding, relu6, groups):
    convolution = nn.Conv2d(8, 16, 3, stride=2, groups=groups, bias=groups == 1)
    normalisation = nn.BatchNorm2d(16).eval()
    nn.init.uniform_(normalisation.running_mean)
    nn.init.uniform_(normalisation.weight)
    maps = 3 * torch.randn(2, 8, 11, 13)
    expected = normalisation(convolution(nn.functional.pad(maps, padding)))
    expected = expected.clamp(0, 6) if relu6 else expected
    found = PackedConvolution(convolution, normalisation, padding, relu6)(maps)
    assert torch.allclose(found, expected, atol=1e-4)
