"""Fixtures of the pipeline tests: one tiny captioner for the whole session, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workers.tiny import build_tiny_captioner
from workers.pipeline.captioner import Captioner


@pytest.fixture(scope="session")
def tiny_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_captioner(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny(tiny_directory: Path) -> Captioner:
    return Captioner.from_pretrained(tiny_directory, threads=1)
