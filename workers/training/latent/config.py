"""The YAML file of one diffusion model, with every key checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from workers.training.errors import TrainingError
from workers.training.yamlfile import read_mapping

# The cosine's first part; both stages are short, so it is not worth a setting.
WARMUP = 0.05


@dataclass(frozen=True)
class DataSection:
    """Where the data lies, with English captions, and which splits are for what.

    `path` is relative to the working directory.
    """

    path: str = ""
    train: tuple[str, ...] = ("train",)
    validation: str = "val"


@dataclass(frozen=True)
class StageSection:
    """Optimisation of one stage: AdamW, linear warm-up, half a cosine, average of the weights.

    `batch` counts photos a step; `precision` is `fp32` or `bf16` (autocast).
    """

    steps: int = 1000
    batch: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    clip: float = 1.0
    ema_decay: float = 0.995
    precision: str = "fp32"


@dataclass(frozen=True)
class AutoencoderSection(StageSection):
    """The autoencoder: `channels` per level, each level after the first at half the side.

    `crop` is the side in pixels of the squares it learns from (it has no attention, so that it
    works at any size); `kl_weight` keeps the latents near a standard normal.
    """

    channels: tuple[int, ...] = (16, 32, 64, 64)
    latent_channels: int = 4
    layers: int = 1
    groups: int = 8
    crop: int = 64
    kl_weight: float = 1e-6


@dataclass(frozen=True)
class DenoiserSection(StageSection):
    """The U-Net and its text encoder.

    `channels` and `heads` per level; `prediction` is `v_prediction` or `epsilon`; `min_snr` is
    gamma of the loss weights; `caption_dropout` is the share of captions replaced by nothing.
    """

    channels: tuple[int, ...] = (64, 128, 128)
    heads: tuple[int, ...] = (2, 4, 4)
    layers: int = 1
    groups: int = 16
    text_width: int = 128
    text_layers: int = 2
    text_heads: int = 4
    max_tokens: int = 24
    vocabulary: int = 4000
    prediction: str = "v_prediction"
    min_snr: float = 5.0
    caption_dropout: float = 0.1


@dataclass(frozen=True)
class SampleSection:
    """What to draw at the end, to look at."""

    prompts: tuple[str, ...] = ()
    steps: int = 30
    guidance: float = 3.0


@dataclass(frozen=True)
class DiffusionConfig:
    """One diffusion model; `size` is the side of the photos in pixels.

    `validation_photos` is how many photos of the validation split both stages are measured on.
    """

    name: str
    seed: int = 1
    threads: int = 1
    runs: str = "runs"
    size: int = 128
    checkpoint_minutes: float = 3.0
    validation_photos: int = 1000
    data: DataSection = field(default_factory=DataSection)
    autoencoder: AutoencoderSection = field(default_factory=AutoencoderSection)
    denoiser: DenoiserSection = field(default_factory=DenoiserSection)
    samples: SampleSection = field(default_factory=SampleSection)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for config.yaml in the run's folder."""
        return asdict(self)

    @classmethod
    def load(cls, path: Path) -> DiffusionConfig:
        """Read a YAML file.

        Raises `TrainingError` for a missing file, bad YAML or a key that does not belong.
        """
        return cls.from_dict({"name": path.stem, **read_mapping(path)})

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> DiffusionConfig:
        """Build from plain values.

        Raises `TrainingError` naming the section and key that does not belong.
        """
        values = dict(content)
        for name, kind in SECTIONS.items():
            values[name] = _build(kind, f"section {name}", values.get(name, {}))
        return _build(cls, "the file", values)


SECTIONS: dict[str, type] = {
    "data": DataSection,
    "autoencoder": AutoencoderSection,
    "denoiser": DenoiserSection,
    "samples": SampleSection,
}


def _build(kind: type, where: str, values: Any) -> Any:
    """A section from plain values; a YAML list becomes a tuple."""
    if not isinstance(values, dict):
        raise TrainingError(f"{where.capitalize()} must hold a mapping.")
    known = sorted(f.name for f in fields(kind))
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise TrainingError(
            f"Unknown key {', '.join(unknown)} in {where}; known are {', '.join(known)}."
        )
    return kind(
        **{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    )
