"""What .env.example offers works as it stands, and production refuses to start half configured."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from capsite.settings.env import BASE_DIR

SETTING = re.compile(r"# ([A-Z_]+)=(.*)")
READING = re.compile(
    r"\b(?:text|required|integer|boolean|choice|names|path|database|redis|email)\(\s*\"([A-Z][A-Z_]+)\""
)
PRODUCTION = {
    "CAPSITE_SECRET_KEY": "$ecret" * 10,
    "CAPSITE_HOSTS": "a.example, .b.example,*",
    "DATABASE_URL": "postgres://me:$word@db/capsite",
    "REDIS_URL": "redis://cache/0",
}
# What follows from DATABASE_URL, REDIS_URL and the key, whose examples are not their defaults.
FOLLOWING = {"DATABASES", "REDIS_URL", "CHANNEL_LAYERS", "CACHES", "CELERY_BROKER_URL"}
SHOW = """
import importlib, json, sys, environ
environ.Env.read_env(sys.argv[2])
environ.Env.read_env = lambda path: None  # a developer's own file must not decide
module = importlib.import_module(sys.argv[1])
from capsite.settings import env
seen = {name: getattr(module, name) for name in dir(module) if name.isupper()}
seen |= {"PORT": env.integer("PORT", 8000, minimum=0, maximum=65535)}
seen |= {"HTTPS": env.boolean("CAPSITE_HTTPS", True)}
print(json.dumps(seen, default=lambda value: getattr(value, "__qualname__", str(value))))
"""


def offered() -> dict[str, str]:
    """Return the settings of .env.example with the values it shows."""
    lines = (BASE_DIR / ".env.example").read_text().splitlines()
    return dict(found.groups() for line in lines if (found := SETTING.fullmatch(line)))


def imported(module: str, file: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Import a settings module in a process of its own, with a .env file and variables."""
    kept = {name: text for name, text in os.environ.items() if name not in offered()}
    return subprocess.run(
        [sys.executable, "-c", SHOW, module, str(file)],
        cwd=BASE_DIR,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def settings_of(module: str, file: Path, **variables: str) -> dict[str, Any]:
    done = imported(module, file, **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_example_uncommented_as_it_stands_gives_the_defaults(tmp_path):
    example = (BASE_DIR / ".env.example").read_text()
    (tmp_path / ".env").write_text(re.sub(r"(?m)^# (?=[A-Z_]+=)", "", example))
    # The key is given, or an import would make one in the repository.
    given = {"CAPSITE_SECRET_KEY": "given"}
    seen = settings_of("capsite.settings.dev", tmp_path / ".env", **given)
    defaults = settings_of("capsite.settings.dev", tmp_path / "none", **given)
    assert {name for name in seen if seen[name] != defaults[name]} == FOLLOWING
    assert (seen["CAPSITE_THREADS"], seen["PORT"]) == (0, 8000)
    assert seen["DATABASES"]["default"]["HOST"] == "host"
    assert seen["REDIS_URL"] == "redis://host:6379/0"


def test_the_example_names_every_setting_that_is_read_and_no_other():
    sources = BASE_DIR.joinpath("capsite").rglob("*.py")
    read = {name for source in sources for name in READING.findall(source.read_text())}
    assert read == set(offered())


def test_production_takes_values_as_they_stand(tmp_path):
    seen = settings_of("capsite.settings.prod", tmp_path / "none", **PRODUCTION)
    assert seen["SECRET_KEY"] == "$ecret" * 10
    assert seen["DATABASES"]["default"]["PASSWORD"] == "$word"
    assert seen["ALLOWED_HOSTS"] == ["a.example", ".b.example", "*"]
    assert seen["CSRF_TRUSTED_ORIGINS"] == ["https://a.example", "https://*.b.example"]


@pytest.mark.parametrize("name", PRODUCTION)
@pytest.mark.parametrize("value", [None, " "])
def test_production_refuses_to_start_without(tmp_path, name, value):
    given = {key: text for key, text in PRODUCTION.items() if key != name}
    given |= {name: value} if value else {}
    done = imported("capsite.settings.prod", tmp_path / "none", **given)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(rf"\S+ImproperlyConfigured: {name} is not set\. [A-Z].*\.", last)
