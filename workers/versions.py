"""What a model directory says of itself, ready for the registry of versions."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from captions.models import CaptionModel
from captions.registry import model_register
from workers.pipeline.config import CaptionerConfig
from workers.pipeline.errors import ModelError

CARD_FILE = "README.md"
METRICS_FILE = "metrics.json"


@dataclass(frozen=True)
class VersionFacts:
    """The arguments of ``captions.registry.model_register``; ``metrics`` is keyed by language."""

    name: str
    revision: str
    directory: str
    languages: list[str]
    levels: list[float]
    metrics: dict[str, Any]
    card: str


def directory_register(directory: Path) -> CaptionModel:
    """Enter the version in this directory into the registry; raises ModelError for a bad one."""
    return model_register(**asdict(read_version(directory)))


def read_version(directory: Path) -> VersionFacts:
    """Read and hash a model directory without loading its weights.

    Card (README.md) and figures (metrics.json) may be missing. Raises ModelError.
    """
    # Imported here, because the module that knows what a revision is also loads PyTorch.
    from workers.pipeline.weights import CONFIG_FILE, require_files, revision_of

    require_files(directory)
    config = CaptionerConfig.load(directory / CONFIG_FILE)
    return VersionFacts(
        name=config.name,
        revision=revision_of(directory),
        directory=str(directory.resolve()),
        languages=list(config.languages),
        levels=list(config.calibration.levels),
        metrics=read_metrics(directory),
        card=read_card(directory),
    )


def read_metrics(directory: Path) -> dict[str, Any]:
    """Return metrics.json: ``{"en": {"CIDEr": 0.56, ...}}``, empty where there is none.

    Raises ModelError for a file of another form.
    """
    path = directory / METRICS_FILE
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(figures, dict) or not all(isinstance(f, dict) for f in figures.values()):
        raise ModelError(f"{path} has to hold an object of figures for each language.")
    return figures


def read_card(directory: Path) -> str:
    """Return the text of the model card, empty where there is none."""
    path = directory / CARD_FILE
    try:
        # PostgreSQL stores no NUL; a card that is not UTF-8 is still mostly readable.
        return path.read_text(encoding="utf-8", errors="replace").replace("\0", "")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
