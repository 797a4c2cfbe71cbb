"""A Marian-type translation model on the CPU, with a time limit that holds."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from workers.pipeline.errors import ModelError, PipelineError
from workers.pipeline.translate.codecs import Codec, load_codec

BEAMS = 4
MOST_TOKENS = 80
# One decoding step of a busy machine may be under way when the limit is reached.
GRACE_SECONDS = 0.5

Answer = list[str] | BaseException


class TranslationError(PipelineError):
    """Sentences could not be translated, or not in time; another attempt may succeed."""

    def __init__(self, message: str) -> None:
        super().__init__("translation_failed", message, retryable=True)


class Translator:
    """A loaded MarianMTModel; `translate` may be called from one thread at a time.

    `prefix` goes before every sentence: models of several target languages want their token there,
    such as `>>tur<< `.
    """

    def __init__(self, model: Any, codec: Codec, *, beams: int = BEAMS, prefix: str = "") -> None:
        self.model = model.eval()
        self.codec = codec
        self.beams = beams
        self.prefix = prefix
        self._running: threading.Thread | None = None

    @classmethod
    def from_pretrained(
        cls, directory: str | Path, *, beams: int = BEAMS, prefix: str = ""
    ) -> Translator:
        """Load a local directory in the `transformers` layout; nothing is downloaded.

        Raises `ModelError` when it is missing, incomplete, or no Marian model.
        """
        path = Path(directory)
        if not (path / "config.json").is_file():
            raise ModelError(f"There is no translator in {path}: config.json is missing.")
        # Imported here: transformers is slow to import, and few sites translate.
        from transformers import AutoConfig, MarianMTModel

        try:
            kind = AutoConfig.from_pretrained(str(path), local_files_only=True).model_type
            if kind != "marian":
                raise ModelError(f"The translator in {path} is a {kind} model; use a marian one.")
            model = MarianMTModel.from_pretrained(str(path), local_files_only=True)
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            raise ModelError(f"The translator in {path} cannot be loaded: {error}.") from error
        return cls(model, load_codec(path), beams=beams, prefix=prefix)

    def translate(self, texts: Sequence[str], time_limit: float) -> list[str]:
        """One sentence in the target language for each of `texts`, in order.

        Raises `TranslationError` when the model fails, or has not finished after `time_limit`
        seconds. The limit is kept twice. Between two tokens the search itself looks at the clock
        and gives up: nothing is left running. Should a single step never return, the caller is let
        go GRACE_SECONDS later all the same; Python cannot kill that thread, so this translator
        refuses further work for as long as the thread lives, and never has two.
        """
        if not texts:
            return []
        if self._running is not None and self._running.is_alive():
            raise TranslationError("The translator is still busy with a sentence it hung on.")
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        task = partial(self._answer, list(texts), time.monotonic() + time_limit, answers)
        self._running = threading.Thread(target=task, name="translator", daemon=True)
        self._running.start()
        try:
            answer = answers.get(timeout=max(time_limit, 0.0) + GRACE_SECONDS)
        except queue.Empty:
            raise TranslationError(f"The translator hung for {time_limit:g} s.") from None
        self._running.join()
        if isinstance(answer, BaseException):
            raise _known(answer) from answer
        return answer

    def _answer(
        self, texts: list[str], deadline: float, answers: queue.SimpleQueue[Answer]
    ) -> None:
        try:
            answers.put(self._generate(texts, deadline))
        except BaseException as error:
            # Whatever it is, the caller waits for it and judges it.
            answers.put(error)

    def _generate(self, texts: list[str], deadline: float) -> list[str]:
        rows = self.codec.encode([self.prefix + text for text in texts])
        ids, mask = _padded([_ended(row, self._end) for row in rows], self._pad)
        with torch.inference_mode():
            found = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                num_beams=self.beams,
                do_sample=False,
                max_length=MOST_TOKENS,
                stopping_criteria=[partial(_stop_at, deadline)],
            )
        return [text.strip() for text in self.codec.decode(found.tolist())]

    @property
    def _pad(self) -> int:
        return int(self.model.config.pad_token_id)

    @property
    def _end(self) -> int:
        return int(self.model.config.eos_token_id)


def _stop_at(deadline: float, *_ids_and_scores: object, **_options: object) -> bool:
    """A stopping criterion that raises: half a sentence is no translation."""
    if time.monotonic() > deadline:
        raise TranslationError("The translation took longer than its time limit.")
    return False


def _ended(row: list[int], end: int) -> list[int]:
    """Add the end token where the tokenizer has not."""
    return row if row[-1:] == [end] else [*row, end]


def _padded(rows: list[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, both [B, longest]."""
    longest = max(map(len, rows))
    ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
    lengths = torch.tensor([[len(row)] for row in rows])
    return ids, (torch.arange(longest) < lengths).long()


def _known(error: BaseException) -> PipelineError:
    if isinstance(error, PipelineError):
        return error
    return TranslationError(f"The translator failed: {type(error).__name__}: {error}.")
