"""Decoder pre-training: the decoder reads captions without photos, as a plain language model."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import torch

from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.training.batches import pad_rows
from workers.training.config import TrainingConfig
from workers.training.errors import TrainingError
from workers.training.optim import caption_loss, warmup_cosine
from workers.training.precision import autocast
from workers.training.runs import Run, save_atomically


def read_sentences(path: str) -> list[str]:
    """The non-empty lines of a text file; raises `TrainingError` when it cannot be read."""
    try:
        return [
            line for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()
        ]
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"The text file {path} cannot be read: {error}.") from error


def pretrain_decoder(
    network: CaptionNetwork, tokenizer: CaptionTokenizer, config: TrainingConfig, run: Run
) -> None:
    """Pre-train in place, or take the result of an earlier start of the same run."""
    path = run.folder / "pretrained.pt"
    decoder = network.decoder
    if path.is_file():
        decoder.load_state_dict(torch.load(path, weights_only=True))
        return
    batches = list(_batches(tokenizer, config))
    optimizer = torch.optim.AdamW(
        decoder.parameters(), lr=config.pretrain.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_cosine(step, len(batches), config.train.warmup)
    )
    decoder.train()
    for step, ids in enumerate(batches):
        with autocast(config.train.precision):
            logits = decoder(ids[:, :-1], decoder.begin(None))
            loss = caption_loss(logits, ids[:, 1:], tokenizer.pad, config.train.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), config.train.clip)
        optimizer.step()
        scheduler.step()
        if step % 50 == 0:
            run.log("pretrain", step=step, steps=len(batches), loss=round(loss.item(), 4))
    save_atomically(decoder.state_dict(), path)


def _batches(tokenizer: CaptionTokenizer, config: TrainingConfig) -> Iterator[torch.Tensor]:
    """Ids [batch, T] of sentences of similar length, so that little of a batch is padding.

    Shuffled.
    """
    chance = random.Random(config.seed)
    size, language = config.pretrain.batch, config.pretrain.language
    limit = config.model.decoder.max_tokens
    sentences = read_sentences(config.pretrain.text)
    rows = [tokenizer.encode(sentence, language, limit) for sentence in sentences]
    wanted = round(len(rows) * config.pretrain.epochs)
    chosen = [
        row for _ in range(-(-wanted // len(rows))) for row in chance.sample(rows, len(rows))
    ][:wanted]
    chosen.sort(key=lambda row: len(row) + chance.random())
    starts = list(range(0, len(chosen), size))
    chance.shuffle(starts)
    for start in starts:
        yield pad_rows(chosen[start : start + size], tokenizer.pad)
