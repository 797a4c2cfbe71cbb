"""A study: one training config, variants of it by dotted keys, and the seeds to run each with."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from workers.pipeline.errors import PipelineError
from workers.training.config import TrainingConfig
from workers.training.data import CAPTIONS_FILE, load_dataset
from workers.training.errors import TrainingError
from workers.training.photos import TAR_NAME
from workers.training.yamlfile import read_mapping

# A pseudo-key of a variant: these kinds of encoders keep their architecture and lose their weights.
UNTRAINED = "untrained"


@dataclass(frozen=True)
class Study:
    """What to run and compare.

    `base` is the content of a training config; `variants` map names to {dotted key: value}, where a
    number in a key is a place in a list; `reference` is the variant the others are compared with.
    With `photos` ({train: N, validation: M}) only the first photos of each are used. Everything
    lands in `folder`.
    """

    name: str
    folder: str
    base: Mapping[str, Any]
    reference: str
    seeds: tuple[int, ...]
    variants: Mapping[str, Mapping[str, Any]]
    photos: Mapping[str, int] | None = None

    @classmethod
    def load(cls, path: Path) -> Study:
        """Read a YAML file; raises `TrainingError` naming what is wrong in it."""
        content = read_mapping(path)
        content.setdefault("name", path.stem)
        content.setdefault("folder", f"runs/{content['name']}")
        base = content.get("base")
        if isinstance(base, str):
            content["base"] = read_mapping(path.parent / base)
        known = {field.name for field in fields(cls)}
        wrong = sorted(set(content) - known) or sorted(known - {"photos"} - set(content))
        if wrong:
            raise TrainingError(f"{path}: {', '.join(wrong)} is unknown or missing.")
        content["seeds"] = tuple(content["seeds"])
        content["variants"] = {name: keys or {} for name, keys in content["variants"].items()}
        study = cls(**content)
        if study.reference not in study.variants:
            raise TrainingError(f"{path}: the reference {study.reference!r} is not a variant.")
        return study

    @property
    def path(self) -> Path:
        """The folder with data, runs and results."""
        return Path(self.folder)

    def config(self, variant: str, seed: int) -> TrainingConfig:
        """The training config of one run; raises `TrainingError` for a key that does not belong."""
        content = copy.deepcopy(dict(self.base))
        # Copies, because YAML's anchors make several places the same object.
        overrides = copy.deepcopy(dict(self.variants[variant]))
        untrained = overrides.pop(UNTRAINED, [])
        for key, value in overrides.items():
            set_dotted(content, key, value)
        for kind in untrained:
            _forget_weights(content, kind)
        content |= {"name": f"{variant}-{seed}", "seed": seed, "runs": str(self.path / "runs")}
        if self.photos is not None:
            content["data"] = {**content["data"], "path": str(self.path / "data")}
        try:
            return TrainingConfig.from_dict(content)
        except PipelineError as error:
            raise TrainingError(f"Variant {variant}: {error}") from error


def set_dotted(content: dict[str, Any], key: str, value: Any) -> None:
    """Set `a.b.0.c` in nested mappings and lists, in place; mappings on the way are made.

    Raises `TrainingError` for a place that a list does not have.
    """
    *way, last = key.split(".")
    here: Any = content
    try:
        for part in way:
            here = here[int(part)] if isinstance(here, list) else here.setdefault(part, {})
        if isinstance(here, list):
            here[int(last)] = value
        else:
            here[last] = value
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise TrainingError(f"There is no place {key!r} in the base config.") from error


def write_subset(study: Study) -> None:
    """Write the first photos' captions into the study's data folder, and link the pictures.

    The photos are chosen from the first caption file; the others keep what is about them.
    """
    if study.photos is None:
        return
    content = TrainingConfig.from_dict({"name": study.name} | copy.deepcopy(dict(study.base)))
    source, folder = Path(content.data.path), study.path / "data"
    folder.mkdir(parents=True, exist_ok=True)
    files = [item.file for item in content.data.captions] or [CAPTIONS_FILE]
    rows = load_dataset(source, files[0])
    training = rows.of(*content.data.train)[: study.photos["train"]]
    validation = rows.of(content.data.validation)[: study.photos["validation"]]
    chosen = {row.file for row in (*training, *validation)}
    for file in files:
        kept = [row for row in load_dataset(source, file).rows if row.file in chosen]
        lines = [
            json.dumps({"file": row.file, "split": row.split, "captions": row.captions})
            for row in kept
        ]
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    _link(source / TAR_NAME, folder / TAR_NAME)
    _link(source / "images" if (source / "images").is_dir() else source, folder / "images")


def _link(source: Path, place: Path) -> None:
    if source.exists() and not place.exists():
        place.symlink_to(source.resolve())


def _forget_weights(content: dict[str, Any], kind: str) -> None:
    """Replace a diffusion encoder's `directory` by the architecture that is described there."""
    from workers.pipeline.diffusion.architecture import read_architecture

    for encoder in content.get("model", {}).get("encoders", []):
        options = encoder.get("options", {})
        if encoder["kind"] == kind and "directory" in options:
            options["architecture"] = read_architecture(options.pop("directory"))
