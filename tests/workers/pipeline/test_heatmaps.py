"""Word heat maps: spans, sums, places, and Grad-CAM against what hiding pixels really does."""

import io
from itertools import permutations
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.workers.tiny import COLOURS, plain_photo, tiny_config, tiny_tokenizer
from workers.pipeline.captioner import Captioner
from workers.pipeline.config import EncoderConfig, PreprocessConfig
from workers.pipeline.contract import CaptionRequest
from workers.pipeline.errors import PhotoError, RequestError
from workers.pipeline.heatmaps import explain
from workers.pipeline.heatmaps.explain import _read
from workers.pipeline.heatmaps.grids import (
    WHOLE,
    TokenGrid,
    covered_boxes,
    lay_together,
    token_grids,
    union,
)
from workers.pipeline.heatmaps.words import words_of
from workers.pipeline.images import decode_photo, square
from workers.pipeline.model import PretrainedCaptioner
from workers.pipeline.network import CaptionNetwork

TOKENIZER = tiny_tokenizer()
GREY = (128, 128, 128)
LEFT, RIGHT = (0, 0, 32, 64), (32, 0, 64, 64)


def halves(left: str, right: str, hidden: tuple[int, int, int, int] | None = None) -> bytes:
    """A picture of two colours side by side, part of it hidden under grey."""
    picture = Image.new("RGB", (64, 64), COLOURS[left])
    picture.paste(COLOURS[right], RIGHT)
    if hidden:
        picture.paste(GREY, hidden)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def log_probability(captioner: Captioner, photo: bytes, colour: str) -> float:
    """Of the colour's word in "a {colour} picture"."""
    ids = captioner.tokenizer.encode(f"a {colour} picture", "en", 16)
    tokens = captioner.encode([captioner.pre(CaptionRequest(photo))])
    with torch.inference_mode():
        decoder = captioner.network.decoder
        logits = decoder(torch.tensor([ids[:-1]]), decoder.begin(tokens))
    return float(logits[0].log_softmax(-1)[1, ids[2]])


def side(grid: list[list[float]]) -> float:
    """How much more of a map lies right than left, -1 to 1."""
    rows = torch.tensor(grid)
    half = rows.shape[1] // 2
    return float(rows[:, half:].sum() - rows[:, :half].sum())


@pytest.mark.parametrize("method", ["attention", "grad-cam"])
def test_every_word_has_its_span_and_a_map_that_sums_to_1(tiny_captioner, method):
    text = "A large red square on the wall."
    made = explain(tiny_captioner, halves("red", "blue"), text, "en", method)
    assert (made.method, made.box) == (method, (0.0, 0.0, 1.0, 1.0))
    assert [word.text for word in made.words] == text.rstrip(".").split()
    for word in made.words:
        assert text[word.start : word.end] == word.text
        values = torch.tensor(word.grid)
        assert values.shape == (2, 2)
        assert values.min() >= 0
        total = float(values.sum())
        assert total == pytest.approx(1, abs=1e-5) or (method == "grad-cam" and total == 0)


@pytest.mark.parametrize("method", ["attention", "grad-cam"])
def test_the_same_question_has_the_same_answer(tiny_captioner, method):
    ask = (tiny_captioner, halves("green", "black"), "A green picture.", "en", method)
    first = explain(*ask)
    tiny_captioner.caption([CaptionRequest(plain_photo(c)) for c in COLOURS])
    assert explain(*ask) == first
    words = tiny_captioner.caption([CaptionRequest(plain_photo("red"))])[0].captions
    assert words  # the captioner still captions after gradients and plain attention


def test_the_pass_that_gives_weights_is_the_pass_that_captions(tiny_captioner):
    ids = TOKENIZER.encode("a red picture", "en", 16)
    memory = tiny_captioner.encode([tiny_captioner.pre(CaptionRequest(halves("red", "white")))])
    decoder = tiny_captioner.network.decoder
    with torch.inference_mode():
        logits, attentions = _read(tiny_captioner.network, ids, memory)
        usual = decoder(torch.tensor([ids[:-1]]), decoder.begin(memory))
    torch.testing.assert_close(logits, usual, atol=1e-4, rtol=1e-4)
    assert [weights.shape for weights in attentions] == [(1, 2, len(ids) - 1, 4)] * 2


