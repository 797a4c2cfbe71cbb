"""Validation during training: captions from cached features, scored by CIDEr without Java."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from workers.pipeline.config import DecodingConfig
from workers.pipeline.decoding.base import DecodingOptions
from workers.pipeline.decoding.registry import build_strategy
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.training.data import CaptionedPhoto
from workers.training.metrics import quick_cider
from workers.training.prepare import Prepared

BATCH = 50


def validation_cider(prepared: Prepared) -> float:
    """CIDEr of the network on the validation split, words split at spaces and punctuation.

    Close to the official figure, which uses the PTB tokenizer, and good enough to choose an epoch
    by.
    """
    config = prepared.config
    limit = config.train.validation_limit or len(prepared.validation)
    rows = prepared.validation[:limit]
    captions = list(_captions(prepared, rows))
    references = {row.file: list(row.captions) for row in rows}
    return quick_cider(
        references, {row.file: text for row, text in zip(rows, captions, strict=True)}
    )


@torch.inference_mode()
def _captions(prepared: Prepared, rows: Sequence[CaptionedPhoto]) -> Iterator[str]:
    network = prepared.network.eval()
    config = prepared.config
    strategy = build_strategy(config.train.validation_strategy, DecodingConfig(beam_width=3))
    options = _options(network, prepared.tokenizer, config.data.language)
    for start in range(0, len(rows), BATCH):
        hashes = [prepared.hashes[row.file] for row in rows[start : start + BATCH]]
        memory = network.image_tokens(
            [cache.read(hashes, [0] * len(hashes)) for cache in prepared.caches]
        )
        for found in strategy.decode(network.decoder, memory, options, 1, [0] * len(hashes)):
            yield prepared.tokenizer.decode(found[0].ids, config.data.language)


def _options(
    network: CaptionNetwork, tokenizer: CaptionTokenizer, language: str
) -> DecodingOptions:
    return DecodingOptions(
        start=tokenizer.languages[language],
        end=tokenizer.end,
        banned=tokenizer.never_generated,
        max_tokens=network.config.decoder.max_tokens,
    )
