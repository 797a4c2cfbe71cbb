"""`manage.py models` shows and changes what serves; bad input is one line and exit code 2."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from captions import registry
from captions.models import CaptionModel
from captions.registry import model_register, serving_plan
from tests.factories import CaptionFactory
from workers.pipeline.errors import ModelError
from workers.versions import read_version

pytestmark = pytest.mark.django_db


def models(capsys, *words: object) -> str:
    call_command("models", *map(str, words))
    return capsys.readouterr().out


def refused(*words: object) -> str:
    with pytest.raises(CommandError) as error:
        call_command("models", *map(str, words))
    assert error.value.returncode == 2
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def directory(tiny_model: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "tiny"
    shutil.copytree(tiny_model, copy)
    (copy / "README.md").write_text("# tiny, a card\0")
    (copy / "metrics.json").write_text('{"en": {"CIDEr": 0.5}}')
    return copy


@pytest.fixture
def served() -> tuple[CaptionModel, CaptionModel]:
    first, second = (
        model_register(name="mini", revision=r, directory=f"/m/{r}", languages=["en", "tr"])
        for r in ("aaaa", "abbb")
    )
    registry.default_activate(model=first, languages=["en", "tr"])
    return first, second


def test_a_directory_is_registered_with_card_and_figures(capsys, directory, tiny_captioner):
    said = models(capsys, "register", directory)
    assert said == f"tiny@{tiny_captioner.revision} is registered; languages: en.\n"
    model = CaptionModel.objects.get()
    assert (model.card, model.metrics) == ("# tiny, a card", {"en": {"CIDEr": 0.5}})
    assert model.directory == str(directory)
    assert model.levels == list(tiny_captioner.config.calibration.levels)

    said = models(capsys, "activate", directory, "--language", "en")
    assert said.startswith(f"tiny {tiny_captioner.revision} is active for 'en'")
    assert serving_plan().active["en"] == model


def test_compare_promote_and_roll_back(capsys, served):
    first, second = served
    models(capsys, "candidate", "mini@ab", "--language", "tr", "--share", 25)
    assert serving_plan().candidates == {"tr": (second, 25)}
    models(capsys, "clear", "--language", "tr")
    models(capsys, "candidate", "mini@ab", "--language", "tr")
    models(capsys, "promote", "--language", "tr", "--reason", "longer sentences")
    assert serving_plan().active == {"en": first, "tr": second}
    models(capsys, "rollback", "--language", "tr")
    assert serving_plan().active == {"en": first, "tr": first}

    log = models(capsys, "log", "--language", "tr").splitlines()
    assert len(log) == 6
    assert "tr: rolled_back mini aaaa (before: mini abbb), by command line" in log[0]
    assert log[1].endswith("by command line: longer sentences")


def test_the_list_tells_roles_figures_and_use(capsys, served):
    first, second = served
    registry.candidate_set(model=second, language="en", share=10, by="x")
    registry.model_failed(model=second, reason="It is damaged.")
    CaptionFactory(model=first, confidence=0.5)
    shown = models(capsys, "list")
    for line in (
        "mini@aaaa  (en, tr)",
        "serves    active en, active tr",
        "wrote     en 1 captions, confidence 0.50",
        "serves    candidate en 10 %",
        "failure   It is damaged.",
    ):
        assert line in shown
    newest = json.loads(models(capsys, "list", "--json"))[0]
    assert newest["roles"] == ["candidate en 10 %"]


def test_an_empty_registry_says_so(capsys):
    assert models(capsys, "list").startswith("No version is registered")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["activate", "mini@zz", "--language", "en"], "No registered version is mini@zz; see:"),
        (["activate", "mini@a", "--language", "en"], "More than one version begins with mini@a."),
        (["activate", "/m/none", "--language", "en"], "first: manage.py models register /m/none"),
        (["candidate", "mini@aa", "--language", "en"], "cannot be its own candidate"),
        (
            ["candidate", "mini@ab", "--language", "en", "--share", "100"],
            "1 to 99 percent, not 100",
        ),
        (["promote", "--language", "en"], "There is no candidate for the language 'en'."),
        (["rollback", "--language", "tr"], "There is no version before mini aaaa for 'tr'."),
        (["register", "/m/none"], "The model directory /m/none does not exist."),
    ],
)
def test_bad_input_is_one_line(served, words, told):
    assert told in refused(*words)


def test_a_directory_without_weights_is_refused(directory):
    (directory / "model.safetensors").unlink()
    assert "lacks model.safetensors" in refused("register", directory)


@pytest.mark.parametrize("text", ["{bad", "[1]", '{"en": 0.5}', "\xff"])
def test_figures_of_another_form_are_refused(directory, text):
    (directory / "metrics.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError, match=r"metrics\.json"):
        read_version(directory)


def test_a_bare_directory_is_enough(tiny_model, tiny_captioner):
    facts = read_version(tiny_model)
    assert (facts.revision, facts.card, facts.metrics) == (tiny_captioner.revision, "", {})


def test_showing_and_deciding_load_no_pytorch():
    code = (
        "import django, sys; django.setup();"
        "from django.core.management import load_command_class as load;"
        "load('workers', 'models'); sys.exit('torch' in sys.modules)"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "capsite.settings.test"}
    done = subprocess.run([sys.executable, "-c", code], env=environment)
    assert done.returncode == 0
