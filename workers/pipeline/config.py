"""A captioner's config.json: the encoders, decoder and calibration its weights belong to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from workers.pipeline.errors import ModelError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
MODES = ("squash", "crop")


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
    """The GPT-2 decoder; `layers`, `width` and `heads` cover the Distil to Large family sizes.

    `directory` names a GPT-2 directory of `transformers` to start from: the sizes, the vocabulary
    and the tokenizer are then its own (`workers.pipeline.gpt2`). It is empty in a saved captioner.
    """

    vocabulary: int = 30000
    layers: int = 6
    width: int = 768
    heads: int = 12
    max_tokens: int = 40
    dropout: float = 0.1
    directory: str = ""


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

    `levels` are the confidences at which Medium and High begin. `fits` holds scale and offset of
    those languages and strategies ("tr/nucleus") that were fitted alone; the others share one.
    """

    scale: float = 1.0
    offset: float = 0.0
    levels: tuple[float, float] = (0.4, 0.65)
    target: str = ""
    fits: dict[str, tuple[float, float]] = field(default_factory=dict)

    def of(self, language: str, strategy: str) -> CalibrationConfig:
        """The calibration that holds for captions of one language and strategy."""
        scale, offset = self.fits.get(f"{language}/{strategy}", (self.scale, self.offset))
        return replace(self, scale=scale, offset=offset)


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

    def has_encoder(self, kind: str) -> bool:
        """Whether an encoder of this kind is there, and what it reads is worth gathering."""
        return any(encoder.kind == kind for encoder in self.encoders)

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
        decoder=_decoder_config(known.pop("decoder", {})),
        decoding=DecodingConfig(**_typed(DecodingConfig, known.pop("decoding", {}))),
        calibration=_calibration_config(known.pop("calibration", {})),
        **_typed(CaptionerConfig, known),
    )


def _decoder_config(data: dict[str, Any]) -> DecoderConfig:
    config = DecoderConfig(**_typed(DecoderConfig, data))
    if min(config.vocabulary, config.layers, config.width, config.heads, config.max_tokens) < 1:
        raise ValueError("every size of the decoder must be at least 1")
    if config.width % config.heads:
        raise ValueError(f"width {config.width} is no multiple of heads {config.heads}")
    return config


def _encoder_config(data: dict[str, Any]) -> EncoderConfig:
    known = dict(data)
    preprocess = PreprocessConfig(**_typed(PreprocessConfig, known.pop("preprocess", {})))
    if preprocess.size < 1:
        raise ValueError("preprocess.size must be at least 1")
    if preprocess.mode not in MODES:
        raise ValueError(f"preprocess.mode must be {' or '.join(MODES)}, not {preprocess.mode!r}")
    if not isinstance(known.get("options", {}), dict):
        raise TypeError("an encoder's options must be a mapping")
    return EncoderConfig(preprocess=preprocess, **_typed(EncoderConfig, known))


def _calibration_config(data: dict[str, Any]) -> CalibrationConfig:
    fits = {key: (float(a), float(b)) for key, (a, b) in data.get("fits", {}).items()}
    return CalibrationConfig(**_typed(CalibrationConfig, {**data, "fits": fits}))


def _typed(kind: type, data: dict[str, Any]) -> dict[str, Any]:
    """The values with lists as tuples; raises `TypeError` for one of another type than its default.

    A whole number will do where the default is a float.
    """
    values = {key: tuple(item) if isinstance(item, list) else item for key, item in data.items()}
    for known in fields(kind):
        wanted = type(known.default)
        value = values.get(known.name, known.default)
        fits = type(value) is wanted or (wanted is float and type(value) is int)
        if wanted in (int, float, str, tuple) and not fits:
            raise TypeError(f"{known.name} must be of type {wanted.__name__}, not {value!r}")
    return values
