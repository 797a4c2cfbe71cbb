"""The YAML file of one experiment, with every key checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from workers.pipeline.config import CaptionerConfig
from workers.training.errors import TrainingError


@dataclass(frozen=True)
class DataSection:
    """Where the data lies and which splits are for what.

    `path` is relative to the working directory.
    """

    path: str = ""
    train: tuple[str, ...] = ("train",)
    validation: str = "val"
    language: str = "en"


@dataclass(frozen=True)
class FeatureSection:
    """The feature cache: its folder, and the views (flips, crops) of each training photo."""

    cache: str = "var/features"
    views: int = 2
    batch: int = 32


@dataclass(frozen=True)
class TokenizerSection:
    """The size of the vocabulary, and a text file to learn it from besides the captions."""

    vocabulary: int = 30000
    extra_text: str = ""


@dataclass(frozen=True)
class PretrainSection:
    """Language-model pre-training of the decoder on sentences without photos.

    None with 0 epochs.
    """

    text: str = ""
    epochs: float = 0
    batch: int = 256
    learning_rate: float = 1e-3


@dataclass(frozen=True)
class TrainSection:
    """Optimisation. Rates are AdamW's at the end of warm-up.

    `head_rate` is that of the encoders' heads.

    `precision` is `fp32` or `bf16` (autocast); `early_stop` counts validations without a better
    CIDEr.
    """

    epochs: int = 20
    batch: int = 32
    learning_rate: float = 5e-5
    head_rate: float = 0.0
    warmup: float = 0.05
    weight_decay: float = 0.01
    clip: float = 1.0
    label_smoothing: float = 0.1
    ema_decay: float = 0.999
    precision: str = "fp32"
    early_stop: int = 4
    validate_every: int = 1
    validation_limit: int = 0
    validation_strategy: str = "greedy"


@dataclass(frozen=True)
class TrainingConfig:
    """One experiment."""

    name: str
    model: CaptionerConfig
    seed: int = 1
    threads: int = 2
    runs: str = "runs"
    data: DataSection = field(default_factory=DataSection)
    features: FeatureSection = field(default_factory=FeatureSection)
    tokenizer: TokenizerSection = field(default_factory=TokenizerSection)
    pretrain: PretrainSection = field(default_factory=PretrainSection)
    train: TrainSection = field(default_factory=TrainSection)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for logs and checkpoints."""
        return asdict(self)

    @classmethod
    def load(cls, path: Path) -> TrainingConfig:
        """Read a YAML file.

        Raises `TrainingError` for a missing file, bad YAML or a key that does not belong.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingError(f"{path} cannot be read: {error}.") from error
        except yaml.YAMLError as error:
            raise TrainingError(f"{path} is not valid YAML: {error}.") from error
        if not isinstance(content, dict):
            raise TrainingError(f"{path} must hold a mapping.")
        content.setdefault("name", path.stem)
        return cls.from_dict(content)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> TrainingConfig:
        """Build from plain values.

        Raises `TrainingError` naming the section and key that does not belong.
        """
        known = dict(content)
        sections = {
            name: _section(kind, name, known.pop(name, {})) for name, kind in SECTIONS.items()
        }
        model = CaptionerConfig.from_dict(known.pop("model", {}))
        _refuse_unknown("the file", known, {"name", "seed", "threads", "runs"})
        return cls(model=model, **sections, **known)


SECTIONS: dict[str, type] = {
    "data": DataSection,
    "features": FeatureSection,
    "tokenizer": TokenizerSection,
    "pretrain": PretrainSection,
    "train": TrainSection,
}


def _section(kind: type, name: str, values: dict[str, Any]) -> Any:
    _refuse_unknown(f"section {name}", values, {f.name for f in fields(kind)})
    return kind(
        **{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    )


def _refuse_unknown(where: str, values: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise TrainingError(
            f"Unknown key {', '.join(unknown)} in {where}; known are {', '.join(sorted(known))}."
        )