def test_grad_cam_agrees_with_hiding_the_pixels(tiny_captioner):
    agreed = []
    for left, right in permutations(COLOURS, 2):
        for colour in (left, right):
            without = [
                log_probability(tiny_captioner, halves(left, right, part), colour)
                for part in (LEFT, RIGHT)
            ]
            if abs(without[0] - without[1]) < 1:
                continue  # hiding either half changes little: nothing to agree about
            text = f"a {colour} picture"
            made = explain(tiny_captioner, halves(left, right), text, "en", "grad-cam")
            agreed.append((side(made.words[1].grid) > 0) == (without[0] > without[1]))
    assert len(agreed) >= 30
    assert sum(agreed) / len(agreed) > 0.9


def unpacked(directory: Path) -> Captioner:
    """The captioner with PyTorch's own layers, which have gradients of their own."""
    model = PretrainedCaptioner.from_pretrained(directory)
    return Captioner(model.network, model.tokenizer, model.config, "plain")


@pytest.mark.parametrize("method", ["attention", "grad-cam"])
def test_half_precision_without_packed_layers_has_maps(tiny_model, monkeypatch, method):
    # As on a GPU: the decoder's matrices are ordinary layers in bf16.
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    served = Captioner.from_pretrained(tiny_model, threads=1, dtype="bf16")
    made = explain(served, halves("red", "blue"), "A red picture.", "en", method)
    grid = explain(unpacked(tiny_model), halves("red", "blue"), "A red picture.", "en", method)
    one, two = (torch.tensor(item.words[1].grid) for item in (made, grid))
    torch.testing.assert_close(one, two, atol=0.1, rtol=0)


@pytest.mark.parametrize("dtype", ["fp32", "int8"])
def test_serving_formats_show_the_same_places(tiny_model, dtype):
    photo, text = halves("red", "blue"), "A red picture."
    for method in ("attention", "grad-cam"):
        plain = unpacked(tiny_model)
        served = Captioner.from_pretrained(tiny_model, threads=1, dtype=dtype)
        one, two = (explain(c, photo, text, "en", method).words[1].grid for c in (plain, served))
        torch.testing.assert_close(torch.tensor(one), torch.tensor(two), atol=0.05, rtol=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog's ball, red.", ["A", "dog's", "ball", "red"]),
        ("  two   dogs , one  cat !", ["two", "dogs", "one", "cat"]),
        ("“Quoted” / a well-known wall…", ["Quoted", "a", "well-known", "wall"]),
        ("...", []),
        ("", []),
    ],
)
def test_words_are_what_people_read(text, words):
    _ids, found = words_of(text, "en", TOKENIZER, 60)
    assert [word.text for word in found] == words


@given(text=st.text(max_size=60), language=st.sampled_from(["en", "tr"]))
def test_any_text_has_words_that_stand_in_it_and_share_no_token(text, language):
    ids, words = words_of(text, language, TOKENIZER, 40)
    assert all(text[word.start : word.end] == word.text for word in words)
    assert [w.start for w in words] == sorted(w.start for w in words)
    tokens = [token for word in words for token in word.tokens]
    assert tokens == sorted(set(tokens))
    assert all(1 <= token < len(ids) - 1 for token in tokens)
    assert len(ids) <= 41


@given(words=st.lists(st.text("abcçğıİöşüéñ日本ñ'", min_size=1).filter(str.isalpha), min_size=1))
def test_the_tokens_of_a_word_spell_it(words):
    ids, found = words_of(" ".join(words), "tr", TOKENIZER, 10_000)
    assert [word.text for word in found] == words
    for word in found:
        spelt = TOKENIZER.decode([ids[token] for token in word.tokens], "tr").rstrip(".").lower()
        alone, _ = words_of(word.text, "tr", TOKENIZER, 10_000)
        assert spelt == TOKENIZER.decode(alone[1:-1], "tr").rstrip(".").lower()


