"""The tokenizer: what is learned, what is shown, and the way there and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.tiny import tiny_tokenizer
from workers.pipeline.errors import ModelError
from workers.pipeline.tokens import CaptionTokenizer, normalise_caption, present_caption

TOKENIZER = tiny_tokenizer()


@pytest.mark.parametrize(
    ("written", "learned"),
    [
        ("A dog  runs .", "a dog runs"),
        ("The girl 's hat , red .", "the girl's hat, red"),
        ("Two men play !", "two men play"),
        ("  ", ""),
    ],
)
def test_normalised(written, learned):
    assert normalise_caption(written) == learned


def test_turkish_has_two_letters_i():
    assert normalise_caption("Işıkta İki kız .", "tr") == "ışıkta iki kız"  # noqa: RUF001
    assert present_caption("iki kız", "tr") == "İki kız."  # noqa: RUF001
    assert present_caption("ışık", "tr") == "Işık."  # noqa: RUF001


@given(st.text(max_size=60))
def test_a_caption_survives_encoding(text):
    ids = TOKENIZER.encode(text, "en", 500)
    assert ids[0] == TOKENIZER.languages["en"]
    assert ids[-1] == TOKENIZER.end
    if "<|" not in text:
        assert TOKENIZER.decode(ids[1:-1], "en") == present_caption(normalise_caption(text))


def test_long_captions_are_cut_but_still_end():
    ids = TOKENIZER.encode("a red picture " * 30, "en", 10)
    assert len(ids) == 11
    assert ids[-1] == TOKENIZER.end


def test_the_language_token_starts_the_caption():
    assert (
        TOKENIZER.encode("a", "tr", 5)[0] == TOKENIZER.languages["tr"] != TOKENIZER.languages["en"]
    )


def test_saved_and_loaded(tmp_path: Path):
    TOKENIZER.save(tmp_path / "tokenizer.json")
    loaded = CaptionTokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.encode("a red picture", "en", 20) == TOKENIZER.encode("a red picture", "en", 20)


def test_a_tokenizer_without_our_special_tokens_is_refused(tmp_path: Path):
    from tokenizers import Tokenizer, models

    Tokenizer(models.BPE()).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelError, match="lacks"):
        CaptionTokenizer.load(tmp_path / "tokenizer.json")
