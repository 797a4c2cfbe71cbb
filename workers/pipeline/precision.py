"""Number formats for serving: fp32, int8 weights on a CPU, bf16 and fp16 by autocast."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from workers.pipeline.errors import ModelError
from workers.pipeline.linears import (
    PackedLinear,
    RowwiseInt8Linear,
    fp32_linear,
    fuse_gelu,
    in_dtype,
    linear,
    replace_linears,
)
from workers.pipeline.network import CaptionNetwork

DTYPES = ("fp32", "int8", "bf16", "fp16")
_FLOATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def prepare(network: CaptionNetwork, device: torch.device, dtype: str) -> CaptionNetwork:
    """Move `network` to `device` in evaluation mode, ready to caption in `dtype`.

    It changes the network that it is given, which can be neither trained, saved nor copied
    afterwards: the decoder's matrices are stored in `dtype` and, on a CPU, in the order that
    multiplies fastest. Encoders keep fp32 weights; in bf16 and fp16 they and the decoder run inside
    `autocast`. Raises `ModelError` for a dtype that `device` does not offer.
    """
    require_dtype(device, dtype)
    network = network.to(device).eval().requires_grad_(False)
    packs = device.type == "cpu" and torch.backends.mkldnn.is_available()
    if packs and dtype in ("fp32", "int8"):
        network.pack()
    if dtype == "int8":
        replace_linears(network.decoder, RowwiseInt8Linear)
    elif packs:
        bf16 = in_dtype(PackedLinear, torch.bfloat16)
        replace_linears(network.decoder, fp32_linear if dtype == "fp32" else bf16)
        fuse_gelu(network.decoder)
    elif dtype != "fp32":
        replace_linears(network.decoder, in_dtype(linear, _FLOATS[dtype]))
    if packs:
        network.decoder.compile_steps()
    return network


def autocast(device: torch.device, dtype: str) -> AbstractContextManager[object]:
    """The context that a network prepared in `dtype` runs in.

    For fp32 and int8 it changes nothing. Raises `ModelError` like `prepare`.
    """
    require_dtype(device, dtype)
    if dtype in ("fp32", "int8"):
        return nullcontext()
    return torch.autocast(device.type, dtype=_FLOATS[dtype])


def require_dtype(device: torch.device, dtype: str) -> None:
    """Raise `ModelError` where `device` cannot run `dtype`."""
    if dtype not in DTYPES:
        raise ModelError(f"Unknown number format {dtype!r}: choose {', '.join(DTYPES)}.")
    if dtype == "int8" and device.type != "cpu":
        raise ModelError(
            f"int8 runs on a CPU only, and the device is {device}: choose fp32, bf16 or fp16."
        )
    if dtype == "fp16" and device.type == "cpu":
        raise ModelError("fp16 runs on a GPU only: choose fp32, int8 or bf16 on a CPU.")
