"""A captioner by configuration alone: from directories that it needs no more afterwards."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests.workers.sources import gpt2_directory, vision_directory, vision_model
from tests.workers.tiny import plain_photo, tiny_config, tiny_tokenizer
from workers.pipeline.assemble import network_from_sources
from workers.pipeline.captioner import Captioner
from workers.pipeline.config import DecoderConfig
from workers.pipeline.contract import CaptionRequest
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.model import PretrainedCaptioner
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.training.assembly import assemble_command


@pytest.fixture
def recipe(tmp_path: Path) -> dict[str, Any]:
    """The values of a YAML file: a ViT, a ResNet, EXIF and a GPT-2."""
    sources = tmp_path / "sources"
    vit = {"directory": str(vision_directory(sources / "vit"))}
    resnet = {"directory": str(vision_directory(sources / "resnet", "resnet"))}
    gpt2 = {"directory": str(gpt2_directory(sources / "gpt2")), "max_tokens": 12}
    encoders = [
        {"kind": "vit", "preprocess": {"size": 32}, "options": vit},
        {"kind": "resnet", "preprocess": {"size": 32}, "options": resnet},
        {"kind": "exif", "preprocess": {"size": 1}},
    ]
    return {"seed": 3, "model": {"name": "whole", "encoders": encoders, "decoder": gpt2}}


def run(tmp_path: Path, recipe: object, output: str = "model") -> tuple[int, str, str]:
    """Exit code, output and errors of the command."""
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe if isinstance(recipe, str) else yaml.safe_dump(recipe))
    out, err = io.StringIO(), io.StringIO()
    code = assemble_command(path, tmp_path / output, "float32", out, err)
    return code, out.getvalue(), err.getvalue()


def test_it_captions_when_its_sources_are_gone(tmp_path: Path, recipe):
    code, out, err = run(tmp_path, recipe)
    assert (code, err) == (0, "")
    shutil.rmtree(tmp_path / "sources")
    captioner = Captioner.from_pretrained(tmp_path / "model")
    assert f"whole@{captioner.revision}" in out
    assert str(tmp_path / "sources") not in (tmp_path / "model" / "config.json").read_text()
    outcomes = captioner.caption(
        [CaptionRequest(plain_photo(), strategy) for strategy in ("beam", "greedy", "nucleus")]
    )
    assert [outcome.error for outcome in outcomes] == [None] * 3


def test_every_pretrained_weight_is_copied(tmp_path: Path, recipe):
    run(tmp_path, recipe)
    model = PretrainedCaptioner.from_pretrained(tmp_path / "model")
    state = model.network.state_dict()
    for index, kind in enumerate(("vit", "resnet")):
        source = vision_model(kind)
        tower = source.resnet if kind == "resnet" else source
        for name, value in tower.state_dict().items():
            if "pooler" not in name and not name.endswith("num_batches_tracked"):
                assert torch.equal(state[f"encoders.{index}.net.{name}"], value), name


def test_it_says_what_must_be_trained(tmp_path: Path, recipe):
    _, out, _ = run(tmp_path, recipe)
    lines = {line.split(":")[0].strip(): line for line in out.splitlines() if "seed" in line}
    assert list(lines) == ["encoder vit", "encoder resnet", "encoder exif", "fuse", "decoder"]
    assert ", 0 started" in lines["encoder vit"]
    assert " 0 pretrained" in lines["encoder exif"]
    assert " 0 pretrained" in lines["fuse"]
    assert f"{4 * 32 + 2 * (4 * 32**2 + 6 * 32):,} started from seed 3" in lines["decoder"]
    assert "Train it" in out


def test_a_seed_gives_the_same_version_and_another_does_not(tmp_path: Path, recipe):
    names = [run(tmp_path, recipe | {"seed": seed}, f"m{i}")[1] for i, seed in enumerate((3, 3, 4))]
    revisions = [name.split("@")[1][:12] for name in names]
    assert revisions[0] == revisions[1] != revisions[2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: "model: [", "not valid YAML"),
        (lambda r: "- 1", "mapping"),
        (lambda r: r | {"modle": {}}, "modle"),
        (lambda r: r["model"].update(fuse=1) or r, "fuse"),
        (lambda r: r["model"]["decoder"].update(directory="") or r, "decoder.directory"),
        (lambda r: r["model"]["decoder"].update(directory="/nowhere") or r, "/nowhere"),
        (lambda r: r["model"]["encoders"][0].update(kind="eye") or r, "eye"),
        (lambda r: r["model"]["encoders"][0].pop("options") and r, "directory"),
        (lambda r: r["model"]["encoders"][0].update(kind="resnet") or r, "use kind vit"),
        (lambda r: r["model"]["decoder"].update(max_tokens=99) or r, "64 positions"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path: Path, recipe, change, said):
    code, out, err = run(tmp_path, change(recipe))
    assert (code, out) == (2, "")
    assert said in err
    assert not (tmp_path / "model").exists()


def test_training_builds_the_same_network_as_ever_without_sources():
    config = replace(tiny_config(), encoders=tiny_config().encoders * 2)
    torch.manual_seed(1)
    network, parts = network_from_sources(config, tiny_tokenizer())
    torch.manual_seed(1)
    plain = CaptionNetwork(network.config)
    assert network.config.decoder.vocabulary == tiny_tokenizer().vocabulary
    assert network.config.encoders == config.encoders
    assert all(map(torch.equal, network.parameters(), plain.parameters()))
    assert sum(part.fresh for part in parts) == sum(p.numel() for p in network.parameters())


def test_training_reaches_a_decoder_from_gpt2(tmp_path: Path):
    directory = gpt2_directory(tmp_path / "gpt2")
    decoder = DecoderConfig(max_tokens=12, directory=str(directory))
    tokenizer = CaptionTokenizer.from_gpt2(directory)
    network, _ = network_from_sources(replace(tiny_config(), decoder=decoder), tokenizer)
    memory = network.encode([torch.randn(2, 3, 32, 32)], [PhotoFacts("a"), PhotoFacts("b")])
    tokens = torch.tensor([tokenizer.encode("a red picture", "en", 12)] * 2)
    network.decoder(tokens, network.decoder.begin(memory)).square().mean().backward()
    assert network.fuse.types.grad.abs().sum() > 0
    assert network.decoder.gpt2.transformer.wte.weight.grad[tokens[0, 0]].abs().sum() > 0
    assert network.config.decoder.directory == ""


def test_no_captioner_is_overwritten(tmp_path: Path, recipe):
    run(tmp_path, recipe)
    code, _, err = run(tmp_path, recipe)
    assert code == 2
    assert "already holds" in err
    assert "is a file" in run(tmp_path, recipe, "recipe.yaml")[2]


def test_the_command_runs(tmp_path: Path, recipe, capsys):
    from django.core.management import call_command

    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    with pytest.raises(SystemExit) as left:
        call_command("assemble_captioner", str(tmp_path / "recipe.yaml"), output=tmp_path / "model")
    assert left.value.code == 0
    assert "whole@" in capsys.readouterr().out
