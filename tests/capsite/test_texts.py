"""The form in which texts of people are kept: what shows, as it shows, and nothing that hides."""

import pytest

from capsite.accounts.models import User
from capsite.accounts.services.people import profile_update
from capsite.common.errors import CapsiteError
from capsite.common.texts import MOST_MARKS, tidy_line, tidy_text

PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ko\u0308pek", "köpek"),
        ("a\0b\ud800c", "abc"),
        ("a\x1b[31mb\x7f\x9b", "a[31mb"),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066x\u2069 \u202ay\u202c", "x y"),
        ("\u200b\ufeff\u00a0dog\u2060 ", "dog"),
        ("\u200b\u200d\u3164\u2800 \u00ad\u115f", ""),
        (FAMILY, FAMILY),
        (PERSIAN, PERSIAN),
        ("שלום", "שלום"),
        ("e" + "\u0353" * 500 + "x", "e" + "\u0353" * MOST_MARKS + "x"),
        ("{{ 7|add:7 }} %s %(x)s <b>&amp;", "{{ 7|add:7 }} %s %(x)s <b>&amp;"),
    ],
    ids=ascii,
)
def test_what_is_kept(given, kept):
    assert tidy_text(given) == kept
    assert tidy_text(kept) == kept


def test_a_line_is_one_line():
    assert tidy_line(" a\u2028b\tc\r\n d ") == "a b c d"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["ada\u3164", "\u115fada", "a\u200bda", "\u202eada", "a da"])
def test_no_name_looks_like_another_one(name):
    person = User.objects.create_user("ada1")
    with pytest.raises(CapsiteError) as caught:
        profile_update(person=person, username=name)
    assert caught.value.code == "username_invalid"
