"""Studies: overrides, subsets, runs that are not repeated, and one table."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from workers.training.ablation import run_study
from workers.training.cli_ablate import ablate_command
from workers.training.data import load_dataset
from workers.training.errors import TrainingError
from workers.training.study import Study, set_dotted, write_subset

SHIPPED = Path(__file__).parents[3] / "workers" / "training" / "configs" / "ablation.yaml"


@pytest.fixture
def content(experiment: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """A study of one narrow and one wide decoder, two seeds each, on four and three photos."""
    experiment["train"]["epochs"] = 2
    return {
        "name": "widths",
        "folder": str(tmp_path / "study"),
        "base": experiment,
        "reference": "narrow",
        "seeds": [1, 2],
        "photos": {"train": 4, "validation": 3},
        "variants": {"narrow": None, "wide": {"model.decoder.width": 48}},
    }


def silent(_: str) -> None:
    """Say nothing."""


def write(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_dotted_keys_reach_into_lists():
    content: dict[str, Any] = {"a": [{"b": {"c": 1}}]}
    set_dotted(content, "a.0.b.c", 2)
    set_dotted(content, "d.e", 3)
    assert content == {"a": [{"b": {"c": 2}}], "d": {"e": 3}}
    with pytest.raises(TrainingError, match=r"a\.1\.b"):
        set_dotted(content, "a.1.b", 4)


def test_a_study_is_run_once_and_compared(content: dict[str, Any], tmp_path: Path):
    study = Study.load(write(tmp_path, content))
    table = run_study(study, official=False, report=silent)
    assert [table[name]["seeds"] for name in ("narrow", "wide")] == [[1, 2], [1, 2]]
    assert (table["wide"]["photos"], table["wide"]["training_photos"]) == (3, 4)
    gap = table["wide"]["difference"]["CIDEr"]
    means = [table[name]["mean"]["CIDEr"] for name in ("wide", "narrow")]
    assert gap["difference"] == pytest.approx(means[0] - means[1], abs=2e-4)
    assert "difference" not in table["narrow"]
    written = (study.path / "table.md").read_text()
    assert "| wide |" in written
    stamps = {path: path.stat().st_mtime_ns for path in study.path.rglob("*.npz")}
    assert len(stamps) == 4
    again = run_study(study, official=False, report=silent)
    assert again == json.loads((study.path / "table.json").read_text())["variants"]
    assert stamps == {path: path.stat().st_mtime_ns for path in study.path.rglob("*.npz")}
    captions = (study.path / "runs" / "wide-2" / "captions.jsonl").read_text().splitlines()
    assert len(captions) == 3
    content["base"]["train"]["epochs"] = 3
    with pytest.raises(TrainingError, match="another config"):
        run_study(Study.load(write(tmp_path, content)), official=False, report=silent)


def test_the_subset_holds_the_first_photos_and_links_the_pictures(content, tmp_path: Path):
    study = Study.load(write(tmp_path, content))
    write_subset(study)
    subset = load_dataset(study.path / "data")
    assert [len(subset.of(split)) for split in ("train", "val")] == [4, 3]
    assert all(row.file in subset.store for row in subset.rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "none"}, "not a variant"),
        ({"colour": 1}, "colour"),
        ({"variants": {"narrow": {"model.decoder.speed": 3}}}, "narrow"),
        ({"variants": {"narrow": {"train.speed": 3}}}, "speed"),
    ],
)
def test_unusable_studies_are_usage_errors(content, tmp_path, change, message):
    err = io.StringIO()
    path = write(tmp_path, content | change)
    assert ablate_command(path, official=False, out=io.StringIO(), err=err) == 2
    assert message in err.getvalue()


def test_only_known_variants_can_be_asked_for(content, tmp_path):
    err = io.StringIO()
    assert ablate_command(write(tmp_path, content), only=("huge",), err=err) == 2
    assert "no variant huge" in err.getvalue()


def test_the_study_in_the_repository_loads(monkeypatch):
    monkeypatch.setattr(
        "workers.pipeline.diffusion.architecture.read_architecture",
        lambda path: {"from": str(path)},
    )
    study = Study.load(SHIPPED)
    configs = {name: study.config(name, 1) for name in study.variants}
    kinds = {name: [e.kind for e in config.model.encoders] for name, config in configs.items()}
    assert kinds["both"] == ["efficientnet-lite2", "diffusion"]
    assert kinds["efficientnet"] == ["efficientnet-lite2"]
    assert configs["diffusion-t261"].model.encoders[0].options["timestep"] == 261
    trained = configs["both"].model.encoders[1].options
    untrained = configs["both-untrained"].model.encoders[1].options
    assert untrained.pop("architecture") == {"from": trained["directory"]}
    assert untrained == {key: value for key, value in trained.items() if key != "directory"}
