"""Administrators and programs see which version serves what; only operators decide."""

import pytest
from django.contrib.auth.models import Permission

from captions import registry
from captions.figures import metrics_line, use_line
from captions.models import CaptionModel
from captions.selectors import versions_with_use
from tests.factories import CaptionFactory, UserFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/captions/captionmodel/"


def version(revision: str, languages=("en", "tr"), **facts) -> CaptionModel:
    return registry.model_register(
        name="mini",
        revision=revision,
        directory=f"/models/{revision}",
        languages=languages,
        **facts,
    )


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(username="olga", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def served():
    a, b = version("aaaa"), version("bbbb", metrics={"en": {"CIDEr": 0.56, "photos": 1000}})
    registry.default_activate(model=a, languages=["en", "tr"])
    return a, b


def do(client, action: str, *models: CaptionModel) -> str:
    data = {"action": action, "_selected_action": [model.pk for model in models]}
    return client.post(ADDRESS, data, follow=True).content.decode()


def active() -> dict[str, str]:
    return {code: row.revision for code, row in registry.serving_plan().active.items()}


def test_the_list_shows_roles_figures_use_and_failure(admin, served):
    a, b = served
    registry.candidate_set(model=b, language="tr", share=25, by="x")
    registry.model_failed(model=b, reason="The weights lack encoder.0.")
    CaptionFactory(model=a, confidence=0.25, language="tr")
    page = admin.get(ADDRESS).content.decode()
    for shown in ("[active en]", "[candidate tr 25 %]", "en CIDEr 0.560", "encoder.0."):
        assert shown in page
    assert "tr 1 captions, confidence 0.25" in page


def test_an_operator_compares_activates_and_rolls_back(admin, served):
    _a, b = served
    do(admin, "make_candidate", b)
    assert registry.serving_plan().candidates == {"en": (b, 10), "tr": (b, 10)}
    do(admin, "end_comparison", b)
    assert registry.serving_plan().candidates == {}
    assert "Done for mini bbbb: en, tr." in do(admin, "make_active", b)
    assert active() == {"en": "bbbb", "tr": "bbbb"}
    do(admin, "roll_back", b)
    assert active() == {"en": "aaaa", "tr": "aaaa"}
    log = admin.get("/admin/captions/modelevent/").content.decode()
    assert "Rolled back to" in log
    assert "olga" in log


def test_a_refusal_is_told_and_undoes_all_of_it(admin, served):
    a, _b = served
    c = version("cccc", ["en"])
    registry.model_activate(model=c, language="en", by="x")
    # Turkish is refused, because a is active there; so English must not change either.
    page = do(admin, "make_candidate", a)
    assert "is active for &#x27;tr&#x27; and cannot be its own candidate" in page
    assert registry.serving_plan().candidates == {}


@pytest.mark.parametrize("action", ["end_comparison", "roll_back"])
def test_a_version_without_the_role_is_told_so(admin, served, action):
    assert "The version mini bbbb has no such role" in do(admin, action, served[1])


def test_one_version_at_a_time(admin, served):
    assert "Choose one version." in do(admin, "make_active", *served)


def test_looking_is_not_deciding(client, served):
    viewer = UserFactory(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_captionmodel"))
    client.force_login(viewer)
    assert "make_active" not in client.get(ADDRESS).content.decode()
    do(client, "make_active", served[1])
    assert active() == {"en": "aaaa", "tr": "aaaa"}


def test_a_card_is_plain_text(admin):
    model = version("aaaa", card="# mini\n<script>alert(1)</script>")
    page = admin.get(f"{ADDRESS}{model.pk}/change/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert admin.post(f"{ADDRESS}{model.pk}/change/", {"name": "x"}).status_code == 403
    assert admin.post(f"{ADDRESS}{model.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("count", [1, 8])
def test_the_list_takes_as_many_queries_whatever_its_length(
    admin, count, django_assert_max_num_queries
):
    for number in range(count):
        version(f"r{number}")
    with django_assert_max_num_queries(7):  # session, user, two counts, filter, rows, roles
        admin.get(ADDRESS)


def test_use_is_counted_by_language_and_best_captions_are_averaged(served):
    a, _b = served
    for rank, confidence in ((0, 0.8), (1, 0.2), (0, 0.6)):
        CaptionFactory(model=a, rank=rank, confidence=confidence)
    CaptionFactory(model=a, language="tr", confidence=0.5)
    row = versions_with_use().get(pk=a.pk)
    assert use_line(row) == "en 3 captions, confidence 0.70; tr 1 captions, confidence 0.50"


@pytest.mark.parametrize(
    ("metrics", "line"),
    [
        ({}, ""),
        (
            {"en": {"BLEU-4": 0.2, "CIDEr": 0.56}, "tr": {"BLEU-4": 0.1}},
            "en CIDEr 0.560, tr BLEU-4 0.100",
        ),
        ({"en": {"photos": 1000}}, ""),
        ({"en": "good"}, ""),
    ],
)
def test_the_headline_figure(metrics, line):
    assert metrics_line(CaptionModel(metrics=metrics)) == line


@pytest.mark.parametrize("count", [1, 10])
def test_programs_read_the_versions_in_two_queries(client, count, django_assert_num_queries):
    for number in range(count):
        version(f"r{number}")
    model = version("r0", metrics={"en": {"CIDEr": 0.56}})
    registry.default_activate(model=model, languages=["en"])
    with django_assert_num_queries(2):  # versions, their roles
        results = client.get("/api/v1/models").json()["results"]
    assert len(results) == count
    [role] = results[-1].pop("roles")
    assert (role["language"], role["role"], role["share"]) == ("en", "active", None)
    assert results[-1] == {
        "name": "mini",
        "revision": "r0",
        "languages": ["en", "tr"],
        "metrics": {"en": {"CIDEr": 0.56}},
        "registered_at": results[-1]["registered_at"],
    }
    assert client.get("/api/v1/models/").status_code == 200
    assert client.post("/api/v1/models").status_code == 405
