"""Image tokens as bytes under a key, so that a photo seen before need not be encoded again."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import torch

from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.errors import PipelineError

Tokens = torch.Tensor | PipelineError

# Magic, tokens, width, CRC-32 of what follows; little-endian.
_HEADER = struct.Struct("<4sHHI")
_MAGIC = b"CFT1"


class FeatureStore(Protocol):
    """Keeps values for a while; it may forget any of them and must not raise."""

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The value of each key, or None; as long as `keys`."""

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep these values."""


class FeatureCache:
    """The image tokens of one model in a store, or in none; counts `cache_hits` and `_misses`.

    `version` is the model's revision, which follows weights, timestep, block and resolution, and
    its precision.
    """

    def __init__(
        self,
        store: FeatureStore | None,
        version: str,
        device: torch.device,
        counters: Counter[str],
    ) -> None:
        self._store = store
        self._version = version
        self._device = device
        self._counters = counters

    def recall(self, photos: Sequence[PhotoFacts]) -> dict[PhotoFacts, torch.Tensor]:
        """The tokens [S, width] of those photos that the store knows; one call for all."""
        if self._store is None or not photos:
            return {}
        values = self._store.get_many([feature_key(facts, self._version) for facts in photos])
        read = {facts: unpack(value) for facts, value in zip(photos, values, strict=True)}
        found = {f: tokens.to(self._device) for f, tokens in read.items() if tokens is not None}
        self._counters["cache_hits"] += len(found)
        self._counters["cache_misses"] += len(read) - len(found)
        return found

    def keep(self, fresh: Mapping[PhotoFacts, Tokens]) -> dict[PhotoFacts, Tokens]:
        """Store fresh tokens, leaving errors out, and return what is to be decoded.

        With a store that is what a later reader will see, rounded to fp16: so the same photo gets
        the same captions whether it was stored before or not.
        """
        good = {f: item for f, item in fresh.items() if isinstance(item, torch.Tensor)}
        if self._store is None or not good:
            return dict(fresh)
        self._store.put_many({feature_key(f, self._version): pack(t) for f, t in good.items()})
        return {**fresh, **{facts: tokens.half().float() for facts, tokens in good.items()}}


def feature_key(facts: PhotoFacts, version: str) -> str:
    """The name of a photo's image tokens: SHA-256 of its bytes and the model's version.

    A hash of what a person gave with the photo follows, if anything was given.
    """
    given = (facts.hints, facts.profile)
    person = hashlib.sha256(repr(given).encode()).hexdigest()[:16] if any(given) else ""
    return ":".join(part for part in (facts.sha256, version, person) if part)


def pack(tokens: torch.Tensor) -> bytes:
    """Image tokens [S, width] to a header and fp16 values."""
    payload = tokens.to("cpu", torch.float16).contiguous().numpy().tobytes()
    count, width = tokens.shape
    return _HEADER.pack(_MAGIC, count, width, zlib.crc32(payload)) + payload


def unpack(value: bytes | None) -> torch.Tensor | None:
    """What `pack` wrote, as float32 [S, width]; None for no value and for a damaged one.

    Tokens that are not finite count as damaged: a fault that passes must not outlast its photo's
    next try.
    """
    if value is None or len(value) < _HEADER.size:
        return None
    magic, count, width, checksum = _HEADER.unpack_from(value)
    payload = value[_HEADER.size :]
    if magic != _MAGIC or len(payload) != 2 * count * width or zlib.crc32(payload) != checksum:
        return None
    tokens = np.frombuffer(payload, dtype="<f2").reshape(count, width)
    if not np.isfinite(tokens).all():
        return None
    return torch.from_numpy(tokens.astype(np.float32))
