"""An exported captioner in onnxruntime: the pipeline's own code around other networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime
import torch
from torch import nn

from workers.export.modules import FACTS
from workers.export.package import BEGIN_FILE, ENCODER_FILE, STEP_FILE, read_manifest
from workers.pipeline.captioner import Captioner
from workers.pipeline.config import CaptionerConfig, DecoderConfig
from workers.pipeline.decoder import DecoderState
from workers.pipeline.encoders import ENCODERS, Encoder, PhotoFacts, build_encoder
from workers.pipeline.errors import ModelError
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.tokens import CaptionTokenizer
from workers.pipeline.weights import CONFIG_FILE, TOKENIZER_FILE


class Graph:
    """One ONNX file, loaded; raises `ModelError` when onnxruntime refuses it."""

    def __init__(self, path: Path, threads: int | None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        # Threads that wait asleep, like the pipeline's own: workers share their cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Filters stored in int8 become floats now, not before every convolution.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # onnxruntime's errors have no common base below Exception.
            raise ModelError(f"{path} cannot be loaded: {error}.") from error

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Arrays by the names of the inputs to the outputs in their order."""
        return [np.asarray(output) for output in self.session.run(None, dict(inputs))]


@dataclass
class OnnxState(DecoderState):
    """Keys and values of images [layers, images, heads, S, d] and rows [layers, rows, heads, T, d].

    Both are pairs: keys, then values.
    """

    images: list[np.ndarray] = field(default_factory=list)
    past: list[np.ndarray] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Tokens so far."""
        return int(self.past[0].shape[3])

    def follow(self, rows: torch.Tensor) -> None:
        """Make row i continue what row `rows[i]` was."""
        self.past = [part.take(rows.numpy(), axis=1) for part in self.past]

    def keep(self, images: torch.Tensor) -> None:
        """Forget all images but these; `follow` must be called for their rows."""
        self.images = [part.take(images.numpy(), axis=1) for part in self.images]


class OnnxDecoder:
    """A decoder for the strategies: `begin` and `step` of `CaptionDecoder`, in onnxruntime."""

    def __init__(self, begin: Graph, step: Graph, config: DecoderConfig) -> None:
        self.graphs, self.config = (begin, step), config

    def begin(self, memory: torch.Tensor | None) -> OnnxState:
        """Start decoding for image tokens [B, S, width]; text alone cannot be decoded here."""
        if memory is None:
            raise ValueError("An exported captioner decodes captions of images only.")
        config = self.config
        none = (config.layers, len(memory), config.heads, 0, config.width // config.heads)
        images = self.graphs[0]({"image_tokens": memory.numpy()})
        return OnnxState(images=images, past=[np.zeros(none, np.float32) for _ in images])

    def step(self, tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        """Last tokens [rows] to float32 logits [rows, V]."""
        assert isinstance(state, OnnxState)  # from `begin`
        images = state.images[0].shape[1]
        keys, values = (_by_image(part, images) for part in state.past)
        logits, *present = self.graphs[1](
            {
                "tokens": tokens.view(images, -1).numpy(),
                "position": np.array([state.length]),
                "cross_keys": state.images[0],
                "cross_values": state.images[1],
                "past_keys": keys,
                "past_values": values,
            }
        )
        state.past = [part.reshape(len(part), -1, *part.shape[3:]) for part in present]
        return torch.from_numpy(logits).flatten(0, 1)


class OnnxNetwork(nn.Module):
    """What `Captioner` uses of a `CaptionNetwork`: `encode` and `decoder`."""

    def __init__(self, encoder: Graph, decoder: OnnxDecoder, config: CaptionerConfig) -> None:
        super().__init__()
        self.config, self.decoder, self._encoder = config, decoder, encoder
        self._names = [value.name for value in encoder.session.get_inputs()]
        kinds = [ENCODERS[entry.kind] for entry in config.encoders]
        # These turn facts into numbers without weights, which is not in the graph.
        self._facts: list[Encoder | None] = [
            build_encoder(entry) if issubclass(kind, FACTS) else None
            for entry, kind in zip(config.encoders, kinds, strict=True)
        ]

    def encode(self, pixels: Sequence[torch.Tensor], photos: Sequence[PhotoFacts]) -> torch.Tensor:
        """Each encoder's pixels [B, 3, S, S] to fused image tokens [B, S, width]."""
        inputs = [
            batch if facts is None else facts.trunk(batch, photos)
            for facts, batch in zip(self._facts, pixels, strict=True)
        ]
        arrays = (batch.numpy() for batch in inputs)
        [tokens] = self._encoder(dict(zip(self._names, arrays, strict=True)))
        return torch.from_numpy(tokens)


class OnnxCaptioner(Captioner):
    """A captioner whose networks run in onnxruntime; all else is the pipeline's.

    It draws no heat maps, which need the network itself.
    """

    @classmethod
    def from_directory(cls, directory: str | Path, threads: int | None = None) -> OnnxCaptioner:
        """Load what `workers.export.onnxfiles.export` wrote; `threads` None uses every core.

        Raises `ModelError` naming what is missing, changed or not loadable.
        """
        path = Path(directory)
        manifest = read_manifest(path)
        config = CaptionerConfig.load(path / CONFIG_FILE)
        encoder, begin, step = (
            Graph(path / name, threads) for name in (ENCODER_FILE, BEGIN_FILE, STEP_FILE)
        )
        network = OnnxNetwork(encoder, OnnxDecoder(begin, step, config.decoder), config)
        return cls(
            # Not one by type, which would mean weights; the base class uses only what it has.
            cast(CaptionNetwork, network),
            CaptionTokenizer.load(path / TOKENIZER_FILE),
            config,
            # Cached image tokens must not be taken for those of another format.
            f"{manifest.revision}-onnx",
            dtype=manifest.format,
        )


def _by_image(part: np.ndarray, images: int) -> np.ndarray:
    """[layers, rows, heads, T, d] to [layers, images, beams, heads, T, d], without copying.

    The number of beams is counted, not left to numpy: at the first step T is 0.
    """
    layers, rows, *rest = part.shape
    return part.reshape(layers, images, rows // images, *rest)