def test_what_the_decoder_has_no_room_for_has_no_map(tiny_captioner):
    text = " ".join(["red"] * 40)
    made = explain(tiny_captioner, plain_photo(), text, "en")
    assert len(made.words) == 15


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"method": "magic"}, RequestError, "choose attention, grad-cam"),
        ({"language": "tr"}, RequestError, "does not speak 'tr'"),
        ({"text": "?!"}, RequestError, "no words"),
        ({"photo": b"no photo"}, PhotoError, "cannot be read"),
    ],
)
def test_what_cannot_be_explained_says_why(tiny_captioner, change, error, says):
    ask = {"photo": plain_photo(), "text": "A red picture.", "language": "en", **change}
    with pytest.raises(error, match=says):
        explain(tiny_captioner, **ask)


def two_eyes(*encoders: EncoderConfig) -> CaptionNetwork:
    config = tiny_config(TOKENIZER)
    return CaptionNetwork(type(config)(**{**vars(config), "encoders": encoders}))


def test_grids_are_found_among_all_encoders():
    conv = EncoderConfig("conv-grid", PreprocessConfig(size=64), {"width": 16})
    architecture = {
        "model_type": "vit",
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "image_size": 32,
        "patch_size": 16,
    }
    vit = EncoderConfig("vit", PreprocessConfig(size=32), {"architecture": architecture})
    words = EncoderConfig("conv-grid", PreprocessConfig(size=16), {"width": 16})  # one token
    network = two_eyes(words, vit, conv)
    grids = token_grids(network, [WHOLE] * 3)
    assert grids == [TokenGrid(1, 2, 2, WHOLE), TokenGrid(2, 6, 4, WHOLE)]

    captioner = Captioner(network.eval(), TOKENIZER, network.config, "x")
    for method in ("attention", "grad-cam"):
        made = explain(captioner, halves("red", "blue"), "a red picture", "en", method)
        assert torch.tensor(made.words[0].grid).shape == (4, 4)


def test_a_captioner_without_places_says_so():
    alone = EncoderConfig("conv-grid", PreprocessConfig(size=16), {"width": 16})
    network = two_eyes(alone)
    captioner = Captioner(network.eval(), TOKENIZER, network.config, "x")
    with pytest.raises(RequestError, match="no places"):
        explain(captioner, plain_photo(), "a red picture", "en")


@given(width=st.integers(20, 300), height=st.integers(20, 300), extra=st.integers(0, 20))
def test_the_box_of_a_crop_is_what_the_crop_shows(width, height, extra):
    size = PreprocessConfig(size=32, mode="crop", resize=32 + extra)
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    photo = io.BytesIO()
    Image.merge("RGB", (across, down, down)).save(photo, "PNG")
    [box] = covered_boxes(photo.getvalue(), [size])
    assert 0 <= box[0] < box[2] <= 1
    assert 0 <= box[1] < box[3] <= 1
    red, green, _blue = square(decode_photo(photo.getvalue()), size).split()
    # The gradients name each pixel's place: the middle of the crop is the middle of the box.
    assert red.getpixel((16, 16)) / 255 == pytest.approx((box[0] + box[2]) / 2, abs=0.06)
    assert green.getpixel((16, 16)) / 255 == pytest.approx((box[1] + box[3]) / 2, abs=0.06)


def test_maps_of_different_boxes_are_laid_where_they_belong():
    centre = (0.25, 0.0, 0.75, 1.0)
    grids = [TokenGrid(0, 0, 4, WHOLE), TokenGrid(1, 16, 2, centre)]
    box = union([grid.box for grid in grids])
    assert box == WHOLE
    nothing, spot = torch.zeros(4, 4), torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    laid = lay_together(grids, [nothing, spot], box)
    assert float(laid.sum()) == pytest.approx(1)
    assert laid[:, 0].sum() == 0  # outside the crop
    assert laid[:, 3].sum() == 0
    assert laid[0, 1] == laid.max()


def test_a_crop_alone_is_its_own_box(tiny_captioner):
    grid = TokenGrid(0, 0, 3, (0.2, 0.0, 0.8, 1.0))
    values = torch.rand(3, 3)
    torch.testing.assert_close(lay_together([grid], [values], grid.box), values)
