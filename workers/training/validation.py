"""Validation during training: captions from cached features, scored by CIDEr without Java."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from workers.pipeline.config import DecodingConfig
from workers.pipeline.decoding.base import DecodingOptions
from workers.pipeline.decoding.registry import build_strategy
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer, normalise_caption
from workers.training.data import CaptionedPhoto
from workers.training.metrics import quick_cider
from workers.training.prepare import Prepared

BATCH = 50


def validation_cider(prepared: Prepared) -> dict[str, float]:
    """CIDEr of the network on each language's validation split, words split plainly.

    Close to the official figure, which uses the PTB tokenizer, and good enough to choose an epoch
    by.
    """
    return {language: _cider(prepared, language) for language in prepared.languages}


def _cider(prepared: Prepared, language: str) -> float:
    rows = prepared.validation_of(language)
    rows = rows[: prepared.config.train.validation_limit or len(rows)]
    captions = list(captions_from_features(prepared, rows, language))
    references = {
        row.file: [normalise_caption(text, language) for text in row.captions] for row in rows
    }
    candidates = {
        row.file: normalise_caption(text, language)
        for row, text in zip(rows, captions, strict=True)
    }
    return quick_cider(references, candidates)


@torch.inference_mode()
def captions_from_features(
    prepared: Prepared, rows: Sequence[CaptionedPhoto], language: str
) -> Iterator[str]:
    """The network's caption of each row, from cached features, by the validation strategy."""
    network = prepared.network.eval()
    config = prepared.config
    strategy = build_strategy(config.train.validation_strategy, DecodingConfig(beam_width=3))
    options = _options(network, prepared.tokenizer, language)
    device = next(network.parameters()).device
    for start in range(0, len(rows), BATCH):
        hashes = [prepared.hashes[row.file] for row in rows[start : start + BATCH]]
        memory = network.image_tokens(
            [cache.read(hashes, [0] * len(hashes)).to(device) for cache in prepared.caches]
        )
        for found in strategy.decode(network.decoder, memory, options, 1, [0] * len(hashes)):
            yield prepared.tokenizer.decode(found[0].ids, language)


def _options(
    network: CaptionNetwork, tokenizer: CaptionTokenizer, language: str
) -> DecodingOptions:
    return DecodingOptions(
        start=tokenizer.languages[language],
        end=tokenizer.end,
        banned=tokenizer.never_generated,
        max_tokens=network.config.decoder.max_tokens,
    )
