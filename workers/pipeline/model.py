"""One captioner as one thing: network and tokenizer, saved to and loaded from one directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from workers.pipeline.config import CaptionerConfig
from workers.pipeline.errors import ModelError
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    load_network,
    require_files,
    revision_of,
    save_captioner,
)


@dataclass(frozen=True)
class PretrainedCaptioner:
    """What a model directory holds; the directory is the version, named by its revision."""

    network: CaptionNetwork
    tokenizer: CaptionTokenizer

    @property
    def config(self) -> CaptionerConfig:
        """Everything that is not a weight."""
        return self.network.config

    @classmethod
    def from_pretrained(cls, directory: str | Path) -> PretrainedCaptioner:
        """Load config.json, tokenizer.json and model.safetensors, in float32 and frozen.

        Raises `ModelError` naming the file that is missing or does not fit.
        """
        path = Path(directory)
        require_files(path)
        config = CaptionerConfig.load(path / CONFIG_FILE)
        tokenizer = CaptionTokenizer.load(path / TOKENIZER_FILE)
        if tokenizer.vocabulary > config.decoder.vocabulary:
            raise ModelError(f"The tokenizer in {path} has more tokens than its decoder.")
        return cls(load_network(path, config), tokenizer)

    def save_pretrained(self, directory: str | Path, dtype: torch.dtype = torch.float16) -> str:
        """Write a directory that needs no source of its weights; returns its revision."""
        path = Path(directory)
        save_captioner(path, self.network, self.tokenizer, self.network.portable_config(), dtype)
        return revision_of(path)
