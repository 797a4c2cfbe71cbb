"""The command line: exit codes, JSON lines, and one sentence on stderr for each bad file."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from tests.workers.tiny import COLOURS, plain_photo
from workers.pipeline.cli import CaptionOptions, caption_files


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    paths = []
    for colour in COLOURS:
        path = tmp_path / f"{colour}.jpg"
        path.write_bytes(plain_photo(colour))
        paths.append(str(path))
    return paths


def run(files: list[str], model: Path, **options: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = caption_files(files, CaptionOptions(model, **options), out, err)
    return code, out.getvalue(), err.getvalue()


def test_json_lines_follow_the_order_of_the_files(photos, tiny_model):
    code, out, err = run(photos * 3, tiny_model, as_json=True, num=2)
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [line["file"] for line in lines] == photos * 3
    for line, colour in zip(lines, list(COLOURS) * 3, strict=True):
        assert line["model"].startswith("tiny@")
        assert len(line["captions"]) == 2
        assert colour in line["captions"][0]["text"]
        assert set(line["captions"][0]) == {
            "text",
            "confidence",
            "strategy",
            "language",
            "rank",
            "log_probability",
        }


def test_text_shows_confidence_level_and_caption(photos, tiny_model):
    code, out, _ = run(photos[:1], tiny_model, num=1)
    assert code == 0
    assert out.splitlines()[0] == photos[0]
    assert "red" in out.splitlines()[1]
    assert any(word in out for word in ("low", "medium", "high"))


def test_bad_files_are_named_and_the_others_go_through(photos, tiny_model, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    bad = [str(tmp_path / "gone.jpg"), str(tmp_path), str(text), str(pipe)]
    code, out, err = run([photos[0], *bad, photos[1]], tiny_model, as_json=True)
    assert code == 1
    assert [json.loads(line)["file"] for line in out.splitlines()] == photos[:2]
    reasons = ["no such file", "a directory", "cannot be read as a picture", "not a regular file"]
    for file, reason in zip(bad, reasons, strict=True):
        assert any(line.startswith(file) and reason in line for line in err.splitlines())
    assert len(err.splitlines()) == len(bad)


def test_a_missing_model_is_a_usage_error(photos, tmp_path):
    code, out, err = run(photos, tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert "does not exist" in err


@pytest.mark.parametrize("options", [{"num": 0}, {"num": 99}, {"strategy": "luck"}])
def test_bad_options_are_usage_errors(photos, tiny_model, options):
    code, out, err = run(photos, tiny_model, **options)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_a_language_the_model_lacks_is_said_once(photos, tiny_model):
    code, out, err = run(photos[:2], tiny_model, language="tr", as_json=True)
    assert code == 0
    assert err.count("English") == 1
    assert json.loads(out.splitlines()[0])["captions"][0]["language"] == "en"


def test_a_seed_gives_the_same_lines(photos, tiny_model):
    first = run(photos, tiny_model, strategy="nucleus", seed=5, as_json=True)
    assert first == run(photos, tiny_model, strategy="nucleus", seed=5, as_json=True)
