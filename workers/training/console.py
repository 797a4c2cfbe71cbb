"""What training commands have in common: progress on standard output, one error, an exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from workers.pipeline.errors import PipelineError
from workers.training.errors import DataProblems, TrainingError

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


def run_reported(work: Callable[[Callable[[str], None]], object], out: TextIO, err: TextIO) -> int:
    """Call `work` with a function that reports a line of progress.

    0 on success, 1 when the data has problems (all are listed), 2 for a bad config.
    """

    def report(line: str) -> None:
        out.write(line + "\n")
        out.flush()

    try:
        work(report)
    except DataProblems as error:
        err.write(f"{error} Mend this before training:\n")
        err.writelines(f"  - {problem}\n" for problem in error.problems)
        return EXIT_FAILED
    except (TrainingError, PipelineError) as error:
        err.write(f"{error}\n")
        return EXIT_USAGE
    return EXIT_OK
