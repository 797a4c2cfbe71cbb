"""`manage.py bench_captioner`: the shape of its lines, and one error for what it cannot do."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from workers.bench.cli import BenchOptions, bench_captioner

KEYS = {
    "strategy",
    "width",
    "batch",
    "dtype",
    "cached",
    "images_per_second",
    "generate_images_per_second",
    "ratio",
    "generate_prepared_images_per_second",
    "same_captions",
    "threads",
    "torch",
    "model",
}


def run(options: BenchOptions) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return bench_captioner(options, out, err), out.getvalue(), err.getvalue()


def test_json_has_one_line_a_case(tiny_model: Path):
    options = BenchOptions(tiny_model, (2,), ("greedy", "beam5"), quick=True, as_json=True)
    code, out, err = run(options)
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert {(x["strategy"], x["width"], x["dtype"], x["cached"]) for x in lines} == {
        (strategy, width, dtype, cached)
        for strategy, width in (("greedy", 1), ("beam", 5))
        for dtype in ("fp32", "int8")
        for cached in (True, False)
    }
    for line in lines:
        assert set(line) == KEYS
        assert line["images_per_second"] > 0
        assert line["model"].startswith("tiny@")
        if line["dtype"] == "fp32":
            assert line["same_captions"] == 1


def test_the_table_has_a_row_a_case(tiny_model: Path, capsys: pytest.CaptureFixture[str]):
    wanted = ["--quick", "--batch", "1", "--strategy", "greedy"]
    with pytest.raises(SystemExit) as left:
        call_command("bench_captioner", "--model", str(tiny_model), *wanted)
    assert left.value.code == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["strategy", "width", "batch"]
    assert [row.split()[:5] for row in rows] == [
        ["greedy", "1", "1", dtype, cached]
        for dtype in ("fp32", "int8")
        for cached in ("True", "False")
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": Path("nowhere")}, "nowhere does not exist"),
        ({"batches": (0,)}, "choose 1 to"),
        ({"strategies": ("beam7",)}, "greedy, beam5, beam10"),
    ],
)
def test_what_cannot_be_measured_is_one_error(tiny_model: Path, changes: dict, words: str):
    code, out, err = run(BenchOptions(**{"model": tiny_model, **changes}))
    assert (code, out) == (2, "")
    assert words in err
    assert len(err.splitlines()) == 1
