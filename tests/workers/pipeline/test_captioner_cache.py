"""Photos seen before are not encoded again, equal requests are decoded once, captions stay same."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.tiny import COLOURS, plain_photo
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionRequest
from workers.pipeline.encoders import PhotoFacts
from workers.pipeline.errors import PhotoError
from workers.pipeline.featurestore import feature_key, pack, unpack


class Memory(dict):
    """A feature store in this process; counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def get_many(self, keys):
        self.calls["get"] += 1
        return [self.get(key) for key in keys]

    def put_many(self, values):
        self.calls["put"] += 1
        self.update(values)


@pytest.fixture
def store() -> Memory:
    return Memory()


@pytest.fixture
def captioner(tiny_model: Path, store: Memory) -> Captioner:
    return Captioner.from_pretrained(tiny_model, features=store)


@pytest.fixture
def work(captioner: Captioner, monkeypatch) -> Counter[str]:
    """How many photos were encoded and how many captions' rows were begun."""
    done: Counter[str] = Counter()
    encode, begin = captioner.network.encode, captioner.network.decoder.begin

    def counting_encode(pixels, photos):
        done["encoded"] += len(photos)
        return encode(pixels, photos)

    def counting_begin(memory):
        done["decoded"] += len(memory)
        return begin(memory)

    monkeypatch.setattr(captioner.network, "encode", counting_encode)
    monkeypatch.setattr(captioner.network.decoder, "begin", counting_begin)
    return done


def photos() -> list[CaptionRequest]:
    return [CaptionRequest(plain_photo(colour)) for colour in COLOURS]


def test_cached_and_fresh_features_give_the_same_captions(captioner, store, work):
    requests = [
        replace(request, strategy=strategy, seed=5)
        for request in photos()
        for strategy in ("beam", "nucleus", "greedy")
    ]
    fresh = captioner.caption(requests)
    again = captioner.caption(requests)
    assert [outcome.captions for outcome in again] == [outcome.captions for outcome in fresh]
    assert work["encoded"] == len(COLOURS)
    assert store.calls == {"get": 2, "put": 1}
    assert captioner.counters == {"cache_hits": len(COLOURS), "cache_misses": len(COLOURS)}


def test_another_strategy_uses_the_features_of_the_first(captioner, work):
    captioner.caption(photos())
    captioner.caption([replace(request, strategy="greedy") for request in photos()])
    assert work["encoded"] == len(COLOURS)


def test_the_cache_changes_no_word(captioner, tiny_model):
    plain = Captioner.from_pretrained(tiny_model).caption(photos())
    for cached, without in zip(captioner.caption(photos()), plain, strict=True):
        for ours, theirs in zip(cached.captions, without.captions, strict=True):
            assert ours.text == theirs.text
            assert ours.log_probability == pytest.approx(theirs.log_probability, abs=0.01)


def test_equal_photos_and_equal_requests_are_worked_out_once(captioner, work):
    red, blue = CaptionRequest(plain_photo("red")), CaptionRequest(plain_photo("blue"))
    many = [red, blue, red, replace(red, seed=9), replace(red, language="tr"), red]
    outcomes = captioner.caption(many)
    assert work == {"encoded": 2, "decoded": 2}
    words = [[caption.text for caption in outcome.captions] for outcome in outcomes]
    assert words[0] == words[2] == words[3] == words[4] == words[5] != words[1]


def test_a_seed_matters_for_sampling_only(captioner, work):
    red = CaptionRequest(plain_photo("red"), "nucleus", 1)
    captioner.caption([red, replace(red, seed=1), red])
    assert work == {"encoded": 1, "decoded": 2}


def test_greedy_gives_one_caption_whatever_is_asked(captioner, work):
    red = CaptionRequest(plain_photo("red"), "greedy", 1)
    captioner.caption([red, replace(red, num=5)])
    assert work["decoded"] == 1


def test_a_photo_that_is_remembered_costs_no_encoding_later(captioner, work):
    captioner.remember([plain_photo("red"), b"no photo"])
    assert work == {"encoded": 1}
    captioner.caption([CaptionRequest(plain_photo("red"))])
    assert work == {"encoded": 1, "decoded": 1}


def test_warming_up_runs_the_network_whatever_is_stored(captioner, store, work):
    captioner.warm_up()
    captioner.warm_up()
    assert work == {"encoded": 2, "decoded": 2}
    assert store == {}


def test_a_bad_photo_is_not_stored(captioner, store):
    [outcome] = captioner.caption([CaptionRequest(b"no photo")])
    assert isinstance(outcome.error, PhotoError)
    assert store == {}


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value[:-2],
        lambda value: value[:3],
        lambda value: b"",
        lambda value: b"XXXX" + value[4:],
        lambda value: value[:40] + bytes([value[40] ^ 1]) + value[41:],
        lambda value: value[:4] + struct.pack("<HH", 1, 7) + value[8:],
    ],
)
def test_a_damaged_value_is_ignored_and_replaced(captioner, store, damage, work):
    [request] = photos()[:1]
    before = captioner.caption([request])[0].captions
    [(key, value)] = store.items()
    store[key] = damage(value)
    assert captioner.caption([request])[0].captions == before
    assert work["encoded"] == 2
    assert store[key] == value


def test_what_is_not_finite_counts_as_damaged():
    assert unpack(pack(torch.tensor([[1.0, float("nan")]]))) is None
    assert unpack(pack(torch.tensor([[1.0, 1e6]]))) is None


def test_another_version_never_reads_this_one(tiny_model, store):
    first = Captioner.from_pretrained(tiny_model, features=store)
    first.caption(photos())
    other = Captioner.from_pretrained(tiny_model, features=store, dtype="bf16")
    other.caption(photos())
    assert len(store) == 2 * len(COLOURS)


def test_what_a_person_gave_is_part_of_the_key():
    bare = feature_key(PhotoFacts("ab"), "rev:fp32")
    assert bare == "ab:rev:fp32"
    hinted = feature_key(PhotoFacts("ab", hints=("dog",)), "rev:fp32")
    assert len({bare, hinted, feature_key(PhotoFacts("ab", hints=("cat",)), "rev:fp32")}) == 3


@given(st.binary(max_size=200))
def test_any_bytes_unpack_to_nothing_and_raise_nothing(value):
    assert unpack(value) is None


@given(st.integers(1, 9), st.integers(1, 9))
def test_pack_and_unpack_round_to_fp16(count, width):
    tokens = torch.randn(count, width)
    found = unpack(pack(tokens))
    assert found is not None
    assert torch.equal(found, tokens.half().float())
