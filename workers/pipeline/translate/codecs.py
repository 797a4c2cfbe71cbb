"""Sentences to a Marian model's token ids and back, from either form its tokenizer comes in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from tokenizers import Tokenizer

from workers.pipeline.errors import ModelError

TOKENIZER_FILE = "tokenizer.json"
SENTENCEPIECE_FILES = ("source.spm", "target.spm", "vocab.json")


class Codec(Protocol):
    """What a translator needs of a tokenizer; ids come without padding."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Source sentences to ids."""

    def decode(self, rows: Sequence[Sequence[int]]) -> list[str]:
        """Rows of ids to target sentences, special tokens left out."""


class FastCodec:
    """A `tokenizer.json`, read by the tokenizers library."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Source sentences to ids."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]

    def decode(self, rows: Sequence[Sequence[int]]) -> list[str]:
        """Rows of ids to target sentences."""
        return self._tokenizer.decode_batch([list(row) for row in rows], skip_special_tokens=True)


class MarianCodec:
    """The `source.spm`, `target.spm` and `vocab.json` that Marian models are published with."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Source sentences to ids."""
        return [list(row) for row in self._tokenizer(list(texts)).input_ids]

    def decode(self, rows: Sequence[Sequence[int]]) -> list[str]:
        """Rows of ids to target sentences."""
        return list(self._tokenizer.batch_decode(rows, skip_special_tokens=True))


def load_codec(directory: Path) -> Codec:
    """Read a directory's tokenizer; `tokenizer.json` goes first, as it needs no other package.

    Raises `ModelError` naming the file or the package that is missing.
    """
    if (directory / TOKENIZER_FILE).is_file():
        try:
            return FastCodec(Tokenizer.from_file(str(directory / TOKENIZER_FILE)))
        except Exception as error:
            # The tokenizers library raises a bare Exception for a file it cannot parse.
            raise ModelError(f"{directory / TOKENIZER_FILE} is no tokenizer: {error}.") from error
    missing = [name for name in SENTENCEPIECE_FILES if not (directory / name).is_file()]
    if missing:
        raise ModelError(
            f"The translator in {directory} needs {TOKENIZER_FILE}, "
            f"or {', '.join(SENTENCEPIECE_FILES)}; it lacks {', '.join(missing)}."
        )
    return _sentencepiece_codec(directory)


def _sentencepiece_codec(directory: Path) -> Codec:
    # Imported here: transformers is slow to import, and few sites translate.
    from transformers import MarianTokenizer

    try:
        return MarianCodec(MarianTokenizer.from_pretrained(str(directory), local_files_only=True))
    except ImportError as error:
        raise ModelError(
            f"The translator in {directory} has no {TOKENIZER_FILE}, and reading its .spm files "
            "needs the package sentencepiece, which is not installed."
        ) from error
    except Exception as error:
        # SentencePiece and transformers raise whatever they like for a broken file.
        raise ModelError(f"The tokenizer in {directory} cannot be read: {error}.") from error
