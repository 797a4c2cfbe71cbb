"""Exports of the tiny captioner, written once: tracing a graph takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.export.onnxfiles import export
from workers.export.runtime import OnnxCaptioner


@pytest.fixture(scope="session")
def exported(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny captioner in fp32."""
    folder = tmp_path_factory.mktemp("exported") / "fp32"
    export(tiny_model, folder)
    return folder


@pytest.fixture(scope="session")
def exported_int8(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny captioner in int8, over an older export."""
    folder = tmp_path_factory.mktemp("exported") / "int8"
    export(tiny_model, folder, int8=True)
    return folder


@pytest.fixture(scope="session")
def onnx_captioner(exported: Path) -> OnnxCaptioner:
    """The fp32 export, loaded."""
    return OnnxCaptioner.from_directory(exported, threads=1)
