"""The decoder's step on a CPU as one compiled function, free of the Python interpreter.

A step of a small decoder is some hundred operations of a few microseconds each. Started one by one
from Python they cost about as much again, and threads that decode side by side wait for one another
between them. TorchScript runs them in one call, which lets other threads run meanwhile. It computes
what `CaptionDecoder.advance` does; docs/adr/0012-compiled-steps.md says why it is there twice.
"""

# No postponed annotations: TorchScript reads the types of a NamedTuple as they are.
import warnings
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from workers.pipeline.linears import CompactLinear, PackedLinear, RowwiseInt8Linear, multiply_int8

FLOATS = (CompactLinear, PackedLinear)
EPSILON = 1e-5  # of every layer normalisation in GPT-2


class Matrix(NamedTuple):
    """A layer in the form of `kind`; `scale` [out] belongs to an int8 weight [in, out]."""

    kind: int
    weight: Tensor
    bias: Tensor | None
    scale: Tensor | None


PACKED, COMPACT, INT8 = range(3)


class Norm(NamedTuple):
    """Layer normalisation: weight and bias [width]."""

    weight: Tensor
    bias: Tensor


class Block(NamedTuple):
    """A transformer block in the order in which it is computed."""

    past_norm: Norm
    past_in: Matrix
    past_out: Matrix
    image_norm: Norm
    image_in: Matrix
    image_out: Matrix
    inner_norm: Norm
    inner_in: Matrix
    inner_out: Matrix


class Weights(NamedTuple):
    """All that a step reads: embeddings [V, width] and [positions, width], blocks, and the end."""

    tokens: Tensor
    positions: Tensor
    blocks: list[Block]
    norm: Norm
    head: Matrix
    heads: int


Step = Callable[
    [Weights, Tensor, int, Tensor, list[Tensor], list[tuple[Tensor, Tensor]], int], Tensor
]


def weights_of(gpt2: nn.Module, blocks: list, heads: int) -> Weights | None:
    """The prepared layers of a GPT-2, or None where one of them is in no form that is compiled."""
    matrices = [m for m in gpt2.modules() if isinstance(m, (*FLOATS, RowwiseInt8Linear))]
    short = [m for m in matrices if isinstance(m, PackedLinear) and m.dtype != torch.float32]
    if short or not matrices:
        return None
    transformer, head = gpt2.get_submodule("transformer"), gpt2.get_submodule("lm_head")
    return Weights(
        transformer.get_parameter("wte.weight"),
        transformer.get_parameter("wpe.weight"),
        [_block(block) for block in blocks],
        _norm(transformer.get_submodule("ln_f")),
        _matrix(head),
        heads,
    )


def compiled_step() -> Step:
    """`step` in TorchScript; compiling takes a tenth of a second, once a process."""
    with warnings.catch_warnings():
        # PyTorch advises torch.compile instead, which needs a C++ compiler where captions are made.
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(step)


def step(
    weights: Weights,
    last: Tensor,
    position: int,
    ancestry: Tensor,
    tables: list[Tensor],
    cross: list[tuple[Tensor, Tensor]],
    used: int,
) -> Tensor:
    """Last tokens [rows] at `position` to float32 logits [rows, V].

    `tables`, `cross`, `ancestry` [rows, T] and `used` are those of `DecoderState`, with slots for
    the newest tokens.
    """
    hidden = weights.tokens.index_select(0, last) + weights.positions[position]
    parts = torch.arange(2 * weights.heads).view(2, 1, weights.heads, 1)
    places = (ancestry.unsqueeze(1) * (2 * weights.heads) + parts).flatten()
    for index, block in enumerate(weights.blocks):
        looked = multiply(normed(hidden, block.past_norm), block.past_in)
        mixed = of_the_past(looked, places, tables[index], used, weights.heads)
        hidden = add_product(hidden, mixed, block.past_out)
        if len(cross) > 0:
            query = multiply(normed(hidden, block.image_norm), block.image_in)
            keys, values = cross[index]
            mixed = of_the_image(query, keys, values)
            hidden = add_product(hidden, mixed, block.image_out)
        inner = multiply_gelu(normed(hidden, block.inner_norm), block.inner_in)
        hidden = add_product(hidden, inner, block.inner_out)
    return multiply(normed(hidden, weights.norm), weights.head)


