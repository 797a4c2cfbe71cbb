"""The YAML file of one experiment, with every key checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from workers.pipeline.config import CaptionerConfig
from workers.training.errors import TrainingError
from workers.training.yamlfile import read_mapping


@dataclass(frozen=True)
class CaptionSource:
    """A caption file of the data folder and the language it is in."""

    file: str = "captions.jsonl"
    language: str = "en"


@dataclass(frozen=True)
class DataSection:
    """Where the data lies, the caption file of each language, and which splits are for what.

    `path` is relative to the working directory.
    """

    path: str = ""
    captions: tuple[CaptionSource, ...] = (CaptionSource(),)
    train: tuple[str, ...] = ("train",)
    validation: str = "val"


@dataclass(frozen=True)
class FeatureSection:
    """The feature cache: its folder, and the views (flips, crops) of each training photo."""

    cache: str = "var/features"
    views: int = 2
    batch: int = 32


@dataclass(frozen=True)
class TokenizerSection:
    """The size of the vocabulary, and text files (language to path) to learn it from besides.

    Each language counts at least `share` times as much as the one with the most sentences, so that
    a language with little text is not spelled letter by letter.
    """

    vocabulary: int = 30000
    extra_text: dict[str, str] = field(default_factory=dict)
    share: float = 0.5


@dataclass(frozen=True)
class PretrainSection:
    """Language-model pre-training of the decoder on sentences without photos.

    None with 0 epochs.
    """

    text: str = ""
    language: str = "en"
    epochs: float = 0
    batch: int = 256
    learning_rate: float = 1e-3


@dataclass(frozen=True)
class InitSection:
    """A captioner directory whose weights training starts from, as far as they fit."""

    model: str = ""


@dataclass(frozen=True)
class SelfCriticalSection:
    """Self-critical training: reward CIDEr-D of sampled captions, mixed with cross-entropy.

    `samples` a photo, of at most `longest` tokens; `cross_entropy` is the weight of the ordinary
    loss. The policy is the decoder at `temperature`: after label smoothing it is so flat at 1 that
    samples ramble and teach little.
    """

    samples: int = 5
    longest: int = 24
    cross_entropy: float = 0.1
    temperature: float = 0.6


@dataclass(frozen=True)
class DistillationSection:
    """Learning from captioners that are trained already, whose distributions are averaged.

    `teachers` are model directories. Both sides are softened by `temperature`; `weight` is the
    teachers' share of the loss, cross-entropy has the rest. With `captions` above 0 the first
    teacher's best captions of each training photo, as many in every language, join the human ones.
    """

    teachers: tuple[str, ...] = ()
    temperature: float = 2.0
    weight: float = 0.5
    captions: int = 0


@dataclass(frozen=True)
class TrainSection:
    """Optimisation. Rates are AdamW's at the end of warm-up.

    `head_rate` is that of the last layer of the encoders' heads; every layer before it has
    `layer_decay` times the rate of the next. After warm-up the rate falls in `restarts` cosines.

    `objective` is `cross-entropy`, `self-critical` or `distillation`. `captions` are drawn per
    photo and epoch (0: all of them); captions of more than `longest` tokens are left out where a
    photo has shorter ones (0: none is). One step takes `accumulate` batches. `precision` is `fp32`,
    `bf16` or, on CUDA, `fp16` (autocast); `gradient_checkpointing` computes the decoder's blocks
    twice to save their memory. `early_stop` counts validations without a better CIDEr;
    `checkpoint_every` counts steps (0: a checkpoint after every epoch only).
    """

    objective: str = "cross-entropy"
    captions: int = 0
    longest: int = 0

    epochs: int = 20
    batch: int = 32
    accumulate: int = 1
    learning_rate: float = 5e-5
    head_rate: float = 0.0
    layer_decay: float = 1.0
    warmup: float = 0.05
    restarts: int = 1
    weight_decay: float = 0.01
    clip: float = 1.0
    label_smoothing: float = 0.1
    ema_decay: float = 0.999
    precision: str = "fp32"
    gradient_checkpointing: bool = False
    checkpoint_every: int = 0
    early_stop: int = 4
    validate_every: int = 1
    validation_limit: int = 0
    validation_strategy: str = "greedy"


@dataclass(frozen=True)
class TrainingConfig:
    """One experiment.

    `device` is `cpu`, `cuda` or `auto`; `deterministic` asks PyTorch for operations that give the
    same result every time on a GPU too, and for a warning where there is none.
    """

    name: str
    model: CaptionerConfig
    seed: int = 1
    threads: int = 2
    device: str = "cpu"
    deterministic: bool = False
    runs: str = "runs"
    data: DataSection = field(default_factory=DataSection)
    features: FeatureSection = field(default_factory=FeatureSection)
    tokenizer: TokenizerSection = field(default_factory=TokenizerSection)
    pretrain: PretrainSection = field(default_factory=PretrainSection)
    init: InitSection = field(default_factory=InitSection)
    train: TrainSection = field(default_factory=TrainSection)
    self_critical: SelfCriticalSection = field(default_factory=SelfCriticalSection)
    distillation: DistillationSection = field(default_factory=DistillationSection)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for logs and checkpoints."""
        return asdict(self)

    @classmethod
    def load(cls, path: Path) -> TrainingConfig:
        """Read a YAML file.

        Raises `TrainingError` for a missing file, bad YAML or a key that does not belong.
        """
        return cls.from_dict({"name": path.stem, **read_mapping(path)})

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
        _refuse_unknown("the file", known, PLAIN_KEYS)
        _check_optimisation(sections["train"])
        return cls(model=model, **sections, **known)


PLAIN_KEYS = {"name", "seed", "threads", "runs", "device", "deterministic"}
SECTIONS: dict[str, type] = {
    "data": DataSection,
    "features": FeatureSection,
    "tokenizer": TokenizerSection,
    "pretrain": PretrainSection,
    "init": InitSection,
    "train": TrainSection,
    "self_critical": SelfCriticalSection,
    "distillation": DistillationSection,
}


def _check_optimisation(train: TrainSection) -> None:
    """Raise `TrainingError` for a number of the section `train` that makes no sense."""
    for name, least in (("accumulate", 1), ("restarts", 1), ("checkpoint_every", 0)):
        value = getattr(train, name)
        if type(value) is not int or value < least:
            raise TrainingError(f"train.{name} must be a whole number from {least} on: {value!r}.")
    if not isinstance(train.layer_decay, float | int) or not 0 < train.layer_decay <= 1:
        raise TrainingError(
            f"train.layer_decay must be above 0 and at most 1: {train.layer_decay!r}."
        )


def _section(kind: type, name: str, values: dict[str, Any]) -> Any:
    _refuse_unknown(f"section {name}", values, {f.name for f in fields(kind)})
    if kind is DataSection and "captions" in values:
        sources = [_section(CaptionSource, "data.captions", entry) for entry in values["captions"]]
        values = {**values, "captions": sources}
    return kind(
        **{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    )


def _refuse_unknown(where: str, values: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise TrainingError(
            f"Unknown key {', '.join(unknown)} in {where}; known are {', '.join(sorted(known))}."
        )
