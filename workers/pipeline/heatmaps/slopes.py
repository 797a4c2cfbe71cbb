"""Gradients through the decoder's serving layers, which compute fast and have none of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from workers.pipeline.linears import CompactLinear, PackedLinear, RowwiseInt8Linear

SERVING_LAYERS = (CompactLinear, PackedLinear, RowwiseInt8Linear)


@contextmanager
def differentiable(module: nn.Module) -> Iterator[None]:
    """Within it, packed and int8 layers below `module` pass gradients on to their input.

    Such a layer is y = x W + b, whatever form W is kept in, so W is read off by feeding it the
    identity; it is made when first needed and kept no longer than the context.
    """
    layers = [layer for layer in module.modules() if isinstance(layer, SERVING_LAYERS)]
    hooks = [layer.register_forward_hook(_WithSlope(layer)) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class _WithSlope:
    """A forward hook that keeps a layer's result and gives it a gradient."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer
        self.transposed: torch.Tensor | None = None

    def __call__(self, _layer: nn.Module, args: tuple[torch.Tensor], made: torch.Tensor) -> Any:
        return _Affine.apply(args[0], made.detach(), self)

    def matrix(self, like: torch.Tensor, width: int) -> torch.Tensor:
        """W transposed, [out, in]."""
        if self.transposed is None:
            identity = torch.eye(width, dtype=like.dtype, device=like.device)
            with torch.no_grad():
                bias = self.layer.forward(torch.zeros_like(identity[:1]))
                self.transposed = (self.layer.forward(identity) - bias).T
        return self.transposed


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, made: torch.Tensor, hook: _WithSlope) -> Any:
        ctx.hook, ctx.width = hook, values.shape[-1]
        return made.clone()

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        return slopes[0] @ ctx.hook.matrix(slopes[0], ctx.width), None, None
