"""The directory that an export is: ONNX files, config, tokenizer, and export.json over them all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workers.pipeline.errors import ModelError
from workers.pipeline.weights import CONFIG_FILE, TOKENIZER_FILE

ENCODER_FILE = "encoder.onnx"
BEGIN_FILE = "decoder_init.onnx"
STEP_FILE = "decoder.onnx"
ONNX_FILES = (ENCODER_FILE, BEGIN_FILE, STEP_FILE)
HASHED_FILES = (*ONNX_FILES, CONFIG_FILE, TOKENIZER_FILE)
MANIFEST_FILE = "export.json"
FORMATS = ("fp32", "int8")


@dataclass(frozen=True)
class Manifest:
    """What export.json says.

    `revision` is that of the model directory exported, `format` one of `FORMATS`; `shapes` holds
    the inputs and outputs of each ONNX file by name, dynamic axes as words; `versions` the
    libraries that wrote the files; `sha256` a digest of each file.
    """

    captioner: str
    revision: str
    format: str
    opset: int
    shapes: dict[str, dict[str, dict[str, list[str | int]]]]
    versions: dict[str, str]
    sha256: dict[str, str]

    def write(self, directory: Path) -> None:
        """Write export.json."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        (directory / MANIFEST_FILE).write_text(text, encoding="utf-8")


def digests(directory: Path) -> dict[str, str]:
    """SHA-256 of each file that belongs to an export."""
    return {
        name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in HASHED_FILES
    }


def read_manifest(directory: Path) -> Manifest:
    """Read export.json and hold the files against it.

    Raises `ModelError` naming what is missing, or is not the file that was exported.
    """
    if not directory.is_dir():
        raise ModelError(f"The export directory {directory} does not exist.")
    missing = [name for name in (*HASHED_FILES, MANIFEST_FILE) if not (directory / name).is_file()]
    if missing:
        raise ModelError(f"{directory} is no exported captioner: it lacks {', '.join(missing)}.")
    manifest = _parse(directory / MANIFEST_FILE)
    changed = [
        name for name, digest in digests(directory).items() if manifest.sha256[name] != digest
    ]
    if changed:
        raise ModelError(
            f"{directory} is not as it was exported: {', '.join(changed)} changed. Export again."
        )
    return manifest


def _parse(path: Path) -> Manifest:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**content)
        known = manifest.format in FORMATS and set(manifest.sha256) == set(HASHED_FILES)
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path} is not the record of an export: {error}.") from error
    if not known:
        raise ModelError(f"{path} is the record of another kind of export.")
    return manifest


def prepare_folder(directory: Path, model: Path) -> None:
    """Make `directory` ready for an export of `model`; an older export there ceases to be one.

    Raises `ModelError` for a folder that holds anything else.
    """
    if directory.exists() and not directory.is_dir():
        raise ModelError(f"{directory} is a file; an export needs a folder.")
    if directory.resolve() == model.resolve():
        raise ModelError(f"{directory} is the model itself; export into another folder.")
    ours = {*HASHED_FILES, MANIFEST_FILE}
    others = sorted(item.name for item in directory.glob("*") if item.name not in ours)
    if others:
        raise ModelError(f"{directory} holds other files ({others[0]}); choose an empty folder.")
    directory.mkdir(parents=True, exist_ok=True)
    # Gone first and written last: a directory with export.json is a whole one.
    (directory / MANIFEST_FILE).unlink(missing_ok=True)
