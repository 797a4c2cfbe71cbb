"""Everything a run needs before its first step: checked data, network, filled caches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer, normalise_caption
from workers.training.batches import CaptionBatches
from workers.training.checks import check_dataset
from workers.training.config import TrainingConfig
from workers.training.data import CaptionedPhoto, Dataset, load_dataset
from workers.training.features import FeatureCache
from workers.training.pretrain import read_sentences
from workers.training.runs import Run

DEVELOPMENT_SHARE = 0.05
Report = Callable[[str], None]


@dataclass
class Prepared:
    """What the trainer works with."""

    config: TrainingConfig
    dataset: Dataset
    training: list[CaptionedPhoto]
    validation: list[CaptionedPhoto]
    hashes: dict[str, str]
    tokenizer: CaptionTokenizer
    network: CaptionNetwork
    caches: list[FeatureCache]

    def batches(self) -> CaptionBatches:
        """The training batches."""
        config = self.config
        return CaptionBatches(
            self.training,
            self.hashes,
            self.caches,
            self.tokenizer,
            language=config.data.language,
            views=config.features.views,
            batch=config.train.batch,
            max_tokens=config.model.decoder.max_tokens,
            seed=config.seed,
        )


def development(config: TrainingConfig) -> TrainingConfig:
    """The same experiment in minutes: a run of its own, two epochs, one view, no text."""
    return replace(
        config,
        name=f"{config.name}-dev",
        features=replace(config.features, views=1),
        pretrain=replace(config.pretrain, epochs=0),
        train=replace(config.train, epochs=2),
    )


def prepare(
    config: TrainingConfig, run: Run, *, share: float = 1.0, report: Report = print
) -> Prepared:
    """Check the data, then build or load what training needs.

    Raises `DataProblems` before any work is done.
    """
    dataset = load_dataset(config.data.path)
    splits = [*config.data.train, config.data.validation]
    report(f"Checking {len(dataset.of(*splits)):,} photos of {config.data.path}.")
    hashes = check_dataset(dataset, splits)
    training = _share(dataset.of(*config.data.train), share)
    validation = _share(dataset.of(config.data.validation), share)
    run.start(config)
    tokenizer = _tokenizer(config, training, run)
    torch.manual_seed(config.seed)
    network, config = _network(config, tokenizer)
    caches = _caches(config, network)
    prepared = Prepared(config, dataset, training, validation, hashes, tokenizer, network, caches)
    _fill(prepared, report)
    return prepared


def _share(rows: list[CaptionedPhoto], share: float) -> list[CaptionedPhoto]:
    return rows[: max(1, round(len(rows) * share))]


def _tokenizer(config: TrainingConfig, rows: list[CaptionedPhoto], run: Run) -> CaptionTokenizer:
    """Learned from the training captions (never the validation's) and kept in the run's folder."""
    if run.tokenizer_path.is_file():
        return CaptionTokenizer.load(run.tokenizer_path)
    texts = [text for row in rows for text in row.captions]
    if config.tokenizer.extra_text:
        texts += read_sentences(config.tokenizer.extra_text)
    normalised = (normalise_caption(text, config.data.language) for text in texts)
    tokenizer = CaptionTokenizer.train(normalised, config.tokenizer.vocabulary)
    tokenizer.save(run.tokenizer_path)
    return tokenizer


def _network(
    config: TrainingConfig, tokenizer: CaptionTokenizer
) -> tuple[CaptionNetwork, TrainingConfig]:
    """The network, and the config with the vocabulary that the captions really gave."""
    decoder = replace(config.model.decoder, vocabulary=tokenizer.vocabulary)
    config = replace(config, model=replace(config.model, decoder=decoder))
    network = CaptionNetwork(config.model)
    for encoder in network.vision_encoders():
        encoder.load_pretrained()
    return network, config


def _caches(config: TrainingConfig, network: CaptionNetwork) -> list[FeatureCache]:
    root = Path(config.features.cache)
    return [
        FeatureCache(root, encoder_config, encoder)
        for encoder_config, encoder in zip(
            config.model.encoders, network.vision_encoders(), strict=True
        )
    ]


def _fill(prepared: Prepared, report: Report) -> None:
    config = prepared.config
    for cache in prepared.caches:
        for rows, views in ((prepared.training, config.features.views), (prepared.validation, 1)):
            hashes = {row.file: prepared.hashes[row.file] for row in rows}
            count = cache.fill(prepared.dataset.store, hashes, views, config.features.batch)
            report(f"{count:,} feature maps computed, the others were in {cache.folder}.")
