"""Mixed precision: autocast in bfloat16 or float16 where the config asks for it."""

from __future__ import annotations

import torch

from workers.training.errors import TrainingError

PRECISIONS = ("fp32", "bf16", "fp16")


def autocast(precision: str, device: str = "cpu") -> torch.autocast:
    """A context in which matrix products run in half precision, or in float32 for `fp32`.

    float16 has too small a range for gradients: train with `gradient_scaler` then.
    """
    dtype = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device, dtype=dtype, enabled=precision in ("bf16", "fp16"))


def gradient_scaler(precision: str, device: str) -> torch.amp.GradScaler:
    """Scales the loss so that float16 gradients do not vanish; for the others it does nothing.

    A step whose gradients overflow is left out (Micikevicius et al., "Mixed Precision Training",
    2018).
    """
    return torch.amp.GradScaler(device, enabled=precision == "fp16")


def require_precision(precision: str, device: str) -> None:
    """Raise `TrainingError` for a precision that does not exist or that `device` does not offer."""
    if precision not in PRECISIONS:
        raise TrainingError(f"Unknown precision {precision!r}: choose {', '.join(PRECISIONS)}.")
    if precision == "fp16" and device == "cpu":
        raise TrainingError("Precision fp16 is for CUDA: choose bf16 or fp32 on a CPU.")
