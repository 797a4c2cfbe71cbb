"""Weights in int8, by operators of the ONNX standard alone.

Matrix products get int8 weights, and int8 activations with one scale a tensor as they come
(`onnxruntime.quantization.quantize_dynamic`). Convolutions keep float activations: with both in
int8, EfficientNet-Lite2's image tokens were off by 41 % and took three to nine times as long. Their
large filters are stored in int8 with a scale a channel, and become floats as the file is loaded.
The small ones hold a twentieth of its weights, and most of the error: with all filters in int8 the
tokens were off by 10 %, with the large ones alone by 4 % (16 and 12 photos).
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

PRODUCTS = ["MatMul", "Gemm", "Gather"]
INT8_LIMIT = 127
TINY = 1e-12
# Filters of fewer weights stay float: those of the first layers and of depthwise convolutions.
LARGE = 30_000


def quantize(plain: Path, packed: Path) -> None:
    """Write the ONNX file `plain` with its weights in int8 to `packed`."""
    quantize_dynamic(
        plain,
        packed,
        op_types_to_quantize=PRODUCTS,
        weight_type=QuantType.QInt8,
        per_channel=True,
    )
    model = onnx.load(str(packed))
    pack_filters(model)
    onnx.save(model, str(packed))


def pack_filters(model: ModelProto, least: int = LARGE) -> None:
    """Store filters [out, in, h, w] of `least` weights or more in int8, with a scale an output."""
    graph = model.graph
    constants = {item.name: item for item in graph.initializer if math.prod(item.dims) >= least}
    unpacking = []
    for node in graph.node:
        if node.op_type != "Conv" or node.input[1] not in constants:
            continue
        name = node.input[1]
        scales, filters = _to_int8(numpy_helper.to_array(constants[name]))
        constants.pop(name).CopyFrom(numpy_helper.from_array(filters, name))
        graph.initializer.append(numpy_helper.from_array(scales, f"{name}_scale"))
        node.input[1] = f"{name}_float"
        unpacking.append(
            helper.make_node(
                "DequantizeLinear",
                [name, f"{name}_scale"],
                [node.input[1]],
                f"{name}_unpack",
                axis=0,
            )
        )
    nodes = [*unpacking, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _to_int8(filters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Float filters to scales [out] and whole numbers from -127 to 127."""
    largest = np.abs(filters).reshape(len(filters), -1).max(axis=1)
    scales = (np.maximum(largest, TINY) / INT8_LIMIT).astype(np.float32)
    shaped = scales.reshape(-1, *(1 for _ in filters.shape[1:]))
    return scales, np.rint(filters / shaped).astype(np.int8)
