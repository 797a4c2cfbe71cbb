"""Runs the contenders in turns and takes the median, so that a busy moment hurts all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from workers.bench.cases import Case
from workers.bench.contenders import Bench, generate, ours, pictures

Run = Callable[[], list[tuple[int, ...]]]


def measure(bench: Bench, case: Case, repeats: int) -> dict[str, Any]:
    """One case to one result line; speeds are images per second.

    `generate` runs the plain fp32 layers, as it does out of the box; `generate_prepared` runs our
    layers of the case's number format, which shows what the decoding alone gains. `same_captions`
    is the share of pictures whose best caption equals that of fp32 `generate`.
    """
    inputs = pictures(bench, case.batch)
    runs: dict[str, Run] = {
        "ours": lambda: ours(bench, case, inputs),
        "generate": lambda: generate(bench, case, inputs),
        "prepared": lambda: generate(bench, case, inputs, case.dtype),
    }
    captions = {name: run() for name, run in runs.items()}  # warms up, too
    speed = {name: case.batch / seconds for name, seconds in _medians(runs, repeats).items()}
    same = sum(map(tuple.__eq__, captions["ours"], captions["generate"]))
    return {
        "strategy": case.strategy,
        "width": case.width,
        "batch": case.batch,
        "dtype": case.dtype,
        "cached": case.cached,
        "images_per_second": round(speed["ours"], 2),
        "generate_images_per_second": round(speed["generate"], 2),
        "ratio": round(speed["ours"] / speed["generate"], 2),
        "generate_prepared_images_per_second": round(speed["prepared"], 2),
        "same_captions": round(same / case.batch, 3),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "model": f"{bench.config.name}@{bench.revision}",
    }


def _medians(runs: dict[str, Run], repeats: int) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}
