"""Turkish text through the tokenizer: four letters i, two of them dotted, and no stray dots."""

import unicodedata
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.tiny import TURKISH_COLOURS, tiny_sentences, tiny_tokenizer
from workers.pipeline.tokens import CaptionTokenizer, normalise_caption, present_caption

LOWER = "abcçdefgğhıijklmnoöprsştuüvyz"
UPPER = "ABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZ"
COMBINING_DOT = "\u0307"

letters = st.sampled_from(LOWER + UPPER + "âîûÂÎÛ")
words = st.text(letters, min_size=1, max_size=8)
sentences = st.lists(words, min_size=1, max_size=8).map(" ".join)


@cache
def tokenizer() -> CaptionTokenizer:
    return tiny_tokenizer(("en", "tr"))


def test_the_whole_alphabet_goes_down_and_its_first_letter_up():
    assert normalise_caption(UPPER, "tr") == LOWER
    for lower, upper in zip(LOWER, UPPER, strict=True):
        assert present_caption(lower, "tr") == f"{upper}."


@pytest.mark.parametrize(
    ("written", "learned", "shown"),
    [
        ("İki köpek IŞIKTA koşuyor .", "iki köpek ışıkta koşuyor", "İki köpek ışıkta koşuyor."),
        ("Işıklı bir sokak!", "ışıklı bir sokak", "Işıklı bir sokak."),
        ("I\u0307stanbul'da bir vapur", "istanbul'da bir vapur", "İstanbul'da bir vapur."),
        ("Kırmızı  bir   araba", "kırmızı bir araba", "Kırmızı bir araba."),
        ("Çocuk, DÜĞÜN'de", "çocuk, düğün'de", "Çocuk, düğün'de."),
    ],
)
def test_sentences(written, learned, shown):
    composed = unicodedata.normalize("NFC", written)
    assert normalise_caption(composed, "tr") == learned
    assert present_caption(learned, "tr") == shown


@given(sentences)
def test_normalising_is_final_and_keeps_every_letter(sentence):
    learned = normalise_caption(sentence, "tr")
    assert normalise_caption(learned, "tr") == learned
    assert COMBINING_DOT not in learned
    assert len(learned) == len(sentence)
    assert not any(letter.isupper() for letter in learned)


@given(sentences)
def test_presenting_changes_the_first_letter_alone(sentence):
    learned = normalise_caption(sentence, "tr")
    shown = present_caption(learned, "tr")
    assert shown[1:-1] == learned[1:]
    assert shown[0].isupper()
    assert normalise_caption(shown, "tr") == learned


@given(sentences)
def test_the_tokenizer_gives_back_what_it_took(sentence):
    ids = tokenizer().encode(sentence, "tr", 10_000)
    assert ids[0] == tokenizer().languages["tr"]
    assert ids[-1] == tokenizer().end
    shown = tokenizer().decode(ids[1:-1], "tr")
    assert shown == present_caption(normalise_caption(sentence, "tr"), "tr")


def test_the_same_letters_are_other_words_in_english():
    """English lower-cases I to i; Turkish must not, and the other way round."""
    assert normalise_caption("I", "en") == "i"
    assert normalise_caption("I", "tr") == "ı"
    assert present_caption("in the park", "en") == "In the park."
    assert present_caption("in", "tr") == "İn."


def test_a_turkish_capital_in_an_english_caption_leaves_no_stray_dot():
    """Python's str.lower() turns İ into i and a combining dot, which no tokenizer has learned."""
    assert COMBINING_DOT in "İ".lower()
    assert normalise_caption("A ferry in İstanbul", "en") == "a ferry in istanbul"


def test_decomposed_letters_are_the_same_caption():
    """Some systems write Ş as S and a cedilla; the model should learn one spelling of it."""
    for sentence in ("Şişli'de ÇİĞ köfte", "GÖĞÜS"):
        decomposed = unicodedata.normalize("NFD", sentence)
        assert normalise_caption(decomposed, "tr") == normalise_caption(sentence, "tr")


def test_every_tiny_turkish_caption_survives():
    for colour in TURKISH_COLOURS:
        for sentence in tiny_sentences(colour, "tr"):
            ids = tokenizer().encode(sentence, "tr", 40)
            assert tokenizer().decode(ids[1:-1], "tr") == present_caption(sentence, "tr")
