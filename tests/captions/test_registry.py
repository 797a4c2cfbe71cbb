"""Versions serve, are compared and rolled back, one writer at a time, and the log tells it all."""

import threading
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from captions import registry
from captions.models import CaptionModel, ModelEvent, ModelRole
from captions.registry import RegistryError, serving_plan
from tests.factories import ModelFactory, UserFactory

pytestmark = pytest.mark.django_db


def version(revision: str, languages=("en", "tr"), directory: str | None = None) -> CaptionModel:
    return registry.model_register(
        name="tiny",
        revision=revision,
        directory=f"/models/{revision}" if directory is None else directory,
        languages=languages,
        levels=[0.4, 0.7],
        metrics={"en": {"CIDEr": 0.5}},
        card="# tiny",
    )


def serves(language: str = "en") -> str:
    return serving_plan().active[language].revision


def log(language: str = "en") -> list[str]:
    rows = ModelEvent.objects.filter(language=language).order_by("pk").select_related("model")
    return [f"{row.event} {row.model.revision} {row.by}" for row in rows]


def test_registering_again_updates_what_is_known():
    model = version("a")
    again = registry.model_register(
        name="tiny", revision="a", directory="/elsewhere", languages=["en"], card="# new"
    )
    assert again.pk == model.pk
    assert (again.directory, again.card) == ("/elsewhere", "# new")
    assert again.metrics == {"en": {"CIDEr": 0.5}}  # not given, so kept
    assert CaptionModel.objects.get().languages == ["en", "tr"]


def test_a_directory_holds_one_version():
    old = version("a", directory="/models/mini")
    new = version("b", directory="/models/mini")
    old.refresh_from_db()
    assert (old.directory, new.directory) == ("", "/models/mini")


def test_the_default_serves_until_an_operator_chooses():
    a, b, c = version("a"), version("b"), version("c", ["en"])
    assert registry.default_activate(model=a, languages=["en", "tr"]) == ["en", "tr"]
    assert registry.default_activate(model=b, languages=["en", "tr"]) == ["en", "tr"]
    registry.model_activate(model=c, language="en", by="olga", reason="better dogs")
    assert registry.default_activate(model=a, languages=["en", "tr"]) == ["tr"]
    assert (serves("en"), serves("tr")) == ("c", "a")
    assert log() == ["activated a worker", "activated b worker", "activated c olga"]


def test_starting_again_changes_nothing():
    model = version("a")
    registry.default_activate(model=model, languages=["en"])
    before = serving_plan().fingerprint
    version("a")
    assert registry.default_activate(model=model, languages=["en"]) == []
    assert serving_plan().fingerprint == before
    assert len(log()) == 1


def test_choosing_the_default_version_pins_it():
    a, b = version("a"), version("b")
    registry.default_activate(model=a, languages=["en"])
    before = serving_plan().fingerprint
    registry.model_activate(model=a, language="en", by=UserFactory())
    assert registry.default_activate(model=b, languages=["en"]) == []
    assert serves() == "a"
    assert serving_plan().fingerprint != before  # so that workers try to load it again


def test_a_replaced_default_serves_no_language_its_successor_lacks():
    old = version("a", directory="/models/mini")
    registry.default_activate(model=old, languages=["en", "tr"])
    new = version("b", ["en"], directory="/models/mini")
    registry.default_activate(model=new, languages=["en"])
    assert serving_plan().language_for("tr") == "en"
    assert log("tr") == ["activated a worker", "withdrawn a worker"]


def test_languages_the_site_does_not_know_are_passed_over():
    model = version("a", ["en", "de"])
    assert registry.default_activate(model=model, languages=["en", "de"]) == ["en"]


def test_a_candidate_gets_its_share_and_is_promoted():
    a, b = version("a"), version("b")
    registry.default_activate(model=a, languages=["en"])
    registry.candidate_set(model=b, language="en", share=10, by="olga")
    registry.candidate_set(model=b, language="en", share=30, by="olga")
    plan = serving_plan()
    assert plan.candidates == {"en": (b, 30)}
    assert plan.models() == [a, b]

    registry.candidate_promote(language="en", by="olga")

    assert serves() == "b"
    assert serving_plan().candidates == {}
    assert log()[-1] == "promoted b olga"


def test_a_candidate_whose_files_were_replaced_is_not_promoted():
    a, b = version("a"), version("b")
    registry.default_activate(model=a, languages=["en"])
    registry.candidate_set(model=b, language="en", share=10, by="olga")
    type(b).objects.filter(pk=b.pk).update(directory="")
    with pytest.raises(registry.RegistryError, match="No directory"):
        registry.candidate_promote(language="en", by="olga")
    assert serves() == "a"


def test_a_cleared_candidate_serves_nothing():
    a, b = version("a"), version("b")
    registry.default_activate(model=a, languages=["en"])
    registry.candidate_set(model=b, language="en", share=99, by="olga")
    assert registry.candidate_clear(language="en", by="olga") == b
    assert {serving_plan().choose("en", str(n)) for n in range(200)} == {a}
    assert log()[-2:] == ["candidate b olga", "cleared b olga"]


@pytest.mark.parametrize("how", ["default", "operator"])
def test_an_activated_candidate_is_a_candidate_no_longer(how):
    a, b = version("a"), version("b")
    registry.default_activate(model=a, languages=["en"])
    registry.candidate_set(model=b, language="en", share=10, by="olga")
    if how == "default":
        registry.default_activate(model=b, languages=["en"])
    else:
        registry.model_activate(model=b, language="en", by="olga")
    assert (serves(), serving_plan().candidates) == ("b", {})


