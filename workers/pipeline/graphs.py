"""CUDA graphs of the decoder's step. Written without a GPU at hand: never run on one so far.

A step on a GPU is some hundred small kernels, which take longer to launch than to run. Here all
tensors of a step keep their places and shapes, so that it can be captured once per batch bucket and
width and replayed. The tests run the same step uncaptured on a CPU, which serving never does, and
captured where a test machine has a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from workers.pipeline.decoder import CaptionDecoder, DecoderState

# Runs before a capture, so that lazy initialisation is over (PyTorch's notes on CUDA graphs).
WARM_UP_RUNS = 3
Key = tuple[int, int, torch.Size, torch.dtype, bool]


@dataclass
class StaticState(DecoderState):
    """A `DecoderState` whose tables never grow: the newest rows go to the places in `slots`."""

    slots: torch.Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))

    def write(self, layer: int, keys_values: torch.Tensor) -> torch.Tensor:
        """Store the newest [rows, 2, heads, d] of a layer and return its table."""
        table = self.tables[layer]
        return table.index_copy_(0, self.slots, keys_values.to(table.dtype))


class StaticSteps:
    """The step after the first for `images` times `width` rows, without changing shapes.

    Every past is `max_tokens` long; a mask hides what is not filled yet.
    """

    def __init__(
        self, decoder: CaptionDecoder, images: int, width: int, begun: DecoderState
    ) -> None:
        """Take shapes, dtypes and device from `begun`, a state after its first step."""
        self.decoder, self.images, self.width = decoder, images, width
        longest, device = decoder.config.max_tokens, begun.cross[0][0].device
        rows = images * width
        self.state = StaticState(
            cross=[
                (keys.new_zeros(images, *keys.shape[1:]), keys.new_zeros(images, *keys.shape[1:]))
                for keys, _ in begun.cross
            ],
            tables=[
                table.new_zeros(images + (longest - 1) * rows, *table.shape[1:])
                for table in begun.tables
            ],
            slots=torch.zeros(rows, dtype=torch.long, device=device),
        )
        self.ancestry = torch.zeros(rows, longest, dtype=torch.long, device=device)
        self.mask = torch.zeros(longest, dtype=begun.tables[0].dtype, device=device)
        self.position = torch.zeros(1, dtype=torch.long, device=device)
        self.tokens = torch.zeros(rows, dtype=torch.long, device=device)
        self.logits = torch.empty(0, device=device)
        self.graph: torch.cuda.CUDAGraph | None = None

    def load(self, begun: DecoderState) -> None:
        """Start from what the first step left; its rows must already have been forked."""
        assert begun.ancestry is not None  # the first step has made it
        count = len(begun.cross[0][0])
        for ours, theirs in zip(self.state.cross, begun.cross, strict=True):
            ours[0][:count] = theirs[0]
            ours[1][:count] = theirs[1]
        for table, first in zip(self.state.tables, begun.tables, strict=True):
            table[: begun.used] = first[: begun.used]
        self.ancestry.zero_()
        self.ancestry[: len(begun.ancestry), :1] = begun.ancestry
        self.mask.fill_(-torch.inf)[:1] = 0
        self.position.fill_(1)
        rows = len(self.tokens)
        torch.arange(self.images, self.images + rows, out=self.state.slots)

    def follow(self, rows: torch.Tensor) -> None:
        """Like `DecoderState.follow`, for the rows in use."""
        self.ancestry[: len(rows)] = self.ancestry.index_select(0, rows)

    def run(self, tokens: torch.Tensor) -> torch.Tensor:
        """Last tokens [rows in use] to logits [rows in use, V], overwritten by the next run."""
        self.tokens[: len(tokens)] = tokens
        if self.graph is None:
            self._step()
        else:
            self.graph.replay()
        return self.logits[: len(tokens)]

    def capture(self) -> None:
        """Record the step on a GPU; `load` must follow, since the runs before spoil the state."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP_RUNS):
                self.position.zero_()
                self.state.slots.zero_()
                self._step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step()
        self.graph = graph

    @torch.no_grad()
    def _step(self) -> None:
        transformer = self.decoder.gpt2.transformer
        self.ancestry.index_copy_(1, self.position, self.state.slots[:, None])
        self.mask.index_fill_(0, self.position, 0)
        hidden = transformer.wte(self.tokens) + transformer.wpe(self.position)
        places = self.decoder.places(self.ancestry)
        self.logits = self.decoder.advance(hidden, self.state, places, self.mask)
        self.position += 1
        self.state.slots += len(self.tokens)


@dataclass
class GraphState(DecoderState):
    """A first step run as usual, and from the second on the buffers it was loaded into."""

    steps: StaticSteps | None = None

    def follow(self, rows: torch.Tensor) -> None:
        """Make row i continue what row `rows[i]` was."""
        if self.steps is None:
            super().follow(rows)
        else:
            self.steps.follow(rows)

    def keep(self, images: torch.Tensor) -> None:
        """Nothing: on a GPU images stay in the batch until all are done."""


class GraphedDecoder:
    """A decoder whose steps are replayed; strategies use it in the place of `CaptionDecoder`.

    Graphs are made on first use, one per bucket (a power of two images), width and number format,
    and kept; buffers are shared between calls, so only one thread may decode at a time.
    """

    def __init__(self, decoder: CaptionDecoder) -> None:
        self.decoder = decoder
        self.config = decoder.config
        self._steps: dict[Key, StaticSteps] = {}

    def begin(self, memory: torch.Tensor | None) -> GraphState:
        """Start decoding for image tokens [B, S, width]; text alone has no graphs."""
        if memory is None:
            raise ValueError("Only captions of images are decoded by CUDA graphs.")
        return GraphState(cross=self.decoder.begin(memory).cross)

    def step(self, tokens: torch.Tensor, state: DecoderState) -> torch.Tensor:
        """Last tokens [rows] to float32 logits [rows, V], which the next step overwrites."""
        assert isinstance(state, GraphState)  # from `begin`
        if state.length == 0:
            return self.decoder.step(tokens, state)
        if state.steps is None:
            steps = self._static_steps(len(tokens), state)
            steps.load(state)
            state.steps = steps
        return state.steps.run(tokens)

    def _static_steps(self, rows: int, state: GraphState) -> StaticSteps:
        keys = state.cross[0][0]
        bucket = 1 << (len(keys) - 1).bit_length()
        width = rows // len(keys)
        kind = keys.device.type
        key = (bucket, width, keys.shape[1:], keys.dtype, torch.is_autocast_enabled(kind))
        if key not in self._steps:
            steps = StaticSteps(self.decoder, bucket, width, state)
            if kind == "cuda":
                # Casts kept by autocast would be freed under the graph that reads them.
                dtype = torch.get_autocast_dtype(kind)
                with torch.autocast(kind, dtype, enabled=key[-1], cache_enabled=False):
                    steps.capture()
            self._steps[key] = steps
        return self._steps[key]


def graphed(decoder: CaptionDecoder, device: torch.device) -> CaptionDecoder | GraphedDecoder:
    """The decoder to give to strategies on `device`: graphs on a GPU, the plain one elsewhere."""
    if device.type == "cuda" and torch.cuda.is_available():
        return GraphedDecoder(decoder)
    return decoder
