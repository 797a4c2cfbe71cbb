"""The captioner: loads a model directory once, turns batches of requests into outcomes."""

from __future__ import annotations

import hashlib
import io
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from workers.pipeline.config import CaptionerConfig
from workers.pipeline.contract import CandidateCaption, CaptionOutcome, CaptionRequest
from workers.pipeline.decoding.base import DecodedSequence, DecodingOptions
from workers.pipeline.decoding.registry import build_strategy
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.errors import (
    InferenceError,
    ModelError,
    OutOfMemory,
    PhotoError,
    PipelineError,
)
from workers.pipeline.images import decode_photo, square, to_tensor
from workers.pipeline.memory import keep_freed_memory
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.scoring import confidence
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    load_network,
    require_files,
    revision_of,
)

GroupKey = tuple[str, int, str]
Result = list[DecodedSequence] | PipelineError


@dataclass(frozen=True)
class PreparedPhoto:
    """One float32 tensor [3, S, S] per encoder, and the facts that encoders may use."""

    pixels: list[torch.Tensor]
    facts: PhotoFacts


class Captioner:
    """A loaded model; `caption` may be called any number of times, from one thread at a time."""

    def __init__(
        self,
        network: CaptionNetwork,
        tokenizer: CaptionTokenizer,
        config: CaptionerConfig,
        revision: str,
        device: str = "cpu",
    ) -> None:
        self.network = network.to(device)
        self.tokenizer = tokenizer
        self.config = config
        self.name = config.name
        self.revision = revision
        self.languages = config.languages
        self.device = torch.device(device)

    @classmethod
    def from_pretrained(
        cls, directory: str | Path, *, device: str = "cpu", threads: int | None = None
    ) -> Captioner:
        """Load a model directory; `threads` caps PyTorch's threads for this whole process.

        It also keeps freed memory in the process (`workers.pipeline.memory`). Raises `ModelError`
        naming the file that is missing or does not fit.
        """
        keep_freed_memory()
        if threads is not None:
            torch.set_num_threads(threads)
        path = Path(directory)
        require_files(path)
        config = CaptionerConfig.load(path / CONFIG_FILE)
        tokenizer = CaptionTokenizer.load(path / TOKENIZER_FILE)
        if tokenizer.vocabulary > config.decoder.vocabulary:
            raise ModelError(f"The tokenizer in {path} has more tokens than its decoder.")
        return cls(load_network(path, config), tokenizer, config, revision_of(path), device)

    def warm_up(self) -> None:
        """Caption one small grey picture, so that no person pays for lazy initialisation."""
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64), "grey").save(buffer, "PNG")
        error = self.caption([CaptionRequest(buffer.getvalue(), num=1)])[0].error
        if error is not None:
            raise error

    def caption(self, requests: Sequence[CaptionRequest]) -> list[CaptionOutcome]:
        """One outcome per request, in order.

        A photo that fails carries its error and spoils no other.
        """
        timings: dict[str, float] = {}
        with _timed(timings, "pre"):
            prepared = [self.pre(request) for request in requests]
        with _timed(timings, "core"), torch.inference_mode():
            results = self._run_groups(requests, prepared)
        with _timed(timings, "post"):
            return [
                self.post(request, result, timings)
                for request, result in zip(requests, results, strict=True)
            ]

    def pre(self, request: CaptionRequest) -> PreparedPhoto | PhotoError:
        """Bytes to what the encoders take, or the error that says why not."""
        sizes = [encoder.preprocess for encoder in self.config.encoders]
        try:
            smallest = max(max(size.size, size.resize) for size in sizes)
            picture = decode_photo(request.photo, smallest_side=smallest)
            pixels = [to_tensor(square(picture, size), size) for size in sizes]
            return PreparedPhoto(pixels, PhotoFacts(hashlib.sha256(request.photo).hexdigest()))
        except PhotoError as error:
            return error

    def core(
        self, photos: Sequence[PreparedPhoto], requests: Sequence[CaptionRequest]
    ) -> list[list[DecodedSequence]]:
        """Tensors of requests that share strategy, num and language to sequences for each."""
        grouped = zip(*(photo.pixels for photo in photos), strict=True)
        batch = [torch.stack(group).to(self.device) for group in grouped]
        memory = self.network.encode(batch, [photo.facts for photo in photos])
        strategy = build_strategy(requests[0].strategy, self.config.decoding)
        options = self._options(self._language(requests[0]))
        seeds = [request.seed for request in requests]
        return strategy.decode(self.network.decoder, memory, options, requests[0].num, seeds)

    def post(
        self, request: CaptionRequest, result: Result, timings: dict[str, float]
    ) -> CaptionOutcome:
        """Token ids and scores to captions with calibrated confidence."""
        if isinstance(result, PipelineError):
            return CaptionOutcome(error=result, timings=timings)
        language = self._language(request)
        written = [(self.tokenizer.decode(item.ids, language), item.mean) for item in result]
        usable = [(text, mean) for text, mean in written if _sayable(text) and math.isfinite(mean)]
        if not usable:
            error = InferenceError("The captioner found no words for this photo.")
            return CaptionOutcome(error=error, timings=timings)
        captions = tuple(
            CandidateCaption(
                text=text,
                rank=rank,
                log_probability=mean,
                confidence=confidence(mean, self.config.calibration),
                strategy=request.strategy,
                language=language,
            )
            for rank, (text, mean) in enumerate(usable)
        )
        return CaptionOutcome(captions=captions, timings=timings)

    def _run_groups(
        self, requests: Sequence[CaptionRequest], prepared: Sequence[PreparedPhoto | PhotoError]
    ) -> list[Result]:
        results: list[Result] = [item if isinstance(item, PhotoError) else [] for item in prepared]
        groups: dict[GroupKey, list[int]] = defaultdict(list)
        for index, (request, item) in enumerate(zip(requests, prepared, strict=True)):
            if not isinstance(item, PhotoError):
                groups[request.strategy, request.num, self._language(request)].append(index)
        for members in groups.values():
            for index, result in zip(members, self._run(requests, prepared, members), strict=True):
                results[index] = result
        return results

    def _run(
        self, requests: Sequence[CaptionRequest], prepared: Sequence, members: list[int]
    ) -> list[Result]:
        """One group through `core`.

        When it fails for another reason than memory, each photo is tried alone.
        """
        try:
            return list(self.core([prepared[i] for i in members], [requests[i] for i in members]))
        except (torch.OutOfMemoryError, MemoryError):
            return [OutOfMemory()] * len(members)
        except RuntimeError as error:
            # The CPU allocator reports a lack of memory as a plain RuntimeError.
            if "can't allocate memory" in str(error):
                return [OutOfMemory()] * len(members)
            if len(members) > 1:
                return [self._run(requests, prepared, [index])[0] for index in members]
            return [InferenceError(f"The captioner failed on this photo: {error}")]

    def _language(self, request: CaptionRequest) -> str:
        """The language that will be written: the one asked for if the model has it, or English."""
        return request.language if request.language in self.languages else "en"

    def _options(self, language: str) -> DecodingOptions:
        return DecodingOptions(
            start=self.tokenizer.languages[language],
            end=self.tokenizer.end,
            banned=self.tokenizer.never_generated,
            max_tokens=self.config.decoder.max_tokens,
            identity=lambda ids: self.tokenizer.decode(ids, language),
        )


def _sayable(text: str) -> bool:
    """Byte-level BPE can spell nothing at all, or a NUL, which no database stores."""
    return bool(text) and "\x00" not in text


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - started
