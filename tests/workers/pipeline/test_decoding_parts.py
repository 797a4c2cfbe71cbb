"""The parts of fast decoding: the search in chunks, and steps whose shapes stay."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.bench.contenders import Bench, pictures
from workers.pipeline.decoding.base import best_of, column_depth
from workers.pipeline.decoding.beam import Beam
from workers.pipeline.decoding.greedy import Greedy
from workers.pipeline.decoding.nucleus import Nucleus
from workers.pipeline.graphs import GraphedDecoder, graphed

STRATEGIES = [Greedy(), Beam(2), Beam(5, 0.7), Nucleus(0.9)]


@settings(deadline=None, max_examples=60)
@given(
    images=st.integers(1, 3),
    beams=st.integers(1, 4),
    size=st.sampled_from([7, 11, 24, 48, 50, 240, 1009, 6000]),
    count=st.integers(1, 20),
    seed=st.integers(0, 99),
)
def test_the_best_are_those_of_topk(images: int, beams: int, size: int, count: int, seed: int):
    chance = torch.Generator().manual_seed(seed)
    scores = torch.randn(images * beams, size, generator=chance)
    totals = torch.randn(images, beams, generator=chance)
    count = min(count, beams * size)
    values, places = best_of(scores, totals, count)
    expected = (scores.view(images, beams, size) + totals[..., None]).flatten(1).topk(count)
    assert torch.equal(values, expected.values)
    assert torch.equal(places, expected.indices)


def test_the_best_of_equals_are_found_once():
    scores = torch.zeros(2, 480)
    scores[:, 7] = -torch.inf
    values, places = best_of(scores, torch.zeros(2, 1), 10)
    assert values.eq(0).all()
    for row in places.tolist():
        assert len(set(row)) == 10
        assert 7 not in row


@pytest.mark.parametrize(("size", "depth"), [(6000, 24), (50, 25), (50257, 29), (1009, 1), (41, 1)])
def test_columns_divide_the_vocabulary(size: int, depth: int):
    assert column_depth(size) == depth


@pytest.mark.parametrize("images", [1, 3, 4])
@pytest.mark.parametrize("strategy", STRATEGIES, ids=["greedy", "beam2", "beam5", "nucleus"])
def test_static_steps_decode_what_growing_ones_do(tiny_model: Path, strategy, images: int):
    bench = Bench.load(tiny_model)
    memory = pictures(bench, images).memory
    plain = bench.network("plain").decoder
    static = GraphedDecoder(plain)
    with torch.inference_mode():
        expected = strategy.decode(plain, memory, bench.options, 2, [1] * images)
        for _ in range(2):  # the second time the buffers are those of the first
            found = strategy.decode(static, memory, bench.options, 2, [1] * images)
            assert [[s.ids for s in image] for image in found] == [
                [s.ids for s in image] for image in expected
            ]


def test_a_cpu_gets_no_graphs(tiny_model: Path):
    decoder = Bench.load(tiny_model).network("plain").decoder
    assert graphed(decoder, torch.device("cpu")) is decoder


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no CUDA device.")
@pytest.mark.parametrize("strategy", STRATEGIES, ids=["greedy", "beam2", "beam5", "nucleus"])
def test_captured_steps_decode_what_a_cpu_does(tiny_model: Path, strategy):
    bench = Bench.load(tiny_model)
    memory = pictures(bench, 3).memory
    plain = bench.network("plain").decoder
    with torch.inference_mode():
        expected = strategy.decode(plain, memory, bench.options, 2, [1] * 3)
        on_gpu = graphed(plain.to("cuda"), torch.device("cuda"))
        assert isinstance(on_gpu, GraphedDecoder)
        for _ in range(2):
            found = strategy.decode(on_gpu, memory.to("cuda"), bench.options, 2, [1] * 3)
            assert [[s.ids for s in image] for image in found] == [
                [s.ids for s in image] for image in expected
            ]
