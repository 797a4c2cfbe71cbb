"""Breaks the captioner of a worker from outside; what capsite ships has no such switch."""

import ctypes
import sys
from functools import wraps
from typing import Any

from celery.signals import worker_init
from django.apps import AppConfig
from django.conf import settings

POISON = b"capsite-poison"  # anywhere in a photo's bytes: who decodes it dies
MORE_THAN_ANY_MACHINE_HAS = 1 << 50


class Brittle(AppConfig):
    """Replaces what decodes and what encodes, in the captioner's worker and nowhere else."""

    name = "tests.load.brittle"

    def ready(self) -> None:
        """Wait for the worker; the courier has no captioner to break."""
        if "interactive" in sys.argv:
            worker_init.connect(_break_in, weak=False)


def _break_in(**kwargs: object) -> None:
    import torch

    from workers.pipeline import captioner

    decode, encode = captioner.decode_photo, captioner.Captioner.encode

    @wraps(decode)
    def decode_or_die(data: bytes, **options: Any) -> Any:
        if POISON in data:
            ctypes.string_at(0)  # what a hole in a decoder's C code does: SIGSEGV
        return decode(data, **options)

    @wraps(encode)
    def encode_or_starve(*arguments: Any, **options: Any) -> Any:
        if settings.BRITTLE_STARVED.exists():
            torch.empty(MORE_THAN_ANY_MACHINE_HAS, dtype=torch.float64)
        return encode(*arguments, **options)

    captioner.decode_photo = decode_or_die
    captioner.Captioner.encode = encode_or_starve  # type: ignore[method-assign]
