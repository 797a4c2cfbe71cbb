"""The tokenizer: byte-level BPE with language tokens, and captions as written and learned."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from workers.pipeline.errors import ModelError

PAD = "<|pad|>"
END = "<|end|>"
LANGUAGE_TOKENS = {"en": "<|en|>", "tr": "<|tr|>"}
SPECIAL_TOKENS = (PAD, END, *LANGUAGE_TOKENS.values())

# Turkish has a dotted and a dotless i, each with its own capital.
TURKISH_LOWER = str.maketrans({"I": "\u0131", "\u0130": "i"})
TURKISH_UPPER = str.maketrans({"\u0131": "I", "i": "\u0130"})

_SPACES = re.compile(r"\s+")
_SPACE_BEFORE = re.compile(r"\s+([,.;:!?%)]|'(?:s|re|ve|ll|t|d|m)\b)")
_ENDING = re.compile(r"[\s.!?]+$")


def normalise_caption(text: str, language: str = "en") -> str:
    """The form the decoder learns: lower case, single spaces, no final stop.

    Data sets disagree on case and on " ." at the end; the decoder should not spend capacity on
    either.
    """
    # Composed first, or a decomposed capital İ would leave its dot behind.
    text = unicodedata.normalize("NFC", text)
    # In English text, too, "İ".lower() would leave a combining dot.
    text = text.translate(TURKISH_LOWER) if language == "tr" else text.replace("\u0130", "i")
    joined = _SPACE_BEFORE.sub(r"\1", _SPACES.sub(" ", text.lower()))
    return _ENDING.sub("", joined).strip()


def present_caption(text: str, language: str = "en") -> str:
    """The form people read: first letter upper case, a final stop; an empty caption stays empty."""
    text = _SPACES.sub(" ", text).strip()
    if not text:
        return ""
    first = text[0].translate(TURKISH_UPPER) if language == "tr" else text[0]
    return first.upper() + text[1:] + "."


class CaptionTokenizer:
    """Caption text to token ids and back."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        ids = {token: tokenizer.token_to_id(token) for token in SPECIAL_TOKENS}
        missing = [token for token, number in ids.items() if number is None]
        if missing:
            raise ModelError(f"The tokenizer lacks {', '.join(missing)}.")
        known = {token: number for token, number in ids.items() if number is not None}
        self.pad = known[PAD]
        self.end = known[END]
        self.languages = {name: known[token] for name, token in LANGUAGE_TOKENS.items()}

    @property
    def vocabulary(self) -> int:
        """Number of tokens, special ones included."""
        return int(self.tokenizer.get_vocab_size())

    @property
    def never_generated(self) -> tuple[int, ...]:
        """Tokens that may start or pad a caption but never stand inside one.

        With a foreign tokenizer these include its own special tokens.
        """
        ours = (self.pad, *self.languages.values())
        special = (
            number
            for number, token in sorted(self.tokenizer.get_added_tokens_decoder().items())
            if token.special and number not in {*ours, self.end}
        )
        return (*ours, *special)

    @classmethod
    def train(cls, captions: Iterable[str], vocabulary: int) -> CaptionTokenizer:
        """Learn a byte-level BPE of at most `vocabulary` tokens from normalised captions."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(captions, trainer)
        return cls(tokenizer)

    @classmethod
    def from_gpt2(cls, directory: str | Path) -> CaptionTokenizer:
        """The tokenizer of a GPT-2 directory with our special tokens added at its end.

        Read from tokenizer.json, or vocab.json and merges.txt. Raises `ModelError`.
        """
        tokenizer = _read_gpt2(Path(directory))
        byte_level = isinstance(tokenizer.decoder, decoders.ByteLevel)
        if not byte_level or not isinstance(tokenizer.model, models.BPE):
            raise ModelError(f"The tokenizer in {directory} is no byte-level BPE.")
        # Some files store how they were last used; captions are cut and padded elsewhere.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.add_special_tokens(
            [AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS]
        )
        return cls(tokenizer)

    @classmethod
    def load(cls, path: Path) -> CaptionTokenizer:
        """Read tokenizer.json; raises `ModelError` when it is missing or broken."""
        if not path.is_file():
            raise ModelError(f"{path} is missing.")
        return cls(_parse(path))

    def save(self, path: Path) -> None:
        """Write tokenizer.json."""
        self.tokenizer.save(str(path))

    def encode(self, text: str, language: str, max_tokens: int) -> list[int]:
        """Caption to ids: language token, at most `max_tokens` - 1 caption tokens, end token."""
        # A foreign tokenizer may want tokens of its own around every text; captions have ours.
        plain = self.tokenizer.encode(normalise_caption(text, language), add_special_tokens=False)
        return [self.languages[language], *plain.ids[: max_tokens - 1], self.end]

    def decode(self, ids: Sequence[int], language: str) -> str:
        """Ids without the language token to a caption as people read it."""
        return present_caption(self.tokenizer.decode(list(ids), skip_special_tokens=True), language)


def _parse(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        # The tokenizers library raises a bare Exception for a file it cannot parse.
        raise ModelError(f"{path} is not a tokenizer: {error}.") from error


def _read_gpt2(directory: Path) -> Tokenizer:
    if (directory / "tokenizer.json").is_file():
        return _parse(directory / "tokenizer.json")
    vocabulary, merges = directory / "vocab.json", directory / "merges.txt"
    if not (vocabulary.is_file() and merges.is_file()):
        raise ModelError(f"{directory} has neither tokenizer.json nor vocab.json and merges.txt.")
    try:
        tokenizer = Tokenizer(models.BPE.from_file(str(vocabulary), str(merges)))
    except Exception as error:
        # As above: broken files raise a bare Exception.
        raise ModelError(f"The tokenizer in {directory} cannot be read: {error}.") from error
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
