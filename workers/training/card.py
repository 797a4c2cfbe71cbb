"""The model card: README.md beside the weights, written from what the evaluation measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from workers.pipeline.config import CaptionerConfig
from workers.training import cardtext
from workers.training.report.slices import RARE

TEMPLATE = Path(__file__).with_name("card.md.template")


def write_card(directory: Path, config: CaptionerConfig, facts: dict[str, Any]) -> Path:
    """Fill the card's template; `facts` comes from `workers.training.finish`."""
    text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        facts, **_architecture(config), **_findings(config, facts), **_provenance(facts)
    )
    path = directory / "README.md"
    path.write_text(text, encoding="utf-8")
    return path


def _architecture(config: CaptionerConfig) -> dict[str, Any]:
    decoder = config.decoder
    kinds = [f"{e.kind} at {e.preprocess.size} px ({e.preprocess.mode})" for e in config.encoders]
    return {
        "name": config.name,
        "encoders": " + ".join(kinds),
        "fuse_layers": config.fuse_layers,
        "layers": decoder.layers,
        "width": decoder.width,
        "vocabulary": f"{decoder.vocabulary:,}",
        "max_tokens": decoder.max_tokens,
        "languages": ", ".join(cardtext.LANGUAGES[name] for name in config.languages),
        "size": config.encoders[0].preprocess.size,
    }


def _findings(config: CaptionerConfig, facts: Mapping[str, Any]) -> dict[str, Any]:
    evaluations, confidence = facts["evaluations"], facts["confidence"]
    first = next(iter(evaluations.values()))
    calibration = config.calibration
    beams = {language: strategies["beam"] for language, strategies in confidence.items()}
    return {
        "revision": first["revision"],
        "split": first["split"],
        "evaluations": "\n\n".join(map(evaluation_section, evaluations.values())),
        "slices": slices_table(evaluations),
        "fits": fits_table(calibration.fits),
        "target": calibration.target,
        "confidence": confidence_table(confidence),
        "levels": levels_table(beams, calibration.levels),
        "bins": bins_table(beams),
        "rare": RARE,
    }


def _provenance(facts: Mapping[str, Any]) -> dict[str, str]:
    held_out, started = facts["held_out"], facts["started_from"]
    return {
        "terms": cardtext.terms(facts["training_photos"], facts["text"]),
        "limits": cardtext.limits(facts["training_photos"]),
        "started_from": f" Its weights started from `{started}`." if started else "",
        "held_out": (
            f"{held_out:,} photos that one language validates on were left out of all training."
            if held_out
            else ""
        ),
    }


def evaluation_section(found: Mapping[str, Any]) -> str:
    """One language: photos, command, metrics with intervals."""
    language = found["language"]
    intro = (
        f"{cardtext.LANGUAGES[language]}: {found['photos']:,} photos of the split"
        f" `{found['split']}`, {found['references']:,} human captions.{cardtext.NOTES[language]}"
    )
    metrics = found["metrics"]
    spans = [f"[{low:.3f}, {high:.3f}]" for low, high in found["intervals"].values()]
    rows = [
        _row(metrics),
        _row(["---"] * len(metrics)),
        _row(f"{value:.3f}" for value in metrics.values()),
        _row(spans),
    ]
    return "\n".join([intro, "", f"    {found['command']}", "", *rows])


def slices_table(evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    """Photos, BLEU-4 and CIDEr of every slice of every language."""
    lines = [_row(["language", "slice", "photos", "BLEU-4", "CIDEr", "95 %"]), _row(["---"] * 6)]
    for language, found in evaluations.items():
        for name, part in found["slices"].items():
            figures = ["too few", "", ""]
            if "metrics" in part:
                low, high = part["intervals"]["CIDEr"]
                metrics = part["metrics"]
                figures = [f"{metrics['BLEU-4']:.3f}", f"{metrics['CIDEr']:.3f}"]
                figures.append(f"[{low:.3f}, {high:.3f}]")
            lines.append(_row([language, name, part["photos"], *figures]))
    return "\n".join(lines)


def confidence_table(confidence: Mapping[str, Mapping[str, Any]]) -> str:
    """ECE of every language and strategy, by its own formula and by the shared one."""
    head = [
        "language",
        "strategy",
        "captions",
        "mean confidence",
        "good",
        "ECE",
        "95 %",
        "ECE, shared",
    ]
    lines = [_row(head), _row(["---"] * len(head))]
    for language, strategies in confidence.items():
        for strategy, found in strategies.items():
            low, high = found["ece_interval"]
            lines.append(
                _row(
                    [
                        language,
                        strategy,
                        found["captions"],
                        f"{found['mean_confidence']:.2f}",
                        f"{found['mean_good']:.2f}",
                        f"{found['ece']:.3f}",
                        f"[{low:.3f}, {high:.3f}]",
                        f"{found['shared']['ece']:.3f}",
                    ]
                )
            )
    return "\n".join(lines)


def levels_table(beams: Mapping[str, Mapping[str, Any]], levels: tuple[float, float]) -> str:
    """How many captions are Low, Medium and High, and how many of these are good."""
    spans = {
        "low": f"below {levels[0]}",
        "medium": f"{levels[0]} to {levels[1]}",
        "high": f"{levels[1]} and above",
    }
    lines = [_row(["language", "level", "confidence", "captions", "good"]), _row(["---"] * 5)]
    for language, found in beams.items():
        for name, row in found["levels"].items():
            lines.append(_row([language, name, spans[name], row["captions"], f"{row['good']:.0%}"]))
    return "\n".join(lines)


def fits_table(fits: Mapping[str, tuple[float, float]]) -> str:
    """Scale and offset of every language and strategy."""
    head = ["language / strategy", "scale", "offset"]
    lines = [_row(head), _row(["---"] * len(head))]
    lines += [
        _row([name, f"{scale:.4f}", f"{offset:.4f}"]) for name, (scale, offset) in fits.items()
    ]
    return "\n".join(lines)


def bins_table(beams: Mapping[str, Mapping[str, Any]]) -> str:
    """The reliability table behind the diagram."""
    head = ["language", "confidence", "captions", "mean confidence", "good"]
    lines = [_row(head), _row(["---"] * len(head))]
    for language, found in beams.items():
        for row in found["bins"]:
            span = f"{row['from']:.1f} to {row['from'] + 0.1:.1f}"
            shares = [f"{row['confidence']:.2f}", f"{row['good']:.2f}"]
            lines.append(_row([language, span, row["captions"], *shares]))
    return "\n".join(lines)


def _row(cells: Any) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"
