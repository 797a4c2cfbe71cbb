"""How many threads PyTorch may use in this process."""

from __future__ import annotations

from contextlib import suppress

import torch


def pin_threads(threads: int) -> None:
    """Give this process `threads` threads for one operation, and one for operations side by side.

    More threads than cores / processes slow each other down badly.
    """
    torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:
        # PyTorch takes this once, before its first parallel work, and refuses it afterwards.
        with suppress(RuntimeError):
            torch.set_num_interop_threads(1)
