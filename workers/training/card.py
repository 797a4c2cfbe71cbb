"""The model card: README.md beside the weights, written from what the evaluation measured."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from workers.pipeline.config import CaptionerConfig

TEMPLATE = Path(__file__).with_name("card.md.template")


def write_card(directory: Path, config: CaptionerConfig, facts: dict[str, Any]) -> Path:
    """Fill the card's template; `facts` comes from `workers.training.finish`."""
    encoder = config.encoders[0]
    calibration, decoder = config.calibration, config.decoder
    kinds = " + ".join(
        f"{e.kind} at {e.preprocess.size} px ({e.preprocess.mode})" for e in config.encoders
    )
    text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        facts,
        name=config.name,
        encoder=kinds,
        fuse_layers=config.fuse_layers,
        layers=decoder.layers,
        width=decoder.width,
        vocabulary=f"{decoder.vocabulary:,}",
        max_tokens=decoder.max_tokens,
        languages=", ".join(config.languages),
        size=encoder.preprocess.size,
        metrics=_metrics_table(facts["evaluation"]["metrics"]),
        photos=f"{facts['evaluation']['photos']:,}",
        split=facts["evaluation"]["split"],
        revision=facts["evaluation"]["revision"],
        scale=calibration.scale,
        offset=calibration.offset,
        target=calibration.target,
        ece=facts["reliability"]["ece"],
        levels=_levels_table(facts["reliability"], calibration.levels),
        bins=_bins_table(facts["reliability"]),
    )
    path = directory / "README.md"
    path.write_text(text, encoding="utf-8")
    return path


def _metrics_table(metrics: dict[str, float]) -> str:
    header = f"| {' | '.join(metrics)} |\n|{'---|' * len(metrics)}\n"
    return header + f"| {' | '.join(f'{value:.3f}' for value in metrics.values())} |"


def _levels_table(reliability: dict[str, Any], levels: tuple[float, float]) -> str:
    spans = {
        "low": f"below {levels[0]}",
        "medium": f"{levels[0]} to {levels[1]}",
        "high": f"{levels[1]} and above",
    }
    return "\n".join(
        f"| {name} | {spans[name]} | {row['captions']} | {row['good']:.0%} |"
        for name, row in reliability["levels"].items()
    )


def _bins_table(reliability: dict[str, Any]) -> str:
    return "\n".join(
        f"| {row['from']:.1f} to {row['from'] + 0.1:.1f} | {row['captions']} "
        f"| {row['confidence']:.2f} | {row['good']:.2f} |"
        for row in reliability["bins"]
    )