def test_rollback_goes_back_version_by_version():
    a, b, c = version("a"), version("b"), version("c")
    registry.default_activate(model=a, languages=["en"])
    registry.model_activate(model=b, language="en", by="olga")
    registry.model_activate(model=c, language="en", by="olga")

    registry.model_rollback(language="en", by="olga", reason="c counts badly")
    assert serves() == "b"
    registry.model_rollback(language="en", by="olga")
    assert serves() == "a"
    with pytest.raises(RegistryError, match="no version before tiny a"):
        registry.model_rollback(language="en", by="olga")

    assert registry.default_activate(model=c, languages=["en"]) == []  # a restart undoes nothing
    event = ModelEvent.objects.get(reason="c counts badly")
    assert (event.event, event.model, event.previous) == ("rolled_back", b, c)


def test_rollback_after_going_forward_again():
    a, b = version("a"), version("b")
    registry.default_activate(model=a, languages=["en"])
    for _ in range(2):
        registry.model_activate(model=b, language="en", by="olga")
        registry.model_rollback(language="en", by="olga")
        assert serves() == "a"


def test_a_failure_is_noted_and_forgotten():
    model = version("a")
    registry.model_failed(model=model, reason="The weights lack encoder.0.")
    assert CaptionModel.objects.get().failure == "The weights lack encoder.0."
    registry.model_loaded(model=model)
    assert CaptionModel.objects.get().failure == ""


def _with_active() -> tuple[CaptionModel, CaptionModel]:
    a, b = version("a", ["en"]), version("b")
    registry.default_activate(model=a, languages=["en"])
    return a, b


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (
            lambda a, b: registry.model_activate(model=a, language="tr", by="x"),
            "language_not_spoken",
        ),
        (lambda a, b: registry.model_activate(model=a, language="xx", by="x"), "language_unknown"),
        (lambda a, b: registry.default_activate(model=a, languages=["tr"]), "language_not_spoken"),
        (
            lambda a, b: registry.candidate_set(model=a, language="en", share=10, by="x"),
            "candidate_is_active",
        ),
        (
            lambda a, b: registry.candidate_set(model=b, language="en", share=0, by="x"),
            "share_out_of_range",
        ),
        (
            lambda a, b: registry.candidate_set(model=b, language="en", share=100, by="x"),
            "share_out_of_range",
        ),
        (
            lambda a, b: registry.candidate_set(model=b, language="tr", share=10, by="x"),
            "no_active_model",
        ),
        (lambda a, b: registry.candidate_clear(language="en", by="x"), "no_candidate"),
        (lambda a, b: registry.candidate_promote(language="en", by="x"), "no_candidate"),
        (lambda a, b: registry.model_rollback(language="en", by="x"), "no_version_before"),
        (lambda a, b: registry.model_rollback(language="tr", by="x"), "no_active_model"),
        (
            lambda a, b: registry.model_activate(
                model=ModelFactory(revision="bare"), language="en", by="x"
            ),
            "model_without_files",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(act, code):
    a, b = _with_active()
    before = serving_plan().fingerprint
    with pytest.raises(RegistryError) as refused:
        act(a, b)
    assert refused.value.code == code
    assert serving_plan().fingerprint == before
    assert ModelEvent.objects.count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"role": "active", "revision": "b"},
        {"role": "candidate", "revision": "a", "share": 10},
        {"role": "candidate", "revision": "b"},
        {"role": "candidate", "revision": "b", "share": 100},
        {"role": "active", "revision": "b", "language": "de"},
        {"role": "retired", "revision": "b", "language": "tr"},
    ],
    ids=str,
)
def test_the_database_refuses_impossible_roles(broken):
    _with_active()
    facts = {"language": "en", "chosen_by": "operator", "since": timezone.now()} | broken
    facts["model"] = CaptionModel.objects.get(revision=facts.pop("revision"))
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelRole.objects.create(**facts)


def test_the_log_only_grows():
    _with_active()
    for change in (
        lambda: ModelEvent.objects.update(reason="nothing happened"),
        lambda: ModelEvent.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            change()


def test_the_plan_takes_one_query(django_assert_num_queries):
    _a, b = _with_active()
    registry.candidate_set(model=b, language="en", share=10, by="olga")
    with django_assert_num_queries(1):
        plan = serving_plan()
        assert {str(plan.choose("en", "photo")), str(plan.choose("tr", "photo"))} <= {
            "tiny a",
            "tiny b",
        }


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_leave_one_active_and_a_true_log():
    models = [version(name) for name in "abcd"]
    barrier = threading.Barrier(len(models))
    errors = []

    def work(model: CaptionModel) -> None:
        barrier.wait()
        try:
            registry.model_register(
                name="tiny", revision="same", directory="/models/same", languages=["en"]
            )
            registry.default_activate(model=model, languages=["tr", "en"])
            registry.model_activate(model=model, language="en", by=model.revision)
        except Exception as error:
            errors.append(error)
        connection.close()

    threads = [threading.Thread(target=work, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert ModelRole.objects.filter(language="en", role="active").count() == 1
    rows = list(ModelEvent.objects.filter(language="en").order_by("pk"))
    assert rows[-1].model.revision == serves()
    for earlier, later in pairwise(rows):
        assert later.previous_id == earlier.model_id
