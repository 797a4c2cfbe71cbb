"""A tiny real captioner for the whole suite: it names the colour of a plain picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
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
TURKISH_COLOURS = {
    "red": "kırmızı",
    "green": "yeşil",
    "blue": "mavi",
    "yellow": "sarı",
    "black": "siyah",
    "white": "beyaz",
}
TURKISH_PATTERNS = (
    "{} bir resim",
    "düz {} bir resim",
    "iç içe {} bir resim",
    "duvarda büyük {} bir kare",
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


def tiny_sentences(colour: str, language: str = "en") -> list[str]:
    """Everything that the tiny model learns to say of one colour, normalised."""
    if language == "tr":
        return [pattern.format(TURKISH_COLOURS[colour]) for pattern in TURKISH_PATTERNS]
    return [pattern.format(colour) for pattern in PATTERNS]


def tiny_tokenizer(languages: Sequence[str] = ("en",)) -> CaptionTokenizer:
    """A tokenizer that knows the tiny model's captions word by word."""
    if tuple(languages) == ("en",):
        captions = [pattern.format(c) for pattern in PATTERNS for c in COLOURS]
        return CaptionTokenizer.train(captions, 340)
    captions = [text for lang in languages for c in COLOURS for text in tiny_sentences(c, lang)]
    return CaptionTokenizer.train(captions, 420)


def build_tiny_captioner(directory: str | Path, languages: Sequence[str] = ("en",)) -> Path:
    """Train the tiny model (two seconds, the same every time) and write its directory.

    With `languages` ("en", "tr") it says the same in both.
    """
    path = Path(directory)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        tokenizer = tiny_tokenizer(languages)
        config = tiny_config(tokenizer, languages=tuple(languages))
        network = CaptionNetwork(config)
        _train(network, tokenizer, config)
    return save_captioner(path, network, tokenizer, config, dtype=torch.float32)


def _train(network: CaptionNetwork, tokenizer: CaptionTokenizer, config: CaptionerConfig) -> None:
    pixels = torch.stack(
        [preprocess(plain_photo(c), config.encoders[0].preprocess) for c in COLOURS]
    )
    rows = [
        tokenizer.encode(text, language, 16)
        for c in COLOURS
        for language in config.languages
        for text in tiny_sentences(c, language)
    ]
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
