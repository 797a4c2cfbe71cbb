"""The captioner as the worker sees it: order, isolation, repeatability, clear errors."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from tests.workers.tiny import plain_photo
from workers.pipeline.captioner import Captioner
from workers.pipeline.contract import CaptionOutcome, CaptionRequest
from workers.pipeline.decoding.base import DecodedSequence
from workers.pipeline.errors import ModelError, PhotoError, RequestError


def texts(outcome: CaptionOutcome) -> list[str]:
    return [caption.text for caption in outcome.captions]


def test_it_says_what_it_sees(tiny_captioner: Captioner):
    requests = [CaptionRequest(plain_photo(colour)) for colour in ("red", "blue", "white")]
    outcomes = tiny_captioner.caption(requests)
    for colour, outcome in zip(("red", "blue", "white"), outcomes, strict=True):
        assert outcome.error is None
        assert len(outcome.captions) == 3
        assert all(colour in text for text in texts(outcome))
        assert all(text[0].isupper() and text.endswith(".") for text in texts(outcome))


def test_every_caption_carries_rank_score_strategy_and_language(tiny_captioner: Captioner):
    outcome = tiny_captioner.caption([CaptionRequest(plain_photo(), "nucleus", 4, seed=3)])[0]
    assert [caption.rank for caption in outcome.captions] == [0, 1, 2, 3]
    assert {(c.strategy, c.language) for c in outcome.captions} == {("nucleus", "en")}
    assert all(c.log_probability <= 0 <= c.confidence <= 1 for c in outcome.captions)
    assert len(set(texts(outcome))) == 4


@pytest.mark.parametrize(
    ("strategy", "num", "count"), [("greedy", 3, 1), ("beam", 1, 1), ("beam", 7, 7)]
)
def test_number_of_captions(tiny_captioner: Captioner, strategy, num, count):
    outcome = tiny_captioner.caption([CaptionRequest(plain_photo(), strategy, num)])[0]
    assert len(set(texts(outcome))) == count


def test_a_bad_photo_fails_alone(tiny_captioner: Captioner):
    good = CaptionRequest(plain_photo("green"))
    outcomes = tiny_captioner.caption([good, CaptionRequest(b"not a photo"), good])
    assert isinstance(outcomes[1].error, PhotoError)
    assert outcomes[1].captions == ()
    assert texts(outcomes[0]) == texts(outcomes[2]) == texts(tiny_captioner.caption([good])[0])


def test_mixed_requests_keep_order_and_equal_those_made_alone(tiny_captioner: Captioner):
    colours = ("red", "green", "blue", "yellow", "black", "white")
    strategies = ("beam", "nucleus", "greedy", "nucleus", "beam", "nucleus")
    requests = [
        CaptionRequest(plain_photo(colour), strategy, 1 + index % 3, seed=index)
        for index, (colour, strategy) in enumerate(zip(colours, strategies, strict=True))
    ]
    together = tiny_captioner.caption(requests)
    for request, outcome in zip(requests, together, strict=True):
        alone = tiny_captioner.caption([request])[0]
        assert texts(alone) == texts(outcome)
        for ours, theirs in zip(alone.captions, outcome.captions, strict=True):
            assert ours.log_probability == pytest.approx(theirs.log_probability, abs=1e-5)


def test_a_seed_repeats_and_another_differs(tiny_captioner: Captioner):
    def sample(seed: int) -> list[str]:
        return texts(
            tiny_captioner.caption([CaptionRequest(plain_photo(), "nucleus", 3, seed=seed)])[0]
        )

    assert sample(1) == sample(1)
    assert len({tuple(sample(seed)) for seed in range(6)}) > 1


def test_an_unknown_language_is_written_in_english_and_says_so(tiny_captioner: Captioner):
    outcome = tiny_captioner.caption([CaptionRequest(plain_photo(), language="tr")])[0]
    assert {caption.language for caption in outcome.captions} == {"en"}
    assert texts(outcome) == texts(tiny_captioner.caption([CaptionRequest(plain_photo())])[0])


def test_a_captioner_without_english_writes_what_it_speaks(tiny_model: Path, tmp_path: Path):
    copy = shutil.copytree(tiny_model, tmp_path / "model")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"languages": ["tr"]}))
    [outcome] = Captioner.from_pretrained(copy, threads=1).caption([CaptionRequest(plain_photo())])
    assert {caption.language for caption in outcome.captions} == {"tr"}


def test_timings_name_the_stages(tiny_captioner: Captioner):
    timings = tiny_captioner.caption([CaptionRequest(plain_photo())])[0].timings
    assert set(timings) == {"cache", "pre", "encode", "decode", "post"}
    assert all(seconds >= 0 for seconds in timings.values())


def test_an_empty_batch_is_an_empty_answer(tiny_captioner: Captioner):
    assert tiny_captioner.caption([]) == []


@pytest.mark.parametrize(
    "values",
    [
        {"num": 0},
        {"num": 11},
        {"strategy": "magic"},
        {"language": "de"},
        {"seed": -1},
        {"seed": 2**63},
    ],
)
def test_impossible_requests_are_refused(values):
    with pytest.raises(RequestError):
        CaptionRequest(b"", **values)


@pytest.mark.parametrize(
    "sequence",
    [
        DecodedSequence(ids=(), total=-1.0, steps=1),
        DecodedSequence(ids=(5,), total=float("nan"), steps=1),
    ],
    ids=["no words", "no number"],
)
def test_what_cannot_be_said_is_an_error_of_its_photo(
    tiny_captioner: Captioner, monkeypatch, sequence
):
    monkeypatch.setattr(tiny_captioner, "decode", lambda tokens, requests: [[sequence]])
    [outcome] = tiny_captioner.caption([CaptionRequest(plain_photo(), num=1)])
    assert outcome.captions == ()
    assert outcome.error is not None
    assert outcome.error.code == "inference_failed"


def test_loading_is_quick_and_a_caption_too(tiny_model: Path):
    started = time.perf_counter()
    captioner = Captioner.from_pretrained(tiny_model)
    captioner.warm_up()
    assert time.perf_counter() - started < 5
    assert captioner.name == "tiny"
    assert captioner.languages == ("en",)
    assert sum(path.stat().st_size for path in tiny_model.iterdir()) < 1_000_000


def test_a_missing_directory_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match="does not exist"):
        Captioner.from_pretrained(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_missing_and_broken_files_are_named(tiny_model: Path, tmp_path: Path, name: str):
    copy = shutil.copytree(tiny_model, tmp_path / "model")
    (copy / name).write_bytes(b"{broken")
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        Captioner.from_pretrained(copy)
    (copy / name).unlink()
    with pytest.raises(ModelError, match=f"lacks {name}"):
        Captioner.from_pretrained(copy)


def test_weights_of_another_shape_are_refused(tiny_model: Path, tmp_path: Path):
    copy = shutil.copytree(tiny_model, tmp_path / "model")
    config = json.loads((copy / "config.json").read_text())
    config["decoder"]["width"] = 64
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="do not fit"):
        Captioner.from_pretrained(copy)


def test_the_revision_follows_weights_and_config(tiny_model: Path, tmp_path: Path):
    copy = shutil.copytree(tiny_model, tmp_path / "model")
    first = Captioner.from_pretrained(copy).revision
    assert first == Captioner.from_pretrained(tiny_model).revision
    config = json.loads((copy / "config.json").read_text())
    config["calibration"]["scale"] = 2.5
    (copy / "config.json").write_text(json.dumps(config))
    assert Captioner.from_pretrained(copy).revision != first
