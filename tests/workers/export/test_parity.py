"""The exported files against the network they come from: image tokens, logits, captions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tests.workers.tiny import COLOURS, plain_photo
from workers.export.package import ENCODER_FILE, ONNX_FILES, STEP_FILE
from workers.export.quantize import pack_filters
from workers.export.runtime import Graph, OnnxCaptioner
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionRequest


def requests(**options) -> list[CaptionRequest]:
    return [CaptionRequest(plain_photo(colour), **options) for colour in COLOURS]


def texts(captioner: Captioner, **options) -> list[list[str]]:
    outcomes = captioner.caption(requests(**options))
    return [[caption.text for caption in outcome.captions] for outcome in outcomes]


def memory_of(captioner: Captioner) -> torch.Tensor:
    with torch.inference_mode():
        return captioner.encode([captioner.pre(request) for request in requests()])


def logits_of(captioner: Captioner, memory: torch.Tensor) -> torch.Tensor:
    """Four steps of three beams an image: forked after the first, shuffled, one image dropped."""
    decoder = captioner.network.decoder
    found = []
    with torch.inference_mode():
        state = decoder.begin(memory)
        found.append(decoder.step(torch.full((len(memory),), 2), state))
        state.follow(torch.arange(len(memory)).repeat_interleave(3))
        found.append(decoder.step(torch.arange(3 * len(memory)) + 5, state))
        state.follow(torch.arange(3 * len(memory)).view(-1, 3).flip(1).flatten())
        found.append(decoder.step(torch.arange(3 * len(memory)) + 9, state))
        state.keep(torch.arange(1, len(memory)))
        state.follow(torch.arange(3, 3 * len(memory)))
        found.append(decoder.step(torch.arange(3 * len(memory) - 3) + 7, state))
    return torch.cat(found)


def test_image_tokens_and_every_steps_logits_are_equal(tiny_captioner, onnx_captioner):
    memory = memory_of(tiny_captioner)
    torch.testing.assert_close(memory_of(onnx_captioner), memory, atol=1e-4, rtol=0)
    for images in (memory, memory[:1].expand(2, -1, -1).contiguous()):
        wanted = logits_of(tiny_captioner, images)
        torch.testing.assert_close(logits_of(onnx_captioner, images), wanted, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "options",
    [{"strategy": "greedy"}, {"num": 5}, {"strategy": "nucleus", "num": 2, "seed": 7}],
    ids=["greedy", "beam", "nucleus"],
)
def test_captions_and_scores_are_equal(options, tiny_captioner, onnx_captioner):
    assert texts(onnx_captioner, **options) == texts(tiny_captioner, **options)
    pairs = zip(
        tiny_captioner.caption(requests(**options)),
        onnx_captioner.caption(requests(**options)),
        strict=True,
    )
    for ours, theirs in pairs:
        assert [caption.confidence for caption in theirs.captions] == pytest.approx(
            [caption.confidence for caption in ours.captions], abs=1e-4
        )


def test_one_photo_alone_and_a_bad_one_among_good_ones(tiny_captioner, onnx_captioner):
    [alone] = onnx_captioner.caption(requests(num=1)[:1])
    assert alone.captions[0].text == texts(tiny_captioner, num=1)[0][0]
    good, bad = onnx_captioner.caption([requests(num=1)[0], CaptionRequest(b"no photo", num=1)])
    assert good.captions == alone.captions
    assert bad.error is not None
    assert bad.error.code == "photo_unreadable"


def test_int8_says_nearly_the_same_with_smaller_files(exported, exported_int8, tiny_captioner):
    int8 = OnnxCaptioner.from_directory(exported_int8, threads=1)
    memory = memory_of(tiny_captioner)
    assert error_of(memory_of(int8), memory) < 0.06
    wanted = logits_of(tiny_captioner, memory)
    assert error_of(logits_of(int8, memory), wanted) < 0.06
    best = [found[0] for found in texts(tiny_captioner, num=1)]
    same = sum(found[0] == text for found, text in zip(texts(int8, num=1), best, strict=True))
    assert same >= len(best) - 1
    assert size_of(exported_int8, STEP_FILE) < 0.75 * size_of(exported, STEP_FILE)


def test_packed_filters_give_nearly_the_same_tokens(exported, tmp_path):
    model = onnx.load(str(exported / ENCODER_FILE))
    pack_filters(model, least=1)
    onnx.checker.check_model(model)
    onnx.save(model, str(tmp_path / ENCODER_FILE))
    stored = [item for item in model.graph.initializer if len(item.dims) == 4]
    assert [item.data_type for item in stored] == [onnx.TensorProto.INT8] * 2
    pixels = {"pixels_0": np.linspace(-1, 1, 2 * 3 * 32 * 32, dtype=np.float32)}
    pixels["pixels_0"].shape = (2, 3, 32, 32)
    [wanted] = Graph(exported / ENCODER_FILE, 1)(pixels)
    [given] = Graph(tmp_path / ENCODER_FILE, 1)(pixels)
    error = error_of(torch.from_numpy(given), torch.from_numpy(wanted))
    assert 0 < error < 0.03


@pytest.mark.parametrize("folder", ["exported", "exported_int8"])
def test_the_files_need_no_operators_outside_the_standard(folder, request):
    """What onnxruntime-web, and any other runtime, can be expected to have."""
    directory = request.getfixturevalue(folder)
    for name in ONNX_FILES:
        model = onnx.load(str(directory / name))
        onnx.checker.check_model(model)
        assert {node.domain for node in model.graph.node} <= {"", "ai.onnx"}


def error_of(given: torch.Tensor, wanted: torch.Tensor) -> float:
    """How far off, as a share of the length."""
    return float((given - wanted).norm() / wanted.norm())


def size_of(directory: Path, name: str) -> int:
    return (directory / name).stat().st_size
