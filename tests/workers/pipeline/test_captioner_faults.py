"""What the captioner does when memory runs out, when the device breaks, and when a photo does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

from tests.workers.tiny import plain_photo
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionOutcome, CaptionRequest
from workers.pipeline.errors import InferenceError, OutOfMemory
from workers.pipeline.faults import DeviceLost, fault_of, in_pieces

COLOURS = ("red", "green", "blue", "yellow", "black", "white")
REQUESTS = [CaptionRequest(plain_photo(colour)) for colour in COLOURS]

MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
    torch.AcceleratorError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]
DEVICE = [
    torch.AcceleratorError("CUDA error: device-side assert triggered"),
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
]


def texts(outcomes: list[CaptionOutcome]) -> list[list[str]]:
    return [[caption.text for caption in outcome.captions] for outcome in outcomes]


@pytest.fixture
def captioner(tiny_model: Path) -> Captioner:
    """A captioner of its own, because these tests break its network."""
    return Captioner.from_pretrained(tiny_model)


def failing(
    captioner: Captioner, monkeypatch, stage: str, error: Exception, beyond: int
) -> Counter[int]:
    """Let a stage raise for more than `beyond` photos; counts the sizes tried."""
    owner = captioner.network if stage == "encode" else captioner
    honest, sizes = getattr(owner, stage), Counter()

    def limited(batch, *rest):
        photos = len(batch[0]) if stage == "encode" else len(batch)
        sizes[photos] += 1
        if photos > beyond:
            raise error
        return honest(batch, *rest)

    monkeypatch.setattr(owner, stage, limited)
    return sizes


@pytest.mark.parametrize("error", MEMORY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", ["encode", "decode"])
def test_a_batch_too_large_is_halved_until_it_fits(captioner, monkeypatch, stage, error):
    expected = texts(captioner.caption(REQUESTS))
    sizes = failing(captioner, monkeypatch, stage, error, beyond=2)

    outcomes = captioner.caption(REQUESTS)

    assert texts(outcomes) == expected
    assert captioner.counters["oom_retries"] == 2
    # 6 fails, 3 fails, then pieces of one: the size does not grow again within a batch.
    assert sizes == {6: 1, 3: 1, 1: 6}


@pytest.mark.parametrize("stage", ["encode", "decode"])
def test_a_photo_that_does_not_fit_alone_may_be_tried_again(captioner, monkeypatch, stage):
    failing(captioner, monkeypatch, stage, torch.OutOfMemoryError("full"), beyond=0)
    outcomes = captioner.caption(REQUESTS[:2])
    assert all(isinstance(outcome.error, OutOfMemory) for outcome in outcomes)
    assert outcomes[0].error.retryable
    monkeypatch.undo()
    assert captioner.caption(REQUESTS[:2])[0].error is None


@pytest.mark.parametrize("error", DEVICE, ids=lambda error: str(error)[:24])
@pytest.mark.parametrize("stage", ["encode", "decode"])
def test_a_broken_device_is_not_tried_again(captioner, monkeypatch, stage, error):
    sizes = failing(captioner, monkeypatch, stage, error, beyond=0)
    with pytest.raises(DeviceLost) as lost:
        captioner.caption(REQUESTS)
    assert lost.value.retryable
    assert str(error) not in lost.value.message  # it is in the log; people read the message
    assert sizes == {6: 1}


def test_a_photo_the_network_cannot_take_fails_alone(captioner, monkeypatch):
    encode = captioner.network.encode

    def picky(pixels, photos):
        if any(tensor.mean() < -1.5 for tensor in pixels[0]):  # the black one, normalized
            raise RuntimeError("no kernel")
        return encode(pixels, photos)

    monkeypatch.setattr(captioner.network, "encode", picky)
    outcomes = captioner.caption(REQUESTS)
    assert [outcome.error is None for outcome in outcomes] == [c != "black" for c in COLOURS]
    assert isinstance(outcomes[4].error, InferenceError)


@pytest.mark.parametrize(("count", "limit"), [(1, 1), (2, 1), (5, 2), (8, 3), (8, 8)])
def test_pieces_keep_order_and_number(count, limit):
    def work(items):
        if len(items) > limit:
            raise MemoryError
        return [item * 10 for item in items]

    assert in_pieces(work, list(range(count))) == [n * 10 for n in range(count)]


def test_no_items_are_no_work():
    assert in_pieces(lambda items: pytest.fail("called"), []) == []


@pytest.mark.parametrize("error", MEMORY)
def test_lack_of_memory_is_known(error):
    assert isinstance(fault_of(error), OutOfMemory)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_real_lack_of_gpu_memory_is_known():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50, dtype=torch.uint8, device="cuda")
    assert isinstance(fault_of(caught.value), OutOfMemory)
