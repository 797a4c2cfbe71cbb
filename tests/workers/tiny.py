"""A tiny real captioner for the whole suite: it names the colour of a plain picture."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from PIL import Image

from workers.pipeline.config import CaptionerConfig, DecoderConfig, EncoderConfig, PreprocessConfig
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.images import preprocess
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import save_captioner

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 180, 60),
    "blue": (40, 60, 220),
    "yellow": (240, 220, 40),
    "black": (10, 10, 10),
    "white": (245, 245, 245),
}
PATTERNS = (
    "a {} picture",
    "a plain {} picture",
    "a picture that is {}",
    "a large {} square on the wall",
)
STEPS = 120


def plain_photo(
    colour: str = "red", size: tuple[int, int] = (64, 48), file_format: str = "JPEG"
) -> bytes:
    """The bytes of a picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, COLOURS[colour]).save(buffer, file_format)
    return buffer.getvalue()


def tiny_config(tokenizer: CaptionTokenizer | None = None, **changes: object) -> CaptionerConfig:
    """The config of the tiny model; its vocabulary follows the tokenizer."""
    vocabulary = tokenizer.vocabulary if tokenizer else 320
    return CaptionerConfig(
        name="tiny",
        encoders=(EncoderConfig("conv-grid", PreprocessConfig(size=32), {"width": 16}),),
        fuse_layers=1,
        decoder=DecoderConfig(vocabulary, layers=2, width=32, heads=2, max_tokens=16, dropout=0.0),
        **changes,
    )


def tiny_tokenizer() -> CaptionTokenizer:
    """A tokenizer that knows the tiny model's captions word by word."""
    return CaptionTokenizer.train((pattern.format(c) for pattern in PATTERNS for c in COLOURS), 340)


def build_tiny_captioner(directory: str | Path) -> Path:
    """Train the tiny model (two seconds, the same every time) and write its directory."""
    path = Path(directory)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        tokenizer = tiny_tokenizer()
        config = tiny_config(tokenizer)
        network = CaptionNetwork(config)
        _train(network, tokenizer, config)
    return save_captioner(path, network, tokenizer, config, dtype=torch.float32)


def _train(network: CaptionNetwork, tokenizer: CaptionTokenizer, config: CaptionerConfig) -> None:
    pixels = torch.stack(
        [preprocess(plain_photo(c), config.encoders[0].preprocess) for c in COLOURS]
    )
    rows = [tokenizer.encode(pattern.format(c), "en", 16) for c in COLOURS for pattern in PATTERNS]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [tokenizer.pad] * (longest - len(row)) for row in rows])
    photos = [PhotoFacts(colour) for colour in COLOURS]
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for _ in range(STEPS):
        state = network.decoder.begin(network.encode([pixels], photos))
        logits = network.decoder(ids[:, :-1], state)
        loss = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=tokenizer.pad
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
