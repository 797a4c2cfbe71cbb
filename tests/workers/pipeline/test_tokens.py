"""The tokenizer: what is learned, what is shown, and the way there and back."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, processors

from tests.workers.sources import gpt2_tokenizer
from tests.workers.tiny import tiny_tokenizer
from workers.pipeline.errors import ModelError
from workers.pipeline.tokens import CaptionTokenizer, normalise_caption, present_caption

TOKENIZER = tiny_tokenizer()
with TemporaryDirectory() as folder:
    gpt2_tokenizer(Path(folder) / "tokenizer.json")
    GPT2_TOKENIZER = CaptionTokenizer.from_gpt2(folder)


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
    assert normalise_caption("Işıkta İki kız .", "tr") == "ışıkta iki kız"
    assert present_caption("iki kız", "tr") == "İki kız."
    assert present_caption("ışık", "tr") == "Işık."


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
    Tokenizer(models.BPE()).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelError, match="lacks"):
        CaptionTokenizer.load(tmp_path / "tokenizer.json")


@pytest.fixture
def gpt2_folder(tmp_path: Path) -> Path:
    gpt2_tokenizer(tmp_path / "tokenizer.json")
    return tmp_path


def test_the_tokenizer_of_gpt2_grows_by_our_tokens_at_its_end(gpt2_folder: Path):
    theirs = Tokenizer.from_file(str(gpt2_folder / "tokenizer.json"))
    ours = CaptionTokenizer.from_gpt2(gpt2_folder)
    size = theirs.get_vocab_size()
    assert ours.vocabulary == size + 4
    assert {ours.pad, ours.end, *ours.languages.values()} == set(range(size, size + 4))
    assert theirs.token_to_id("<|endoftext|>") in ours.never_generated
    assert ours.end not in ours.never_generated
    ids = ours.encode("A red picture .", "en", 20)
    assert ids[1:-1] == theirs.encode("a red picture").ids
    assert ours.decode(ids[1:], "en") == "A red picture."


@given(st.text(max_size=40))
def test_any_caption_survives_the_tokenizer_of_gpt2(text):
    ids = GPT2_TOKENIZER.encode(text, "tr", 500)
    if "<|" not in text:
        expected = present_caption(normalise_caption(text, "tr"), "tr")
        assert GPT2_TOKENIZER.decode(ids[1:-1], "tr") == expected


def test_vocab_and_merges_are_the_same_tokenizer(gpt2_folder: Path, tmp_path: Path):
    whole = CaptionTokenizer.from_gpt2(gpt2_folder)
    (tmp_path / "old").mkdir()
    Tokenizer.from_file(str(gpt2_folder / "tokenizer.json")).model.save(str(tmp_path / "old"))
    parts = CaptionTokenizer.from_gpt2(tmp_path / "old")
    assert parts.encode("a red picture", "en", 20) == whole.encode("a red picture", "en", 20)
    parts.save(tmp_path / "saved.json")
    assert CaptionTokenizer.load(tmp_path / "saved.json").languages == whole.languages


def test_tokens_around_every_text_and_stored_padding_do_not_reach_captions(gpt2_folder: Path):
    path = gpt2_folder / "tokenizer.json"
    plain = CaptionTokenizer.from_gpt2(gpt2_folder)
    theirs = Tokenizer.from_file(str(path))
    theirs.enable_padding(length=50)
    theirs.enable_truncation(2)
    end = theirs.token_to_id("<|endoftext|>")
    theirs.post_processor = processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", end)]
    )
    theirs.save(str(path))
    text = "a large red square on the wall"
    assert CaptionTokenizer.from_gpt2(gpt2_folder).encode(text, "en", 40) == plain.encode(
        text, "en", 40
    )


def test_other_tokenizers_are_refused(tmp_path: Path):
    with pytest.raises(ModelError, match=r"merges\.txt"):
        CaptionTokenizer.from_gpt2(tmp_path)
    Tokenizer(models.WordLevel({"a": 0}, unk_token="a")).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelError, match="byte-level"):
        CaptionTokenizer.from_gpt2(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="not a tokenizer"):
        CaptionTokenizer.from_gpt2(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.json").write_text("[]")
    (tmp_path / "merges.txt").write_text("a b c\n")
    with pytest.raises(ModelError, match="cannot be read"):
        CaptionTokenizer.from_gpt2(tmp_path)
