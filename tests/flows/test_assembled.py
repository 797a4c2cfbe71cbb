"""A captioner assembled from pretrained directories by one command captions on a running site."""

import shutil
from pathlib import Path

import pytest
import requests
import yaml
from django.core.management import call_command

from tests.factories import photo_bytes
from tests.flows.site import Site, short_folder, upload
from tests.workers.sources import diffusion_directory, gpt2_directory, vision_directory

pytestmark = pytest.mark.flow

NAME = "stable-diffusion-vit-gpt2"


def recipe(sources: Path) -> dict:
    """The YAML file: the sources are laid out as downloaded ones are, only smaller."""
    diffusion = {
        "directory": str(diffusion_directory(sources / "diffusion")),
        "grid": 4,
        "width": 32,
    }
    vit = {"directory": str(vision_directory(sources / "vit"))}
    gpt2 = {"directory": str(gpt2_directory(sources / "gpt2", steps=60))}
    half = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    return {
        "seed": 2,
        "model": {
            "name": NAME,
            "encoders": [
                {"kind": "diffusion", "preprocess": {"size": 32, **half}, "options": diffusion},
                {"kind": "vit", "preprocess": {"size": 32}, "options": vit},
            ],
            "decoder": gpt2 | {"max_tokens": 12},
        },
    }


@pytest.fixture(scope="module")
def assembled(tmp_path_factory) -> Path:
    """The model directory, written by the command; its sources are gone."""
    folder = tmp_path_factory.mktemp("assembled")
    config = folder / "recipe.yaml"
    config.write_text(yaml.safe_dump(recipe(folder / "sources")))
    with pytest.raises(SystemExit) as left:
        call_command("assemble_captioner", str(config), output=folder / "model")
    assert left.value.code == 0
    shutil.rmtree(folder / "sources")
    return folder / "model"


def test_an_assembled_captioner_captions_on_the_site(assembled: Path):
    with short_folder() as var:
        site = Site(var, assembled).start()
        try:
            image = upload(site.url, photo_bytes(1901))["image"]["id"]
            address = f"{site.url}/api/v1/images/{image}/captions"
            site.wait(lambda: requests.get(address, timeout=10).json()["results"], 30, "captions")
            captions = requests.get(address, timeout=10).json()["results"]
            stored = site.query("SELECT name FROM captions_captionmodel")
        finally:
            assert site.stop() == 0
    assert len(captions) == 3
    assert all(caption["text"] for caption in captions)
    assert all(NAME in caption["model"] for caption in captions)
    assert (NAME,) in stored
