"""The captioner: loads a model directory once, turns batches of requests into outcomes."""

from __future__ import annotations

import hashlib
import io
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from workers.pipeline.exif import read_exif
from workers.pipeline.faults import in_pieces, settle
from workers.pipeline.featurestore import FeatureCache, FeatureStore, Tokens
from workers.pipeline.images import decode_photo, square, to_tensor
from workers.pipeline.memory import keep_freed_memory
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.precision import autocast, prepare
from workers.pipeline.scoring import confidence
from workers.pipeline.threads import pin_threads
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    load_network,
    require_files,
    revision_of,
)

# Requests that decode together, and within them what decodes once.
GroupKey = tuple[str, int, str]
DecodeKey = tuple[PhotoFacts, int]
Result = list[DecodedSequence] | PipelineError


@dataclass(frozen=True)
class PreparedPhoto:
    """One float32 tensor [3, S, S] per encoder, and the facts that encoders may use."""

    pixels: list[torch.Tensor]
    facts: PhotoFacts


class Captioner:
    """A loaded model; `caption` may be called any number of times, from one thread at a time.

    `counters` counts since loading: `cache_hits` and `cache_misses` (photos), `oom_retries`.
    """

    def __init__(
        self,
        network: CaptionNetwork,
        tokenizer: CaptionTokenizer,
        config: CaptionerConfig,
        revision: str,
        device: str = "cpu",
        dtype: str = "fp32",
        features: FeatureStore | None = None,
    ) -> None:
        self.network = network.to(device)
        self.tokenizer = tokenizer
        self.config = config
        self.name = config.name
        self.revision = revision
        self.languages = config.languages
        self.device = torch.device(device)
        self.dtype = dtype
        self.counters: Counter[str] = Counter()
        self._cache = FeatureCache(features, f"{revision}:{dtype}", self.device, self.counters)

    @classmethod
    def from_pretrained(
        cls,
        directory: str | Path,
        *,
        device: str = "cpu",
        threads: int | None = None,
        dtype: str = "fp32",
        features: FeatureStore | None = None,
    ) -> Captioner:
        """Load a model directory; `threads` caps PyTorch's threads for this whole process.

        It also keeps freed memory in the process (`workers.pipeline.memory`). `dtype` is one of
        `workers.pipeline.precision.DTYPES`; with `features` image tokens are kept there. Raises
        `ModelError` naming the file that is missing or does not fit.
        """
        keep_freed_memory()
        if threads is not None:
            pin_threads(threads)
        path = Path(directory)
        require_files(path)
        config = CaptionerConfig.load(path / CONFIG_FILE)
        tokenizer = CaptionTokenizer.load(path / TOKENIZER_FILE)
        if tokenizer.vocabulary > config.decoder.vocabulary:
            raise ModelError(f"The tokenizer in {path} has more tokens than its decoder.")
        network = prepare(load_network(path, config), torch.device(device), dtype)
        return cls(network, tokenizer, config, revision_of(path), device, dtype, features)

    def warm_up(self) -> None:
        """Caption one small grey picture, so that no person pays for lazy initialisation."""
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64), "grey").save(buffer, "PNG")
        request = CaptionRequest(buffer.getvalue(), num=1)
        prepared = self.pre(request)
        if isinstance(prepared, PipelineError):
            raise prepared
        # Not through `caption`: what is in the feature store would not be encoded.
        with torch.inference_mode(), autocast(self.device, self.dtype):
            [result] = self.decode(list(self.encode([prepared])), [request])
        error = self.post(request, result, {}).error
        if error is not None:
            raise error

    def caption(self, requests: Sequence[CaptionRequest]) -> list[CaptionOutcome]:
        """One outcome per request, in order; equal photos and equal requests are worked out once.

        A photo that fails carries its error and spoils no other; where memory runs out the batch is
        halved. Raises `workers.pipeline.faults.DeviceLost` when the device fails for good.
        """
        timings: dict[str, float] = {}
        with torch.inference_mode(), autocast(self.device, self.dtype):
            facts = [self.facts_of(request) for request in requests]
            tokens = self._image_tokens(dict(zip(facts, requests, strict=True)), timings)
            with self._timed(timings, "decode"):
                results = self._decode_groups(requests, facts, tokens)
        with self._timed(timings, "post"):
            return [
                self.post(request, result, timings)
                for request, result in zip(requests, results, strict=True)
            ]

    def remember(self, photos: Sequence[bytes]) -> None:
        """Encode photos into the feature store without writing captions, for those to come."""
        requests = [CaptionRequest(photo) for photo in photos]
        with torch.inference_mode(), autocast(self.device, self.dtype):
            self._image_tokens({self.facts_of(request): request for request in requests}, {})

    def facts_of(self, request: CaptionRequest) -> PhotoFacts:
        """What encoders may know of a photo besides its pixels; bad bytes are no error here."""
        exif = read_exif(request.photo) if self.config.has_encoder("exif") else ()
        return PhotoFacts(hashlib.sha256(request.photo).hexdigest(), exif)

    def pre(self, request: CaptionRequest) -> PreparedPhoto | PhotoError | OutOfMemory:
        """Bytes to what the encoders take, or the error that says why not."""
        sizes = [encoder.preprocess for encoder in self.config.encoders]
        try:
            smallest = max(max(size.size, size.resize) for size in sizes)
            picture = decode_photo(request.photo, smallest_side=smallest)
            pixels = [to_tensor(square(picture, size), size) for size in sizes]
            return PreparedPhoto(pixels, self.facts_of(request))
        except PhotoError as error:
            return error
        except MemoryError:
            return OutOfMemory()

    def encode(self, photos: Sequence[PreparedPhoto]) -> torch.Tensor:
        """Prepared photos to fused image tokens [B, S, width] in float32."""
        grouped = zip(*(photo.pixels for photo in photos), strict=True)
        batch = [torch.stack(group).to(self.device) for group in grouped]
        return self.network.encode(batch, [photo.facts for photo in photos]).float()

    def decode(
        self, tokens: Sequence[torch.Tensor], requests: Sequence[CaptionRequest]
    ) -> list[list[DecodedSequence]]:
        """Image tokens [S, width] of requests that share strategy, num and language to sequences.

        Same order as the requests, best sequence first.
        """
        strategy = build_strategy(requests[0].strategy, self.config.decoding)
        options = self._options(self._language(requests[0]))
        seeds = [request.seed for request in requests]
        memory = torch.stack(list(tokens))
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
        calibration = self.config.calibration.of(language, request.strategy)
        captions = tuple(
            CandidateCaption(
                text=text,
                rank=rank,
                log_probability=mean,
                confidence=confidence(mean, calibration),
                strategy=request.strategy,
                language=language,
            )
            for rank, (text, mean) in enumerate(usable)
        )
        return CaptionOutcome(captions=captions, timings=timings)

    def _image_tokens(
        self, photos: Mapping[PhotoFacts, CaptionRequest], timings: dict[str, float]
    ) -> dict[PhotoFacts, Tokens]:
        """Image tokens of each photo, from the feature store where they are there, or its error."""
        with self._timed(timings, "cache"):
            tokens: dict[PhotoFacts, Tokens] = {**self._cache.recall(list(photos))}
        missing = {facts: photo for facts, photo in photos.items() if facts not in tokens}
        with self._timed(timings, "pre"):
            prepared = {facts: self.pre(request) for facts, request in missing.items()}
        good = [item for item in prepared.values() if isinstance(item, PreparedPhoto)]
        tokens |= {f: item for f, item in prepared.items() if isinstance(item, PipelineError)}
        with self._timed(timings, "encode"):
            encoded = self._in_pieces(lambda piece: list(self.encode(piece)), good)
        fresh = dict(zip((photo.facts for photo in good), encoded, strict=True))
        with self._timed(timings, "cache"):
            return tokens | self._cache.keep(fresh)

    def _decode_groups(
        self,
        requests: Sequence[CaptionRequest],
        facts: Sequence[PhotoFacts],
        tokens: Mapping[PhotoFacts, Tokens],
    ) -> list[Result]:
        groups: dict[GroupKey, dict[DecodeKey, CaptionRequest]] = defaultdict(dict)
        for request, photo in zip(requests, facts, strict=True):
            if isinstance(tokens[photo], torch.Tensor):
                groups[self._group(request)].setdefault(_decode_key(request, photo), request)
        results = {key: self._decode_group(members, tokens) for key, members in groups.items()}
        return [
            seen
            if isinstance(seen := tokens[photo], PipelineError)
            else results[self._group(request)][_decode_key(request, photo)]
            for request, photo in zip(requests, facts, strict=True)
        ]

    def _decode_group(
        self, members: Mapping[DecodeKey, CaptionRequest], tokens: Mapping[PhotoFacts, Tokens]
    ) -> dict[DecodeKey, Result]:
        """Decode the requests of one group, each once."""
        pairs = [(tokens[facts], request) for (facts, _seed), request in members.items()]
        made = self._in_pieces(lambda piece: self.decode(*zip(*piece, strict=True)), pairs)
        return dict(zip(members, made, strict=True))

    def _in_pieces(self, work: Callable, items: Sequence) -> list:
        return in_pieces(work, items, lambda: self.counters.update(oom_retries=1))

    def _group(self, request: CaptionRequest) -> GroupKey:
        """What decodes together; greedy decoding gives one caption whatever is asked for."""
        num = 1 if request.strategy == "greedy" else request.num
        return request.strategy, num, self._language(request)

    @contextmanager
    def _timed(self, timings: dict[str, float], stage: str) -> Iterator[None]:
        """Add the seconds of a stage; on a GPU, whose calls return early, wait for its end."""
        started = time.perf_counter()
        yield
        settle(self.device)
        timings[stage] = timings.get(stage, 0.0) + time.perf_counter() - started

    def _language(self, request: CaptionRequest) -> str:
        """The language that will be written: the one asked for, or English, or what there is."""
        known = [name for name in self.languages if name in self.tokenizer.languages]
        return next((name for name in (request.language, "en", *known) if name in known), "en")

    def _options(self, language: str) -> DecodingOptions:
        return DecodingOptions(
            start=self.tokenizer.languages[language],
            end=self.tokenizer.end,
            banned=self.tokenizer.never_generated,
            max_tokens=self.config.decoder.max_tokens,
            identity=lambda ids: self.tokenizer.decode(ids, language),
        )


def _decode_key(request: CaptionRequest, photo: PhotoFacts) -> DecodeKey:
    """What decodes once: the seed matters only where chance does."""
    return photo, request.seed if request.strategy == "nucleus" else 0


def _sayable(text: str) -> bool:
    """Byte-level BPE can spell nothing at all, or a NUL, which no database stores."""
    return bool(text) and "\x00" not in text
