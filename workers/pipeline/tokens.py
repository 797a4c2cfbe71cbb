"""The tokenizer: byte-level BPE with language tokens, and the way between captions as written and as learned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from workers.pipeline.errors import ModelError

PAD = "<|pad|>"
END = "<|end|>"
LANGUAGE_TOKENS = {"en": "<|en|>", "tr": "<|tr|>"}
SPECIAL_TOKENS = (PAD, END, *LANGUAGE_TOKENS.values())

_SPACES = re.compile(r"\s+")
_SPACE_BEFORE = re.compile(r"\s+([,.;:!?%)]|'(?:s|re|ve|ll|t|d|m)\b)")
_ENDING = re.compile(r"[\s.!?]+$")


def normalise_caption(text: str, language: str = "en") -> str:
    """The form the decoder learns: lower case, single spaces, no space before punctuation, no final stop.

    Data sets disagree on case and on " ." at the end; the decoder should not spend capacity on
    either.
    """
    if language == "tr":
        text = text.replace("I", "ı").replace("İ", "i")
    joined = _SPACE_BEFORE.sub(r"\1", _SPACES.sub(" ", text.lower()))
    return _ENDING.sub("", joined).strip()


def present_caption(text: str, language: str = "en") -> str:
    """The form people read: first letter upper case, a final stop; an empty caption stays empty."""
    text = _SPACES.sub(" ", text).strip()
    if not text:
        return ""
    first = (
        {"i": "İ", "ı": "I"}.get(text[0], text[0].upper()) if language == "tr" else text[0].upper()
    )
    return first + text[1:] + "."


class CaptionTokenizer:
    """Caption text to token ids and back."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        missing = [token for token in SPECIAL_TOKENS if tokenizer.token_to_id(token) is None]
        if missing:
            raise ModelError(f"The tokenizer lacks {', '.join(missing)}.")
        self.pad: int = tokenizer.token_to_id(PAD)
        self.end: int = tokenizer.token_to_id(END)
        self.languages = {
            name: tokenizer.token_to_id(token) for name, token in LANGUAGE_TOKENS.items()
        }

    @property
    def vocabulary(self) -> int:
        """Number of tokens, special ones included."""
        return int(self.tokenizer.get_vocab_size())

    @property
    def never_generated(self) -> tuple[int, ...]:
        """Tokens that may start or pad a caption but never stand inside one."""
        return (self.pad, *self.languages.values())

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
    def load(cls, path: Path) -> CaptionTokenizer:
        """Read tokenizer.json; raises `ModelError` when it is missing or broken."""
        if not path.is_file():
            raise ModelError(f"{path} is missing.")
        try:
            return cls(Tokenizer.from_file(str(path)))
        except ModelError:
            raise
        except Exception as error:
            # The tokenizers library raises a bare Exception for a file it cannot parse.
            raise ModelError(f"{path} is not a tokenizer: {error}.") from error

    def save(self, path: Path) -> None:
        """Write tokenizer.json."""
        self.tokenizer.save(str(path))

    def encode(self, text: str, language: str, max_tokens: int) -> list[int]:
        """Caption to ids: the language token, at most `max_tokens` - 1 caption tokens, the end token."""
        ids = self.tokenizer.encode(normalise_caption(text, language)).ids[: max_tokens - 1]
        return [self.languages[language], *ids, self.end]

    def decode(self, ids: Sequence[int], language: str) -> str:
        """Ids without the language token to a caption as people read it."""
        return present_caption(self.tokenizer.decode(list(ids), skip_special_tokens=True), language)
