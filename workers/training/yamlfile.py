"""Reading the YAML files that experiments, studies and diffusion models are described in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from workers.training.errors import TrainingError


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping a YAML file holds.

    Raises `TrainingError` for a missing file, bad YAML or anything but a mapping.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise TrainingError(f"{path} is not valid YAML: {error}.") from error
    if not isinstance(content, dict):
        raise TrainingError(f"{path} must hold a mapping.")
    return content
