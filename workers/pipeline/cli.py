"""The logic of `manage.py caption`: files in, captions out, bad files named on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionOutcome, CaptionRequest, Language, Strategy
from workers.pipeline.errors import ModelError, RequestError
from workers.pipeline.scoring import level

BATCH = 8
# Larger files are refused before they are read into memory.
MAX_BYTES = 200_000_000

EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE = 0, 1, 2


@dataclass(frozen=True)
class CaptionOptions:
    """What the command line asked for; `model` is a model directory."""

    model: Path
    strategy: Strategy = "beam"
    num: int = 3
    language: Language = "en"
    seed: int = 0
    as_json: bool = False
    threads: int | None = None

    def request(self, photo: bytes) -> CaptionRequest:
        """The request for one photo; raises `RequestError` for values out of range."""
        return CaptionRequest(photo, self.strategy, self.num, self.language, self.seed)


def caption_files(
    files: Sequence[str],
    options: CaptionOptions,
    out: TextIO = sys.stdout,
    err: TextIO = sys.stderr,
) -> int:
    """Caption `files` in batches, writing as they are done; returns the exit code.

    0 when every file was captioned, 1 when some failed, 2 when nothing could be tried (no such
    model, bad options).
    """
    try:
        options.request(b"")
        captioner = Captioner.from_pretrained(options.model, threads=options.threads)
    except (ModelError, RequestError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    if options.language not in captioner.languages:
        err.write(
            f"{captioner.name} does not write {options.language!r}; the captions are in English.\n"
        )
    failed = 0
    for batch in _batched(files, BATCH):
        failed += _caption_batch(captioner, batch, options, out, err)
        out.flush()
    return EXIT_SOME_FAILED if failed else EXIT_OK


def _caption_batch(
    captioner: Captioner, files: list[str], options: CaptionOptions, out: TextIO, err: TextIO
) -> int:
    """One batch; returns how many of its files failed."""
    readable: list[tuple[str, bytes]] = []
    for file in files:
        try:
            readable.append((file, read_photo(Path(file))))
        except OSError as error:
            err.write(f"{file}: {error.strerror or error}.\n")
    outcomes = captioner.caption([options.request(data) for _, data in readable])
    failed = len(files) - len(readable)
    write: Callable[..., None] = _write_json if options.as_json else _write_text
    for (file, _), outcome in zip(readable, outcomes, strict=True):
        if outcome.error is not None:
            err.write(f"{file}: {outcome.error.message}\n")
            failed += 1
        else:
            write(file, outcome, captioner, out)
    return failed


def read_photo(path: Path) -> bytes:
    """The bytes of a regular file of sensible size; raises `OSError` with one clear reason."""
    if path.is_dir():
        raise IsADirectoryError(0, "This is a directory, not a picture")
    if path.exists() and not path.is_file():
        raise OSError(0, "This is not a regular file")
    if not path.exists():
        raise FileNotFoundError(0, "There is no such file")
    if path.stat().st_size > MAX_BYTES:
        raise OSError(0, f"This file is larger than {MAX_BYTES // 1_000_000} MB")
    if not os.access(path, os.R_OK):
        raise PermissionError(0, "This file may not be read")
    return path.read_bytes()


def _write_json(file: str, outcome: CaptionOutcome, captioner: Captioner, out: TextIO) -> None:
    line: dict[str, Any] = {
        "file": file,
        "captions": [asdict(caption) for caption in outcome.captions],
        "model": f"{captioner.name}@{captioner.revision}",
    }
    out.write(json.dumps(line, ensure_ascii=False) + "\n")


def _write_text(file: str, outcome: CaptionOutcome, captioner: Captioner, out: TextIO) -> None:
    out.write(f"{file}\n")
    for caption in outcome.captions:
        word = level(caption.confidence, captioner.config.calibration)
        out.write(f"  {caption.confidence:.2f} {word:<6}  {caption.text}\n")


def _batched(items: Sequence[str], size: int) -> Iterator[list[str]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
