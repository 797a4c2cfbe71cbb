"""config.json: what it holds, what an old one means today, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workers.tiny import tiny_config
from workers.pipeline.config import CalibrationConfig, CaptionerConfig
from workers.pipeline.errors import ModelError

# As written by the first release: files like this one must load for ever.
FIRST_RELEASE = {
    "calibration": {"levels": [0.4, 0.65], "offset": 4.7, "scale": 5.3, "target": "words"},
    "decoder": {
        "dropout": 0.2,
        "heads": 4,
        "layers": 3,
        "max_tokens": 40,
        "vocabulary": 4000,
        "width": 256,
    },
    "decoding": {
        "beam_width": 5,
        "length_penalty": 1.0,
        "sampling_temperature": 0.7,
        "top_p": 0.9,
    },
    "encoders": [
        {
            "kind": "efficientnet-lite2",
            "options": {"frozen_blocks": 15},
            "preprocess": {
                "mean": [0.498, 0.498, 0.498],
                "mode": "squash",
                "resize": 0,
                "size": 260,
                "std": [0.502, 0.502, 0.502],
            },
        }
    ],
    "fuse_layers": 1,
    "languages": ["en"],
    "name": "capsite-mini",
}


def test_a_config_of_the_first_release_means_what_it_meant():
    config = CaptionerConfig.from_dict(FIRST_RELEASE)
    assert config.decoder.directory == ""
    assert config.encoders[0].preprocess.mean == (0.498, 0.498, 0.498)
    again = json.loads(config.to_json())
    for section, values in FIRST_RELEASE.items():
        if isinstance(values, dict):
            assert values.items() <= again[section].items()
        else:
            assert again[section] == values


def test_config_survives_json_and_names_unknown_keys(tmp_path: Path):
    config = tiny_config()
    (tmp_path / "config.json").write_text(config.to_json())
    assert CaptionerConfig.load(tmp_path / "config.json") == config
    with pytest.raises(ModelError, match="colour"):
        CaptionerConfig.from_dict({"colour": 1})


def test_it_says_which_encoders_are_there():
    config = tiny_config()
    assert config.has_encoder("conv-grid")
    assert not config.has_encoder("exif")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"encoders": 3}, "not usable"),
        ({"encoders": [{"options": 3}]}, "options"),
        ({"encoders": [{"kind": 3}]}, "kind must be of type str, not 3"),
        ({"encoders": [{"preprocess": {"size": "big"}}]}, "size must be of type int, not 'big'"),
        ({"encoders": [{"preprocess": {"size": 0}}]}, "at least 1"),
        ({"encoders": [{"preprocess": {"mode": "stretch"}}]}, "squash or crop"),
        ({"decoder": {"layers": 0}}, "at least 1"),
        ({"decoder": {"layers": True}}, "layers"),
        ({"decoder": {"width": 100, "heads": 3}}, "multiple of heads 3"),
        ({"decoder": {"directory": 4}}, "directory"),
        ({"decoder": None}, "not usable"),
        ({"name": ["a"]}, "name"),
        ({"fuse_layers": 1.5}, "fuse_layers"),
    ],
)
def test_values_of_the_wrong_kind_are_named(data, said):
    with pytest.raises(ModelError, match=said):
        CaptionerConfig.from_dict(data)


def test_a_whole_number_will_do_for_a_float():
    assert CaptionerConfig.from_dict({"decoder": {"dropout": 0}}).decoder.dropout == 0


def test_a_language_and_strategy_may_have_a_calibration_of_its_own(tmp_path: Path):
    calibration = CalibrationConfig(2.0, 1.0, fits={"tr/beam": (3.0, 0.5)})
    config = replace(tiny_config(), calibration=calibration)
    (tmp_path / "config.json").write_text(config.to_json(), encoding="utf-8")
    loaded = CaptionerConfig.load(tmp_path / "config.json").calibration
    assert loaded == calibration
    assert (loaded.of("tr", "beam").scale, loaded.of("tr", "beam").offset) == (3.0, 0.5)
    assert (loaded.of("en", "beam").scale, loaded.of("tr", "nucleus").offset) == (2.0, 1.0)
