"""Images decoded side by side: the same captions, whole errors, and nobody's threads changed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import torch

from workers.bench.contenders import Bench, pictures
from workers.pipeline import precision
from workers.pipeline.decoding.abreast import Abreast
from workers.pipeline.decoding.beam import Beam
from workers.pipeline.decoding.greedy import Greedy
from workers.pipeline.decoding.nucleus import Nucleus
from workers.pipeline.network import CaptionNetwork
from workers.pipeline.threads import crew

IMAGES = 7


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def bench(tiny_model: Path) -> Bench:
    return Bench.load(tiny_model)


@pytest.fixture(scope="module", params=["fp32", "int8"])
def network(bench: Bench, request) -> CaptionNetwork:
    prepared = precision.prepare(bench.network("plain"), torch.device("cpu"), request.param)
    bench.networks.clear()
    return prepared


@pytest.mark.parametrize("images", [1, 2, 3, IMAGES])
@pytest.mark.parametrize(
    "strategy", [Greedy(), Beam(5), Nucleus(0.9)], ids=lambda s: type(s).__name__
)
def test_parts_say_what_the_whole_says(bench, network, strategy, images):
    memory, seeds = pictures(bench, images).memory, list(range(images))
    asked = (network.decoder, memory, bench.options, 2, seeds)
    with torch.inference_mode():
        whole, parts = strategy.decode(*asked), Abreast(strategy).decode(*asked)
    assert [[s.ids for s in image] for image in parts] == [
        [s.ids for s in image] for image in whole
    ]
    assert len(parts) == images


def test_parts_run_on_threads_of_their_own_with_one_thread_each(bench, network):
    seen: list[tuple[str, int, bool]] = []

    class Watched(Greedy):
        def decode(self, *asked):
            name = threading.current_thread().name
            seen.append((name, torch.get_num_threads(), torch.is_inference_mode_enabled()))
            return super().decode(*asked)

    memory = pictures(bench, IMAGES).memory
    with torch.inference_mode():
        Abreast(Watched()).decode(network.decoder, memory, bench.options, 1, [0] * IMAGES)
    assert len(seen) == 3
    assert all(name.startswith("decode") for name, _, _ in seen)
    assert {(threads, inference) for _, threads, inference in seen} == {(1, True)}
    assert torch.get_num_threads() == 3


def test_threads_to_come_keep_the_number_of_the_caller():
    crew(3)
    counts: list[int] = []
    later = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert counts == [3]


def test_an_error_of_one_part_is_raised_when_all_have_ended(bench, network):
    ended = []

    class Broken(Greedy):
        def decode(self, decoder, memory, options, num, seeds):
            if 0 in seeds:
                raise MemoryError
            found = super().decode(decoder, memory, options, num, seeds)
            ended.append(len(found))
            return found

    memory = pictures(bench, IMAGES).memory
    with pytest.raises(MemoryError):
        Abreast(Broken()).decode(network.decoder, memory, bench.options, 1, list(range(IMAGES)))
    assert sum(ended) == IMAGES - 2


def test_a_network_that_is_not_prepared_decodes_in_the_callers_thread(bench):
    names = []

    class Watched(Greedy):
        def decode(self, *asked):
            names.append(threading.current_thread())
            return super().decode(*asked)

    memory, decoder = pictures(bench, 2).memory, bench.network("plain").decoder
    bench.networks.clear()
    Abreast(Watched()).decode(decoder, memory, bench.options, 1, [0, 0])
    assert names == [threading.current_thread()]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_a_crew_of_its_own():
    crew(3).submit(int).result()
    child = os.fork()
    if child == 0:
        done = crew(3) is not None and crew(3).submit(lambda: 7).result(timeout=10) == 7
        os._exit(0 if done else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
