"""The split between active version and candidate is stable, near its share and grows with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.errors import RegistryError
from captions.models import CaptionModel
from captions.serving import ServingPlan, in_share

ENGLISH, NEW, TURKISH = (CaptionModel(pk=n, name=name) for n, name in enumerate("ent", 1))


def plan(share: int = 10) -> ServingPlan:
    return ServingPlan(
        active={"en": ENGLISH, "tr": TURKISH}, candidates={"en": (NEW, share)}, fingerprint="f"
    )


@given(share=st.integers(1, 99), salt=st.text(max_size=20))
def test_the_split_is_near_the_share(share, salt):
    keys = 4000
    hits = sum(in_share(f"{salt}{number}", share) for number in range(keys))
    # Five standard deviations of a fair draw: less than one run in a million would fail.
    spread = 5 * (keys * share / 100 * (1 - share / 100)) ** 0.5
    assert abs(hits - keys * share / 100) <= spread


@given(key=st.text(), share=st.integers(1, 98))
def test_a_key_always_falls_the_same_way_and_stays_as_the_share_grows(key, share):
    assert plan(share).choose("en", key) is plan(share).choose("en", key)
    assert not in_share(key, share) or in_share(key, share + 1)


@given(key=st.text())
def test_only_the_candidates_language_is_split(key):
    assert plan(99).choose("tr", key) is TURKISH
    assert plan().choose("en", key) in (ENGLISH, NEW)


def test_known_keys_fall_as_they_always_did():
    chosen = [key for key in map(str, range(100)) if in_share(key, 10)]
    assert chosen == ["14", "20", "39", "41", "47", "54", "70", "81", "84", "88", "92", "99"]


def test_english_stands_in_for_a_language_nobody_speaks():
    only = ServingPlan(active={"en": ENGLISH}, candidates={"en": (NEW, 99)})
    assert only.language_for("tr") == "en"
    assert {only.choose("tr", str(n)).pk for n in range(500)} == {ENGLISH.pk, NEW.pk}
    assert plan().language_for("tr") == "tr"


@pytest.mark.parametrize("active", [{}, {"tr": TURKISH}])
def test_without_english_there_is_nothing_to_fall_back_on(active):
    with pytest.raises(RegistryError) as refused:
        ServingPlan(active=active).choose("en", "photo")
    assert (refused.value.code, refused.value.status) == ("no_active_model", 503)


def test_every_version_is_loaded_once_english_first():
    both = ServingPlan(active={"tr": TURKISH, "en": ENGLISH}, candidates={"tr": (ENGLISH, 5)})
    assert both.models() == [ENGLISH, TURKISH]
