"""Everything a run needs before its first step: checked data, network, filled caches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from workers.pipeline.assemble import network_from_sources
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer, normalise_caption
from workers.pipeline.weights import TOKENIZER_FILE, require_files
from workers.training.batches import CaptionBatches
from workers.training.config import TrainingConfig
from workers.training.data import CaptionedPhoto, Dataset
from workers.training.features import FeatureCache
from workers.training.mixture import Mixture, TrainingPhoto, load_mixture
from workers.training.pretrain import read_sentences
from workers.training.runs import Run, seed_everything
from workers.training.warmstart import warm_start

DEVELOPMENT_SHARE = 0.05
Report = Callable[[str], None]
Row = TypeVar("Row")


@dataclass
class Prepared:
    """What the trainer works with."""

    config: TrainingConfig
    mixture: Mixture
    training: list[TrainingPhoto]
    validation: dict[str, list[CaptionedPhoto]]
    tokenizer: CaptionTokenizer
    network: CaptionNetwork
    caches: list[FeatureCache]

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of every photo, by file."""
        return self.mixture.hashes

    @property
    def languages(self) -> list[str]:
        """The languages trained, in the config's order."""
        return list(self.mixture.datasets)

    def dataset_of(self, language: str) -> Dataset:
        """The data set of one language."""
        return self.mixture.datasets[language]

    def validation_of(self, language: str) -> list[CaptionedPhoto]:
        """The validation photos of one language; none of them is trained on in any language."""
        return self.validation[language]

    def batches(self, rank: int = 0, processes: int = 1) -> CaptionBatches:
        """The training batches, or the part of each that is for process `rank` of `processes`."""
        config = self.config
        return CaptionBatches(
            self.training,
            self.hashes,
            self.caches,
            self.tokenizer,
            views=config.features.views,
            batch=config.train.batch,
            max_tokens=config.model.decoder.max_tokens,
            seed=config.seed,
            captions=config.train.captions,
            longest=config.train.longest,
            rank=rank,
            processes=processes,
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
    config: TrainingConfig,
    run: Run,
    *,
    share: float = 1.0,
    report: Report = print,
    describe: bool = True,
) -> Prepared:
    """Check the data, then build or load what training needs.

    Without `describe` the run's config and environment files stay as they are. Raises
    `DataProblems` before any work is done.
    """
    report(f"Checking the photos of {config.data.path}.")
    mixture = load_mixture(config.data)
    report(
        f"{len(mixture.training):,} photos to train on; {mixture.held_out:,} left out because a"
        " language validates on them."
    )
    training = _share_of_each_mix(mixture.training, share)
    validation = {name: _share(rows, share) for name, rows in mixture.validation.items()}
    if describe:
        run.start(config)
    run.folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(config, training, run)
    seed_everything(config.seed)
    network, config = _network(config, tokenizer)
    if config.init.model:
        taken = warm_start(network, tokenizer, Path(config.init.model))
        report(f"{taken} tensors taken from {config.init.model}.")
    caches = _caches(config, network)
    prepared = Prepared(config, mixture, training, validation, tokenizer, network, caches)
    _fill(prepared, report)
    return prepared


def _share(rows: list[Row], share: float) -> list[Row]:
    return rows[: max(1, round(len(rows) * share))]


def _share_of_each_mix(photos: list[TrainingPhoto], share: float) -> list[TrainingPhoto]:
    """A share of the photos with each combination of languages, so that no language gets lost."""
    if share >= 1:
        return photos
    mixes: dict[tuple[str, ...], list[TrainingPhoto]] = {}
    for photo in photos:
        mixes.setdefault(tuple(photo.captions), []).append(photo)
    return [photo for mix in mixes.values() for photo in _share(mix, share)]


def _tokenizer(config: TrainingConfig, photos: list[TrainingPhoto], run: Run) -> CaptionTokenizer:
    """Learned from the training captions (never the validation's) and kept in the run's folder.

    A student takes its teacher's, whose distributions are over those tokens.
    """
    if run.tokenizer_path.is_file():
        return CaptionTokenizer.load(run.tokenizer_path)
    if config.model.decoder.directory:
        tokenizer = CaptionTokenizer.from_gpt2(config.model.decoder.directory)
        tokenizer.save(run.tokenizer_path)
        return tokenizer
    if config.train.objective == "distillation" and config.distillation.teachers:
        directory = Path(config.distillation.teachers[0])
        require_files(directory)
        taught = CaptionTokenizer.load(directory / TOKENIZER_FILE)
        taught.save(run.tokenizer_path)
        return taught
    texts: dict[str, list[str]] = {source.language: [] for source in config.data.captions}
    for photo in photos:
        for language, captions in photo.captions.items():
            texts[language] += [normalise_caption(text, language) for text in captions]
    for language, path in config.tokenizer.extra_text.items():
        extra = (normalise_caption(text, language) for text in read_sentences(path))
        texts.setdefault(language, []).extend(extra)
    balanced = _balanced(list(texts.values()), config.tokenizer.share)
    tokenizer = CaptionTokenizer.train(balanced, config.tokenizer.vocabulary)
    tokenizer.save(run.tokenizer_path)
    return tokenizer


def _balanced(languages: list[list[str]], share: float) -> Iterator[str]:
    """Every language's sentences, the smaller ones repeated up to `share` of the largest."""
    largest = max(map(len, languages))
    for sentences in languages:
        repeats = max(1, round(share * largest / max(1, len(sentences))))
        for _ in range(repeats):
            yield from sentences


def _network(
    config: TrainingConfig, tokenizer: CaptionTokenizer
) -> tuple[CaptionNetwork, TrainingConfig]:
    """The network, and the config with the vocabulary that the captions really gave."""
    network, _ = network_from_sources(config.model, tokenizer)
    return network, replace(config, model=network.config)


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
        judged = [row for rows in prepared.validation.values() for row in rows]
        store = prepared.dataset_of(prepared.languages[0]).store
        for rows, views in ((prepared.training, config.features.views), (judged, 1)):
            hashes = {row.file: prepared.hashes[row.file] for row in rows}
            count = cache.fill(store, hashes, views, config.features.batch)
            report(f"{count:,} feature maps computed, the others were in {cache.folder}.")
