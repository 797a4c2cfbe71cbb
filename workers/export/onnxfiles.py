"""A model directory to ONNX files: `torch.onnx`, then weights in int8 where asked for."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import torch
from torch import nn

from workers.export.modules import (
    BeginModule,
    EncoderModule,
    StepModule,
    looks_at_pixels,
    require_exportable,
)
from workers.export.package import (
    BEGIN_FILE,
    ENCODER_FILE,
    ONNX_FILES,
    STEP_FILE,
    Manifest,
    digests,
    prepare_folder,
)
from workers.export.quantize import quantize
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.errors import ModelError
from workers.pipeline.model import PretrainedCaptioner
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.weights import CONFIG_FILE, TOKENIZER_FILE, revision_of

# 18 is the oldest that PyTorch's exporter writes, 23 the newest it knows; 20 has Gelu.
OPSETS = range(18, 24)
DEFAULT_OPSET = 20
# A protobuf file cannot be larger; the exporter needs some room for the graph itself.
MAX_BYTES = 2_000_000_000
Axes = dict[int, str]


@dataclass(frozen=True)
class Graph:
    """One ONNX file to be: a module, example inputs, and names of inputs, outputs and axes."""

    module: nn.Module
    inputs: tuple[Any, ...]
    axes: tuple[Any, ...]
    input_names: list[str]
    output_names: list[str]


def export(
    model: Path, output: Path, *, int8: bool = False, opset: int = DEFAULT_OPSET
) -> Manifest:
    """Write the captioner of directory `model` into the folder `output`.

    Raises `ModelError` for a model that cannot be exported, an unknown opset or a folder in use.
    """
    if opset not in OPSETS:
        raise ModelError(f"Opset {opset} cannot be written: choose {OPSETS[0]} to {OPSETS[-1]}.")
    loaded = PretrainedCaptioner.from_pretrained(model)
    require_exportable(loaded.network)
    prepare_folder(output, model)
    graphs = graphs_of(loaded.network)
    for name, graph in graphs.items():
        _write(graph, output / name, opset, int8)
    loaded.tokenizer.save(output / TOKENIZER_FILE)
    (output / CONFIG_FILE).write_text(loaded.config.to_json(), encoding="utf-8")
    manifest = Manifest(
        captioner=loaded.config.name,
        revision=revision_of(model),
        format="int8" if int8 else "fp32",
        opset=opset,
        shapes={name: _shapes(output / name) for name in ONNX_FILES},
        versions={kind.__name__: kind.__version__ for kind in (torch, onnx, onnxruntime)},
        sha256=digests(output),
    )
    manifest.write(output)
    return manifest


def graphs_of(network: CaptionNetwork) -> dict[str, Graph]:
    """What is exported, by file name, with inputs whose axes are told apart by their lengths."""
    with torch.no_grad():
        inputs = _encoder_inputs(network)
        encoder, begin = EncoderModule(network).eval(), BeginModule(network).eval()
        memory = encoder(inputs)
        cross = begin(memory)
    config = network.config.decoder
    past = torch.zeros(config.layers, 2, 3, config.heads, 4, config.width // config.heads)
    images, grown = {1: "images"}, {1: "images", 2: "beams", 4: "past"}
    names = [
        f"{'pixels' if looks_at_pixels(part) else 'facts'}_{number}"
        for number, part in enumerate(network.vision_encoders())
    ]
    return {
        ENCODER_FILE: Graph(
            encoder, (inputs,), ([{0: "images"} for _ in inputs],), names, ["image_tokens"]
        ),
        BEGIN_FILE: Graph(
            begin, (memory,), ({0: "images"},), ["image_tokens"], ["cross_keys", "cross_values"]
        ),
        STEP_FILE: Graph(
            StepModule(network).eval(),
            (torch.zeros(2, 3, dtype=torch.long), torch.tensor([4]), *cross, past, past.clone()),
            ({0: "images", 1: "beams"}, None, images, images, grown, grown),
            ["tokens", "position", "cross_keys", "cross_values", "past_keys", "past_values"],
            ["logits", "present_keys", "present_values"],
        ),
    }


def _encoder_inputs(network: CaptionNetwork) -> list[torch.Tensor]:
    """Two black pictures for each encoder that sees, and what the others know of two photos."""
    facts = [PhotoFacts("00" * 32), PhotoFacts("01" * 32)]
    sides = [encoder.preprocess.size for encoder in network.config.encoders]
    pixels = [torch.zeros(2, 3, side, side) for side in sides]
    return [
        batch if looks_at_pixels(encoder) else encoder.trunk(batch, facts)
        for encoder, batch in zip(network.vision_encoders(), pixels, strict=True)
    ]


def _write(graph: Graph, path: Path, opset: int, int8: bool) -> None:
    held = sum(part.numel() * part.element_size() for part in graph.module.state_dict().values())
    if held > MAX_BYTES:
        raise ModelError(
            f"{path.name} would hold {held / 1e9:.1f} GB; ONNX files hold {MAX_BYTES / 1e9:.0f}."
        )
    with tempfile.TemporaryDirectory() as scratch, _quietly():
        plain = Path(scratch) / path.name if int8 else path
        torch.onnx.export(
            graph.module,
            graph.inputs,
            plain,
            dynamo=True,
            opset_version=opset,
            input_names=graph.input_names,
            output_names=graph.output_names,
            dynamic_shapes=graph.axes,
            external_data=False,
            verbose=False,
        )
        if int8:
            quantize(plain, path)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the exporter's and the quantizer's advice to developers off the screen.

    The fused kernel of `nn.TransformerEncoderLayer` has no ONNX form, so it is off meanwhile.
    """
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
        torch.backends.mha.set_fastpath_enabled(fused)


def _shapes(path: Path) -> dict[str, dict[str, list[str | int]]]:
    graph = onnx.load(str(path)).graph
    return {
        kind: {
            value.name: [
                axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim
            ]
            for value in values
        }
        for kind, values in (("inputs", graph.input), ("outputs", graph.output))
    }
