"""The feature cache: what frozen trunks make of each view of each photo, in fp16 files on disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from workers.pipeline.config import EncoderConfig
from workers.pipeline.encoders import Encoder, PhotoFacts
from workers.pipeline.exif import read_exif
from workers.pipeline.images import decode_photo, square, to_tensor
from workers.training.photos import PhotoStore
from workers.training.views import render_view

# Version of views and preprocessing: raise it when either changes, or stale features would be
# served.
LAYOUT = 1


class FeatureCache:
    """Features of one encoder's trunk, keyed by the photo's SHA-256 and the view.

    The folder's name carries the encoder: its config (kind, resolution, normalization) and its
    frozen weights.
    """

    def __init__(self, root: Path, config: EncoderConfig, encoder: Encoder) -> None:
        self.config = config
        self.encoder = encoder.eval()
        self.folder = (
            root / f"{config.kind}-{config.preprocess.size}-{_fingerprint(config, encoder)}"
        )

    def path(self, sha256: str, view: int) -> Path:
        """Where the features of one view lie."""
        return self.folder / sha256[:2] / f"{sha256}.{view}.npy"

    def read(self, hashes: Sequence[str], views: Sequence[int]) -> torch.Tensor:
        """Features of several photos, one view each, stacked in float32."""
        arrays = [np.load(self.path(sha, view)) for sha, view in zip(hashes, views, strict=True)]
        return torch.from_numpy(np.stack(arrays)).float()

    def fill(
        self,
        store: PhotoStore,
        hashes: dict[str, str],
        views: int,
        batch: int = 32,
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Compute what is not there yet for `hashes` (file name to SHA-256).

        Returns how many were computed.
        """
        wanted = [
            (file, sha, view)
            for file, sha in hashes.items()
            for view in range(views)
            if not self.path(sha, view).exists()
        ]
        for start in range(0, len(wanted), batch):
            self._fill_batch(store, wanted[start : start + batch])
            if progress:
                progress(min(start + batch, len(wanted)), len(wanted))
        return len(wanted)

    def _fill_batch(self, store: PhotoStore, items: Sequence[tuple[str, str, int]]) -> None:
        pixels = torch.stack(list(self._pixels(store, items)))
        facts = [self._facts(store, *item) for item in items]
        with torch.inference_mode():
            features = self.encoder.trunk(pixels, facts).half().contiguous().numpy()
        for (_, sha, view), array in zip(items, features, strict=True):
            _write(self.path(sha, view), array)

    def _facts(self, store: PhotoStore, file: str, sha: str, view: int) -> PhotoFacts:
        """Each view is seeded by a name of its own; only an encoder of EXIF reads the file."""
        name = f"{sha}.{view}" if view else sha
        if self.config.kind == "exif":
            return PhotoFacts(name, exif=read_exif(store.read(file)))
        return PhotoFacts(name)

    def _pixels(
        self, store: PhotoStore, items: Sequence[tuple[str, str, int]]
    ) -> Iterator[torch.Tensor]:
        preprocess = self.config.preprocess
        for file, sha, view in items:
            # Crops need more pixels than the whole photo does, hence twice the side.
            picture = decode_photo(store.read(file), smallest_side=2 * preprocess.size)
            yield to_tensor(square(render_view(picture, view, sha), preprocess), preprocess)


def _fingerprint(config: EncoderConfig, encoder: Encoder) -> str:
    digest = hashlib.sha256(json.dumps([LAYOUT, asdict(config)], sort_keys=True).encode())
    for parameter in encoder.trunk_parameters():
        digest.update(parameter.detach().float().numpy().tobytes())
    return digest.hexdigest()[:12]


def _write(path: Path, array: np.ndarray) -> None:
    """Write at once or not at all, so that an interrupted run leaves no half file behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.save(file, array)
    os.replace(partial, path)