def of_the_past(looked: Tensor, places: Tensor, table: Tensor, used: int, heads: int) -> Tensor:
    """Queries, keys and values [rows, 3 * width] to what self-attention mixes [rows, width]."""
    rows, width = looked.size(0), looked.size(1) // 3
    newest = looked.narrow(1, width, 2 * width)
    table.narrow(0, used - rows, rows).view(rows, 2 * width).copy_(newest)
    past = table.view(-1, width // heads).index_select(0, places)
    past = past.view(2, rows * heads, -1, width // heads)
    query = looked.narrow(1, 0, width).reshape(rows * heads, 1, -1)
    return attend(query, past[0], past[1]).view(rows, width)


def of_the_image(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Queries [rows, width] to what attention to keys and values [B, heads, S, d] mixes."""
    rows, width = query.size(0), query.size(1)
    images, heads = keys.size(0), keys.size(1)
    query = query.view(images, -1, heads, width // heads).transpose(1, 2).flatten(0, 1)
    mixed = attend(query, keys.flatten(0, 1), values.flatten(0, 1))
    return mixed.view(images, heads, -1, width // heads).transpose(1, 2).reshape(rows, width)


def attend(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Attention of [N, Q, d] to [N, T, d]."""
    start = torch.zeros(1)
    scale = query.size(-1) ** -0.5
    scores = torch.baddbmm(start, query, keys.transpose(1, 2), alpha=scale)
    return torch.bmm(scores.softmax(-1), values)


def normed(values: Tensor, norm: Norm, epsilon: float = EPSILON) -> Tensor:
    """Layer normalisation of [rows, width]."""
    return torch.layer_norm(values, [values.size(-1)], norm.weight, norm.bias, epsilon, False)


def multiply(values: Tensor, matrix: Matrix, int8: int = INT8, compact: int = COMPACT) -> Tensor:
    """[rows, in] to [rows, out]."""
    if matrix.kind == int8:
        scale = matrix.scale
        assert scale is not None
        return multiply_int8(values, matrix.weight, scale, matrix.bias)
    if matrix.kind == compact:
        return torch.fbgemm_linear_fp16_weight_fp32_activation(values, matrix.weight, matrix.bias)
    return torch.ops.mkldnn._linear_pointwise(values, matrix.weight, matrix.bias, "none", [], "")


def multiply_gelu(values: Tensor, matrix: Matrix, packed: int = PACKED) -> Tensor:
    """`multiply`, and GPT-2's activation of it."""
    if matrix.kind != packed:
        return functional.gelu(multiply(values, matrix), approximate="tanh")
    return torch.ops.mkldnn._linear_pointwise(
        values, matrix.weight, matrix.bias, "gelu", [], "tanh"
    )


def add_product(hidden: Tensor, values: Tensor, matrix: Matrix, packed: int = PACKED) -> Tensor:
    """`hidden` [rows, out] and `multiply` of `values` added up."""
    if matrix.kind != packed:
        return multiply(values, matrix).add_(hidden)
    return torch.ops.mkldnn._linear_pointwise(values, hidden, matrix.weight, matrix.bias, "add")


def _block(block: nn.Module) -> Block:
    part = block.get_submodule
    return Block(
        _norm(part("ln_1")),
        _matrix(part("attn.c_attn")),
        _matrix(part("attn.c_proj")),
        _norm(part("ln_cross_attn")),
        _matrix(part("crossattention.q_attn")),
        _matrix(part("crossattention.c_proj")),
        _norm(part("ln_2")),
        _matrix(part("mlp.c_fc")),
        _matrix(part("mlp.c_proj")),
    )


def _norm(norm: nn.Module) -> Norm:
    return Norm(norm.get_parameter("weight"), norm.get_parameter("bias"))


def _matrix(layer: nn.Module) -> Matrix:
    if isinstance(layer, RowwiseInt8Linear):
        return Matrix(INT8, layer.weight, layer.bias, layer.scale)
    assert isinstance(layer, FLOATS)  # `weights_of` has seen to it
    kind = COMPACT if isinstance(layer, CompactLinear) else PACKED
    return Matrix(kind, layer.packed, layer.bias, None)
