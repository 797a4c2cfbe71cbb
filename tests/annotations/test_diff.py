"""What changed between two texts, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.diff import ADDED, REMOVED, SAME, Piece, has_changes, words_diff


def marked(old: str, new: str) -> str:
    """Return the pieces as one line: [-gone-], {+come+}."""
    shapes = {SAME: "{}", ADDED: "{{+{}+}}", REMOVED: "[-{}-]"}
    return "".join(shapes[piece.kind].format(piece.text) for piece in words_diff(old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("A dog runs.", "A dog runs.", "A dog runs."),
        ("A dog runs.", "A brown dog runs.", "A {+brown +}dog runs."),
        ("A dog runs fast.", "A dog runs.", "A dog runs[- fast-]."),
        ("A dog runs.", "Two cats sleep.", "[-A dog runs-]{+Two cats sleep+}."),
        ("A dog runs.", "A dog runs, and barks.", "A dog runs{+, and barks+}."),
        ("A dog\nruns.", "A dog runs.", "A dog runs."),  # blanks are no change
        ("Köpeğin tasması", "Köpeğin kırmızı tasması", "Köpeğin {+kırmızı +}tasması"),
        ("the dog's toy", "the dogs toy", "the [-dog's-]{+dogs +}toy"),
        ("", "New.", "{+New.+}"),
        ("Old.", "", "[-Old.-]"),
        ("", "", ""),
    ],
)
def test_words_are_what_changes(old, new, expected):
    assert marked(old, new) == expected


def test_accents_and_joined_emoji_are_not_torn_apart():
    # A combining accent, and a family joined out of three people.
    assert words_diff("cafe\u0301", "cafe") == [
        Piece(REMOVED, "cafe\u0301"),
        Piece(ADDED, "cafe"),
    ]
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert Piece(ADDED, family) in words_diff("A dog", f"A dog {family}")


def test_blanks_alone_are_no_change():
    assert not has_changes(words_diff("A  dog", "A dog"))
    assert has_changes(words_diff("A dog", "A dog."))


# Texts are kept without blanks at their edges.
@given(st.text(max_size=60).map(str.strip), st.text(max_size=60).map(str.strip))
def test_what_was_not_removed_is_the_new_text(old, new):
    pieces = words_diff(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != REMOVED) == new
    old_words = "".join("".join(p.text for p in pieces if p.kind != ADDED).split())
    assert old_words == "".join(old.split())


def test_a_long_text_is_compared_soon():
    import time

    old = " ".join(f"word{number % 7}" for number in range(400))
    new = " ".join(f"word{number % 5}" for number in range(400))
    began = time.monotonic()
    words_diff(old, new)
    assert time.monotonic() - began < 1
