"""The decoder's matrices in the forms that multiply fastest; for inference only."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import nn
from transformers.models.gpt2.modeling_gpt2 import GPT2MLP
from transformers.pytorch_utils import Conv1D

# Rows that the packed layout is chosen for: a beam of five for a batch of 32 photos.
EXPECTED_ROWS = 160
INT8_LIMIT = 127
TINY = 1e-12


def replace_linears(
    module: nn.Module, build: Callable[[torch.Tensor, torch.Tensor | None], nn.Module]
) -> None:
    """Replace every Linear and GPT-2 Conv1D below `module` by what `build(weight, bias)` makes.

    `weight` is [out, in], the layout of Linear; Conv1D stores the transpose.
    """
    for name, child in module.named_children():
        if isinstance(child, Conv1D):
            weight = child.weight.detach().t().contiguous()
            setattr(module, name, build(weight, child.bias.detach()))
        elif isinstance(child, nn.Linear):
            bias = None if child.bias is None else child.bias.detach()
            setattr(module, name, build(child.weight.detach(), bias))
        else:
            replace_linears(child, build)


class PackedLinear(nn.Module):
    """A layer whose weight lies in oneDNN's own order, in float32 or bfloat16.

    On an AMD EPYC with AVX-512, where PyTorch's default library (MKL) reaches half the speed that
    oneDNN does, float32 is 1.5 to 3 times as fast from five rows on; only last bits differ.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """Pack weight [out, in] and bias [out]; their dtype is that of the layer."""
        super().__init__()
        # Plain attributes: a packed tensor can be neither saved nor copied.
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.clone(), EXPECTED_ROWS)
        self.bias, self.dtype, self.activation = bias, weight.dtype, "none"

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """[..., in] to [..., out]."""
        return torch.ops.mkldnn._linear_pointwise(
            values.to(self.dtype), self.packed, self.bias, self.activation, [], "tanh"
        )


class CompactLinear(nn.Module):
    """A float32 layer whose weight, exact in 16 bits, is read as such and multiplied in float32.

    Few rows wait for their weights: on the EPYC above the layers of the shipped decoder take five
    rows 0.23 ms a step instead of 0.64 ms in oneDNN's order, and 80 rows 3.3 ms instead of 3.7 ms.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """Pack weight [out, in], which `exact_in_16_bits`."""
        super().__init__()
        self.bias = bias
        with warnings.catch_warnings():
            # Both operators are to go some day: torch is pinned, and `fp32_linear` looks for them.
            warnings.simplefilter("ignore")
            self.packed = torch.fbgemm_pack_gemm_matrix_fp16(weight)
            self.forward(weight.new_zeros(1, weight.shape[1]))  # warns once a process: here

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """[..., in] to [..., out]."""
        return torch.fbgemm_linear_fp16_weight_fp32_activation(values, self.packed, self.bias)


def fp32_linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Module:
    """The fastest layer that computes exactly this weight in float32 on this CPU."""
    weight = weight.float()
    bias = None if bias is None else bias.float()
    offered = hasattr(torch, "fbgemm_linear_fp16_weight_fp32_activation")
    offered = offered and "fbgemm" in torch.backends.quantized.supported_engines
    compact = offered and exact_in_16_bits(weight)
    return CompactLinear(weight, bias) if compact else PackedLinear(weight, bias)


def exact_in_16_bits(weight: torch.Tensor) -> bool:
    """Whether every number is one that float16 has, as after loading a file of float16."""
    return torch.equal(weight.half().float(), weight)


class RowwiseInt8Linear(nn.Module):
    """Weights in int8 with one scale an output; activations get a scale a row as they come.

    PyTorch's own dynamic quantization takes one scale for the whole batch, which would make a
    caption depend on the photos beside it.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """Quantize float weight [out, in], symmetrically."""
        super().__init__()
        self.scale = weight.abs().amax(dim=1).clamp_min(TINY) / INT8_LIMIT
        self.weight = (weight / self.scale[:, None]).round().to(torch.int8).t()
        self.bias = bias

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """[..., in] to [..., out]."""
        rows = values.reshape(-1, values.shape[-1])
        found = multiply_int8(rows, self.weight, self.scale, self.bias)
        return found.view(*values.shape[:-1], -1)


def multiply_int8(
    rows: torch.Tensor,
    weight: torch.Tensor,
    scale: torch.Tensor,
    bias: torch.Tensor | None,
    tiny: float = TINY,
    limit: int = INT8_LIMIT,
) -> torch.Tensor:
    """Float [rows, in] times int8 [in, out] with `scale` [out], plus `bias`.

    Each row is brought to int8 with a scale of its own. TorchScript compiles this, too, which
    takes constants as arguments only.
    """
    step = rows.abs().amax(-1, keepdim=True).clamp_min_(tiny).div_(limit)
    found = torch._int_mm(rows.div(step).round_().to(torch.int8), weight) * step
    return found.mul_(scale) if bias is None else torch.addcmul(bias, found, scale)


def fuse_gelu(module: nn.Module) -> None:
    """Let the packed first layer of every GPT-2 MLP compute the activation that follows it."""
    for child in module.modules():
        if isinstance(child, GPT2MLP) and isinstance(child.c_fc, PackedLinear):
            child.c_fc.activation = "gelu"
            child.act = nn.Identity()


def linear(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    """An ordinary layer of weight [out, in] and bias [out], in their dtype."""
    layer = nn.Linear(
        weight.shape[1], weight.shape[0], bias is not None, weight.device, weight.dtype
    )
    layer.weight = nn.Parameter(weight, requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias, requires_grad=False)
    return layer


def in_dtype(
    build: Callable[[torch.Tensor, torch.Tensor | None], nn.Module], dtype: torch.dtype
) -> Callable[[torch.Tensor, torch.Tensor | None], nn.Module]:
    """`build` with weight and bias in `dtype`."""
    return lambda weight, bias: build(weight.to(dtype), None if bias is None else bias.to(dtype))
