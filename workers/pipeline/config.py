"""A captioner's config.json: the encoders, decoder and calibration its weights belong to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workers.pipeline.errors import ModelError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class PreprocessConfig:
    """How a photo becomes a square.

    `squash` ignores the aspect ratio, `crop` resizes the short side, then cuts.

    `size` is the side in pixels; `resize` (crop only) is the short side before the centre crop.
    """

    size: int = 260
    mode: str = "squash"
    resize: int = 0
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD


@dataclass(frozen=True)
class EncoderConfig:
    """One vision encoder: its kind in the registry, its preprocessing and its options."""

    kind: str = "efficientnet-lite2"
    preprocess: PreprocessConfig = field(default_factory=PreprocessConfig)
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DecoderConfig:
    """The GPT-2 decoder; `layers`, `width` and `heads` cover the Distil to Large family sizes."""

    vocabulary: int = 30000
    layers: int = 6
    width: int = 768
    heads: int = 12
    max_tokens: int = 40
    dropout: float = 0.1


@dataclass(frozen=True)
class DecodingConfig:
    """Decoding defaults: beam width and length penalty, nucleus and temperature."""

    beam_width: int = 5
    length_penalty: float = 1.0
    top_p: float = 0.9
    sampling_temperature: float = 1.0


@dataclass(frozen=True)
class CalibrationConfig:
    """Fitted on validation data.

    See `workers.pipeline.scoring` for the formula and what confidence predicts.

    `levels` are the confidences at which Medium and High begin.
    """

    scale: float = 1.0
    offset: float = 0.0
    levels: tuple[float, float] = (0.4, 0.65)
    target: str = ""


@dataclass(frozen=True)
class CaptionerConfig:
    """Everything about a captioner that is not a weight.

    Saved beside the weights as config.json.
    """

    name: str = "captioner"
    languages: tuple[str, ...] = ("en",)
    encoders: tuple[EncoderConfig, ...] = (EncoderConfig(),)
    fuse_layers: int = 1
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    decoding: DecodingConfig = field(default_factory=DecodingConfig)
    calibration: CalibrationConfig = field(default_factory=CalibrationConfig)

    def to_json(self) -> str:
        """The text of config.json, stable in its order, so that its hash is too."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CaptionerConfig:
        """Build from parsed JSON or YAML.

        Raises `ModelError` naming the key that does not belong.
        """
        try:
            return _captioner_config(data)
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"The captioner's config is not usable: {error}.") from error

    @classmethod
    def load(cls, path: Path) -> CaptionerConfig:
        """Read config.json; raises `ModelError` when it is missing or not JSON."""
        try:
            return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise ModelError(f"{path} is missing.") from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ModelError(f"{path} is not valid JSON: {error}.") from error


def _captioner_config(data: dict[str, Any]) -> CaptionerConfig:
    known = dict(data)
    encoders = tuple(_encoder_config(entry) for entry in known.pop("encoders", [{}]))
    return CaptionerConfig(
        encoders=encoders,
        languages=tuple(known.pop("languages", ("en",))),
        decoder=DecoderConfig(**known.pop("decoder", {})),
        decoding=DecodingConfig(**known.pop("decoding", {})),
        calibration=CalibrationConfig(**_tuples(known.pop("calibration", {}))),
        **known,
    )


def _encoder_config(data: dict[str, Any]) -> EncoderConfig:
    known = dict(data)
    preprocess = PreprocessConfig(**_tuples(known.pop("preprocess", {})))
    return EncoderConfig(preprocess=preprocess, **known)


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
