"""What a diffusion encoder says of options and directories that are of no use to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from tests.workers.pipeline.diffusion_models import config_of, encoder_of, write_stable_diffusion
from workers.pipeline.encoders import build_encoder
from workers.pipeline.errors import ModelError


@pytest.fixture(scope="module")
def stable_diffusion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stable_diffusion(tmp_path_factory.mktemp("sd21"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"block": "up4"}, "Unknown block 'up4' of the U-Net: choose mid, up0, up1, up2, up3."),
        ({"block": "down1"}, "Unknown block 'down1'"),
        ({"timestep": 1000}, "Timestep 1000 is outside 0 to 999."),
        ({"timestep": -1}, "timestep is a whole number from 0, not -1"),
        ({"draws": 0}, "draws is a whole number from 1, not 0"),
        ({"grid": "8"}, "grid is a whole number from 1, not '8'"),
        ({"block": "mid", "grid": 8}, "Block mid gives 1 x 1 places at 64 pixels"),
        ({"time": 3}, "no option time"),
        ({"directory": "/nowhere"}, "The diffusion model directory /nowhere does not exist."),
    ],
)
def test_bad_options_are_named(stable_diffusion: Path, options: dict[str, Any], message: str):
    with pytest.raises(ModelError) as caught:
        build_encoder(config_of(**{"directory": str(stable_diffusion), **options}))
    assert message in str(caught.value)


def test_a_directory_is_needed():
    with pytest.raises(ModelError, match="needs the option directory"):
        build_encoder(config_of())


def spoil_config(part: str, **changes: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / part / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return spoil


def spoil_weights(folder: Path) -> None:
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"nothing")


def lose_a_tensor(folder: Path) -> None:
    path = folder / "unet" / "diffusion_pytorch_model.safetensors"
    state = load_file(path)
    del state["conv_in.weight"]
    save_file(state, path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "vae" / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "unet" / "config.json").write_text("{"), "not valid JSON"),
        (spoil_config("vae", _class_name="VQModel"), "The autoencoder is a VQModel"),
        (spoil_config("unet", _class_name="Other"), "The U-Net is a Other"),
        (spoil_config("unet", addition_embed_type="text_time"), "addition_embed_type 'text_time'"),
        (spoil_config("unet", in_channels=9), "do not fit together"),
        (spoil_config("unet", block_out_channels=[8]), "UNet2DConditionModel is not usable"),
        (spoil_config("unet", layers_per_block=1), "is [48], not [40]"),
        (spoil_weights, "cannot be read"),
        (lose_a_tensor, "lacks conv_in.weight"),
        (lambda folder: shutil.rmtree(folder / "tokenizer"), "The text encoder in"),
    ],
)
def test_bad_directories_are_named(
    stable_diffusion: Path, tmp_path: Path, spoil: Callable[[Path], None], message: str
):
    folder = tmp_path / "spoilt"
    shutil.copytree(stable_diffusion, folder)
    spoil(folder)
    with pytest.raises(ModelError) as caught:
        encoder_of(config_of(directory=str(folder), block="up1"))
    assert message in str(caught.value)
