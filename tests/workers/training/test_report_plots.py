"""Diagrams: they are drawn, the same each time, and bad points are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from workers.pipeline.config import CalibrationConfig
from workers.training.calibrate import Sample, reliability
from workers.training.errors import TrainingError
from workers.training.report.plots import read_points, reliability_diagram, size_speed_quality

POINTS = [
    {"name": "fp32", "megabytes": 40.0, "images_per_second": 12.5, "cider": 0.56},
    {"name": "int8 <&>", "megabytes": 11.0, "images_per_second": 30.0, "cider": 0.55},
]


def findings() -> dict:
    samples = [Sample(-i / 10, i % 3 != 0, i) for i in range(30)]
    return reliability(samples, CalibrationConfig(scale=2.0, offset=1.0), resamples=20)


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_reliability_diagram(tmp_path: Path, suffix: str):
    judged = {"beam": findings(), "nucleus": findings()}
    path = reliability_diagram(judged, tmp_path / "figures" / f"a{suffix}", "tiny")
    if suffix == ".png":
        again = reliability_diagram(judged, tmp_path / "b.png", "tiny")
        assert path.read_bytes() == again.read_bytes()
        assert Image.open(path).size == (1020, 570)
    else:
        assert "</svg>" in path.read_text(encoding="utf-8")


def test_size_speed_quality(tmp_path: Path):
    source = tmp_path / "points.json"
    source.write_text(json.dumps(POINTS))
    path = size_speed_quality(read_points(source), tmp_path / "plot.png")
    with Image.open(path) as picture:
        assert picture.size == (960, 660)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 20


@pytest.mark.parametrize(
    ("content", "message"),
    [("[", "cannot be read"), ("[]", "list of points"), ('[{"name": "a"}]', "lacks megabytes")],
)
def test_bad_points(tmp_path: Path, content: str, message: str):
    path = tmp_path / "points.json"
    path.write_text(content)
    with pytest.raises(TrainingError, match=message):
        read_points(path)
