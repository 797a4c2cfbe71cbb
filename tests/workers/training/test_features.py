"""Views and the feature cache: flips, words of flips, keys, and files that are whole or absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.encoders import build_encoder
from workers.training.batches import CaptionBatches
from workers.training.checks import check_dataset
from workers.training.config import TrainingConfig
from workers.training.data import load_dataset
from workers.training.features import FeatureCache
from workers.training.prepare import prepare
from workers.training.runs import Run
from workers.training.views import mirror_caption, render_view

GRADIENT = Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (48, 1))).convert("RGB")


def test_left_and_right_change_places():
    assert (
        mirror_caption("A man on the left of a Right turn") == "A man on the right of a Left turn"
    )
    assert mirror_caption("bright leftovers") == "bright leftovers"
    assert mirror_caption("solda bir adam") == "sağda bir adam"


def test_views_are_whole_mirrored_and_cropped():
    pixels = np.asarray(GRADIENT)
    assert np.array_equal(np.asarray(render_view(GRADIENT, 0, "a")), pixels)
    assert np.array_equal(np.asarray(render_view(GRADIENT, 1, "a")), pixels[:, ::-1])
    crop = render_view(GRADIENT, 2, "a")
    assert 0.55 * 64 * 48 <= crop.size[0] * crop.size[1] <= 64 * 48
    assert crop == render_view(GRADIENT, 2, "a")
    assert crop != render_view(GRADIENT, 2, "b")


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    torch.manual_seed(1)
    config = EncoderConfig("conv-grid", PreprocessConfig(size=32), {"width": 16})
    return FeatureCache(tmp_path / "features", config, build_encoder(config))


def test_features_are_computed_once_and_equal_the_trunk(cache: FeatureCache, dataset_folder: Path):
    dataset = load_dataset(dataset_folder)
    hashes = check_dataset(dataset, ["train"])
    assert cache.fill(dataset.store, hashes, views=2, batch=5) == 12
    assert cache.fill(dataset.store, hashes, views=2) == 0
    shas = list(hashes.values())
    features = cache.read(shas, [0] * len(shas))
    assert features.shape == (6, 8, 8, 8)
    assert not list(cache.folder.rglob("*.partial"))


def test_the_key_follows_resolution_and_weights(cache: FeatureCache, tmp_path: Path):
    larger = EncoderConfig("conv-grid", PreprocessConfig(size=48), {"width": 16})
    assert FeatureCache(tmp_path, larger, build_encoder(larger)).folder.name != cache.folder.name
    torch.manual_seed(2)
    other = FeatureCache(tmp_path, cache.config, build_encoder(cache.config))
    assert other.folder.name != cache.folder.name
    torch.manual_seed(1)
    same = FeatureCache(tmp_path, cache.config, build_encoder(cache.config))
    assert same.folder.name == cache.folder.name


@pytest.fixture
def batches(config: TrainingConfig) -> CaptionBatches:
    return prepare(config, Run(config), report=lambda line: None).batches()


def test_batches_repeat_by_epoch_and_can_start_in_the_middle(batches: CaptionBatches):
    whole = [batch.ids.tolist() for batch in batches.epoch(1)]
    assert len(whole) == len(batches) == 3
    assert [batch.ids.tolist() for batch in batches.epoch(1, skip=1)] == whole[1:]
    assert [batch.ids.tolist() for batch in batches.epoch(2)] != whole


def test_a_batch_holds_every_caption_of_its_photos(batches: CaptionBatches):
    batch = next(batches.epoch(0))
    assert len(batch.features[0]) == 2
    assert len(batch.ids) == 8
    starts = set(batch.ids[:, 0].tolist())
    assert starts == {batches.tokenizer.languages["en"]}
