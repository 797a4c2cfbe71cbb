"""`manage.py export_captioner`: what it writes, what it refuses, what it measures."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from django.core.management import call_command

from tests.workers.tiny import tiny_config, tiny_tokenizer
from tests.workers.training.conftest import dataset_folder  # noqa: F401
from workers.export.cli import ExportOptions, export_captioner
from workers.export.measure import MeasureOptions
from workers.export.modules import EncoderModule
from workers.export.onnxfiles import graphs_of
from workers.export.package import ENCODER_FILE, HASHED_FILES, MANIFEST_FILE
from workers.export.runtime import OnnxCaptioner
from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.errors import ModelError
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.weights import revision_of, save_captioner
from workers.training.metrics import quick_cider
from workers.training.report.plots import read_points


def run(options: ExportOptions) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = export_captioner(options, out, err, quick_cider)
    return code, out.getvalue(), err.getvalue()


def test_the_folder_says_what_it_holds(exported: Path, tiny_model: Path):
    assert {path.name for path in exported.iterdir()} == {*HASHED_FILES, MANIFEST_FILE}
    written = json.loads((exported / MANIFEST_FILE).read_text())
    assert written["revision"] == revision_of(tiny_model)
    assert (written["format"], written["opset"]) == ("fp32", 20)
    assert written["shapes"][ENCODER_FILE] == {
        "inputs": {"pixels_0": ["images", 3, 32, 32]},
        "outputs": {"image_tokens": ["images", 4, 32]},
    }
    assert set(written["versions"]) == {"torch", "onnx", "onnxruntime"}


def test_what_cannot_be_exported_is_one_error_and_writes_nothing(tiny_model: Path, tmp_path: Path):
    busy = tmp_path / "busy"
    busy.mkdir()
    (busy / "thesis.txt").write_text("mine")
    cases = [
        (ExportOptions(tmp_path / "gone", tmp_path / "a"), "does not exist"),
        (ExportOptions(tiny_model, tmp_path / "a", opset=9), "choose 18 to 23"),
        (ExportOptions(tiny_model, tiny_model), "is the model itself"),
        (ExportOptions(tiny_model, busy), "holds other files (thesis.txt)"),
        (ExportOptions(tiny_model, busy / "thesis.txt"), "needs a folder"),
        (ExportOptions(tiny_model, tmp_path / "a", measured=tmp_path / "p.json"), "--data"),
    ]
    for options, reason in cases:
        code, out, err = run(options)
        assert (code, out) == (2, "")
        assert reason in err
        assert len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["busy"]
    assert [path.name for path in busy.iterdir()] == ["thesis.txt"]


def test_the_command_leaves_with_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        call_command("export_captioner", str(tmp_path / "gone"), "--output", str(tmp_path / "a"))
    assert left.value.code == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: shutil.rmtree(folder), "does not exist"),
        (lambda folder: (folder / "decoder.onnx").unlink(), "lacks decoder.onnx"),
        (lambda folder: (folder / "encoder.onnx").write_bytes(b"junk"), "encoder.onnx changed"),
        (lambda folder: (folder / "config.json").write_text("{}"), "config.json changed"),
        (lambda folder: (folder / MANIFEST_FILE).write_text("{"), "not the record"),
        (lambda folder: (folder / MANIFEST_FILE).write_text("[]"), "not the record"),
        (lambda folder: (folder / MANIFEST_FILE).write_text('{"a": 1}'), "not the record"),
        (lambda folder: forge(folder, "format", "int3"), "another kind"),
        (lambda folder: forge(folder, "sha256", {}), "another kind"),
    ],
)
def test_a_broken_or_foreign_folder_is_one_clear_error(spoil, reason, exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "copy")
    spoil(folder)
    with pytest.raises(ModelError, match=reason):
        OnnxCaptioner.from_directory(folder)


def forge(folder: Path, key: str, value: object) -> None:
    content = json.loads((folder / MANIFEST_FILE).read_text())
    (folder / MANIFEST_FILE).write_text(json.dumps(content | {key: value}))


def test_a_file_that_onnxruntime_refuses_is_one_clear_error(exported, tmp_path):
    from workers.export.package import digests

    folder = shutil.copytree(exported, tmp_path / "copy")
    (folder / "decoder.onnx").write_bytes(b"junk")
    forge(folder, "sha256", digests(folder))
    with pytest.raises(ModelError, match=r"decoder\.onnx cannot be loaded"):
        OnnxCaptioner.from_directory(folder)


def test_encoders_of_facts_take_the_numbers_of_their_trunk():
    facts = [EncoderConfig(kind, PreprocessConfig(size=1)) for kind in ("hints", "profile", "exif")]
    config = tiny_config()
    network = CaptionNetwork(replace(config, encoders=(*config.encoders, *facts))).eval()
    graph = graphs_of(network)[ENCODER_FILE]
    assert graph.input_names == ["pixels_0", "facts_1", "facts_2", "facts_3"]
    photos = [PhotoFacts("ab", hints=("dog/NOUN",)), PhotoFacts("cd")]
    pixels = [torch.rand(2, 3, 32, 32), *(torch.zeros(2, 3, 1, 1) for _ in facts)]
    inputs = [pixels[0], *network.trunks(pixels, photos)[1:]]
    with torch.inference_mode():
        given = EncoderModule(network).eval()(inputs)
        torch.testing.assert_close(given, network.encode(pixels, photos))


def test_a_diffusion_encoder_is_refused_by_name(tmp_path: Path):
    from tests.workers.pipeline.diffusion_models import config_of, write_stable_diffusion

    source = str(write_stable_diffusion(tmp_path / "sd"))
    tokenizer = tiny_tokenizer()
    config = replace(tiny_config(tokenizer), encoders=(config_of(directory=source),))
    network = CaptionNetwork(config)
    model = save_captioner(tmp_path / "model", network, tokenizer, network.portable_config())
    code, out, err = run(ExportOptions(model, tmp_path / "out"))
    assert (code, out) == (2, "")
    assert "Encoders of kind diffusion cannot be exported: supported are efficientnet" in err
    assert not (tmp_path / "out").exists()


def test_measuring_gives_the_points_of_the_plot(tiny_model, dataset_folder, tmp_path):  # noqa: F811
    points = tmp_path / "figures" / "points.json"
    data = MeasureOptions(dataset_folder, limit=3, threads=1)
    code, out, err = run(ExportOptions(tiny_model, tmp_path / "out", measured=points, data=data))
    assert (code, err) == (0, "")
    found = read_points(points)
    assert [item["name"] for item in found] == [
        "torch fp32",
        "torch int8",
        "onnx fp32",
        "onnx int8",
    ]
    assert len(out.splitlines()) == 4
    for item in found:
        assert item["images_per_second"] > 0
        assert item["images_per_second_batch_1"] > 0
        assert item["photos"] == 3
    assert found[2]["same_captions"] == 1
    assert found[2]["cider"] == found[0]["cider"] > 0
    assert found[3]["megabytes"] < found[2]["megabytes"]
