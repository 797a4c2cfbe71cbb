"""The logic of `manage.py analyse_captioner`, without Django: the worst captions, and why."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import Language, Strategy
from workers.pipeline.errors import PipelineError
from workers.training.cli_evaluate import EXIT_OK, EXIT_USAGE
from workers.training.data import CAPTIONS_FILE, load_dataset
from workers.training.errors import TrainingError
from workers.training.evaluate import Predictions, files_of, predict, rows_of
from workers.training.photos import PhotoStore
from workers.training.report.failures import (
    JudgedCaption,
    grouped,
    hard_examples,
    judged_captions,
)
from workers.training.report.page import Shown, write_page
from workers.training.report.pictures import Pictures, draw_pictures

HARD_FILE = "hard_examples.jsonl"


@dataclass(frozen=True)
class AnalysisOptions:
    """What `analyse_captioner` was asked: `each` captions per group, `limit` 0 for all photos."""

    model: Path
    data: Path
    split: str
    output: Path
    strategy: Strategy = "beam"
    language: Language = "en"
    captions_file: str = CAPTIONS_FILE
    exclude: Sequence[str] = ()
    limit: int = 0
    each: int = 12
    threads: int | None = None


def analyse_command(
    options: AnalysisOptions, out: TextIO = sys.stdout, err: TextIO = sys.stderr
) -> int:
    """Write the failure page and the hard examples.

    0 on success, 2 when model or data is not usable, or the folder holds something else.
    """
    try:
        page = _analyse(options, out)
    except (TrainingError, PipelineError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    out.write(f"{page}\n")
    return EXIT_OK


def _analyse(options: AnalysisOptions, out: TextIO) -> Path:
    _require_own_folder(options.output)
    captioner = Captioner.from_pretrained(options.model, threads=options.threads)
    dataset = load_dataset(options.data, options.captions_file)
    left_out = files_of(options.data, options.exclude)
    rows = rows_of(dataset, options.split, without=left_out, limit=options.limit)
    predictions = predict(
        captioner, dataset.store, rows, strategy=options.strategy, language=options.language
    )
    if not predictions.rows:
        raise TrainingError("No photo of this split could be captioned.")
    corpus = [text for row in dataset.rows for text in row.captions]
    judged = judged_captions(predictions, corpus)
    groups = grouped(judged, options.each)
    options.output.mkdir(parents=True, exist_ok=True)
    _write_hard(options.output / HARD_FILE, options.split, judged)
    pictures = _draw(captioner, dataset.store, groups, options)
    shown = {
        name: (count, [Shown(one, pictures[one.file]) for one in members])
        for name, (count, members) in groups.items()
    }
    out.writelines(f"{name:20} {count}\n" for name, (count, _) in groups.items())
    title = f"What {captioner.name} gets wrong ({options.language}, {options.split})"
    return write_page(options.output, title, _intro(captioner, predictions), shown)


def _require_own_folder(folder: Path) -> None:
    """Refuse a folder with other content, so that nobody's files are mixed with the photos."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / HARD_FILE).is_file():
        raise TrainingError(f"{folder} holds other files: name an empty or a new folder.")


def _write_hard(path: Path, split: str, judged: Sequence[JudgedCaption]) -> None:
    """The worst tenth, in the layout of captions.jsonl with what was found beside it."""
    with path.open("w", encoding="utf-8") as file:
        for one in hard_examples(judged):
            line = asdict(one) | {"split": split, "captions": list(one.human)}
            del line["human"]
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _draw(
    captioner: Captioner,
    store: PhotoStore,
    groups: dict[str, tuple[int, list[JudgedCaption]]],
    options: AnalysisOptions,
) -> dict[str, Pictures]:
    """Pictures of every caption shown, each photo once."""
    wanted = {one.file: one for _, members in groups.values() for one in members}
    return {
        file: draw_pictures(
            captioner, store.read(file), one.text, options.language, options.output, f"{number:04}"
        )
        for number, (file, one) in enumerate(wanted.items())
    }


def _intro(captioner: Captioner, predictions: Predictions) -> str:
    strategies = Counter(item.captions[0].strategy for item in predictions.rows)
    return (
        f"{len(predictions.rows):,} photos, best {next(iter(strategies))} caption of each by"
        f" {captioner.name}@{captioner.revision}. CIDEr is per photo, words split plainly. The"
        " groups come from simple rules over the words of the human captions; a caption may be in"
        " several. The photos belong to their owners: do not publish this folder."
    )
