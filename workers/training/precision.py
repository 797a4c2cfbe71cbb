"""Mixed precision: bfloat16 autocast where the config asks for it."""

from __future__ import annotations

import torch


def autocast(precision: str, device: str = "cpu") -> torch.autocast:
    """A context in which matrix products run in bfloat16 for `bf16`, and in float32 for `fp32`."""
    return torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16")
