"""The compose files say what the code says: real commands, real settings, real limits."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from capsite.supervisor import specs
from tests.capsite.test_settings_files import offered
from tests.deploy.servers import program
from tests.deploy.tools import HINT, tool

DEPLOY = settings.BASE_DIR / "deploy"
SECRETS = {"CAPSITE_SECRET_KEY", "CAPSITE_OIDC_KEY", "DATABASE_URL", "REDIS_URL"}
# Of the worker's libraries, not of the site.
FOREIGN = {"OMP_NUM_THREADS"}
SITE = ("migrate", "web", "worker", "courier", "beat")
FILES = {
    "plain": ["compose.yaml"],
    "gpu": ["compose.yaml", "compose.gpu.yaml"],
    "without TLS": ["compose.yaml", "compose.plain.yaml"],
}


def command_of(name: str) -> list[str]:
    """Return the supervisor's command, with what a container does in another way replaced."""
    base, var = settings.BASE_DIR, Path("/var")
    made = {
        "worker": lambda: specs.worker(base, {}),
        "courier": lambda: specs.courier(base, {}),
        "beat": lambda: specs.beat(base, {}, var),
    }
    if name in made:
        command = list(made[name]().command)
    else:
        with _Listener() as listener:
            command = list(specs.web(base, {}, listener).command)
        at = command.index("--fd")
        command[at : at + 2] = ["--host", "0.0.0.0", "--port", "8000"]
    command[0] = "python"
    schedule = "/var/run/celerybeat-schedule"
    return ["/tmp/celerybeat-schedule" if part == schedule else part for part in command]


class _Listener:
    """Enough of a socket for `specs.web`, which only hands its number on."""

    def fileno(self) -> int:
        return 0

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_error: object) -> None:
        pass


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """compose.yaml as YAML, anchors resolved."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.mark.parametrize("name", ["worker", "courier", "beat"])
def test_containers_run_what_the_supervisor_runs(compose, name):
    assert compose["services"][name]["command"] == command_of(name)


def test_the_image_runs_the_web_process_of_the_supervisor():
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    last = [line for line in text.splitlines() if line.startswith("CMD ")][-1]
    assert yaml.safe_load(last.removeprefix("CMD ")) == command_of("web")


def test_every_variable_is_a_setting(compose):
    known = set(offered()) | FOREIGN
    for name in SITE:
        given = {key.removesuffix("_FILE") for key in compose["services"][name]["environment"]}
        assert given <= known, name
        assert given >= SECRETS | {"CAPSITE_HOSTS"}, name


def test_secrets_are_files_that_make_secrets_writes(compose, tmp_path):
    for part in ("make-secrets",):
        shutil.copy(DEPLOY / part, tmp_path)
    for _again in range(2):
        subprocess.run([tmp_path / "make-secrets"], check=True, capture_output=True)
    written = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    named = {Path(one["file"]).name for one in compose["secrets"].values()}
    assert named <= set(written)
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert len(set(written.values())) == len(written)
    assert written["postgres_password"].strip() in written["database_url"]
    assert written["redis_password"].strip() in written["valkey_auth"]
    for service in compose["services"].values():
        for value in (service.get("environment") or {}).values():
            file = str(value).removeprefix("/run/secrets/")
            assert file == str(value) or file in service["secrets"]


def test_what_compose_asks_for_stands_in_its_example():
    text = "".join(path.read_text() for path in DEPLOY.glob("compose*.yaml"))
    asked = set(re.findall(r"\$\{([A-Z_]+)", text))
    example = (DEPLOY / "deployment.env.example").read_text()
    assert asked == set(re.findall(r"(?m)^(?:# )?([A-Z_]+)=", example))


def test_every_container_has_limits_and_says_how_it_is(compose):
    for name, service in compose["services"].items():
        if name != "migrate":
            assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name
            assert service["restart"] == "unless-stopped", name
        assert "no-new-privileges:true" in service["security_opt"], name
        own = (DEPLOY / name / "Dockerfile").exists() or name == "web"  # their image has one
        assert own or "healthcheck" in service, name
        assert ":latest" not in service["image"], name
        assert "build" in service or ":" in service["image"], name


def test_the_folders_of_prometheus_and_grafana_are_mounted(compose):
    mounts = [one for name in ("prometheus", "grafana") for one in _sources(compose, name)]
    assert mounts == ["./prometheus", "./grafana/provisioning", "./grafana/dashboards"]
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    jobs = {job["job_name"] for job in scraped["scrape_configs"]}
    assert jobs >= {"web", "worker", "courier", "beat"}


def _sources(compose: dict[str, Any], name: str) -> list[str]:
    sources = [str(one).split(":")[0] for one in compose["services"][name]["volumes"]]
    return [source for source in sources if source.startswith("./")]


def test_nginx_takes_bodies_as_large_as_the_site_does():
    text = (DEPLOY / "nginx" / "site.conf").read_text()
    found = re.search(r"client_max_body_size (\d+);", text)
    assert found
    assert int(found[1]) == int(offered()["CAPSITE_UPLOAD_MAX_BYTES"]) * 4
    assert f"The limit is {int(found[1]) >> 20} MB." in text


@pytest.mark.skipif(not tool("docker-compose"), reason=f"NO DOCKER-COMPOSE: {HINT}")
@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
def test_compose_itself_takes_the_files(files, tmp_path):
    given = {"CAPSITE_HOSTS": "a.example", "CAPSITE_EMAIL_URL": "consolemail://"}
    given |= {"CAPSITE_EMAIL_FROM": "capsite@a.example"}
    arguments = [part for name in files for part in ("-f", str(DEPLOY / name))]

    def asked(**variables: str) -> subprocess.CompletedProcess[str]:
        command = [str(tool("docker-compose")), *arguments, "--env-file", "/dev/null", "config"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = asked(**given)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    https = services["web"]["environment"]["CAPSITE_HTTPS"]
    assert https == ("false" if "compose.plain.yaml" in files else "true")
    for name in given:
        refused = asked(**{key: value for key, value in given.items() if key != name})
        assert refused.returncode
        assert name in refused.stderr


@pytest.mark.skipif(not tool("hadolint"), reason=f"NO HADOLINT: {HINT}")
def test_the_dockerfiles_are_as_hadolint_wants_them():
    files = [str(path) for path in DEPLOY.rglob("Dockerfile")]
    command = [str(tool("hadolint")), "--no-color", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(not program("promtool"), reason="NO PROMTOOL HERE: apt install prometheus")
def test_prometheus_takes_its_configuration_and_rules():
    file = str(DEPLOY / "prometheus" / "prometheus.yml")
    command = [str(program("promtool")), "check", "config", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_leaves_out_what_is_not_the_site():
    lines = (settings.BASE_DIR / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert all((settings.BASE_DIR / one).exists() for one in let_in)
    packages = {path.parent.name for path in settings.BASE_DIR.glob("*/__init__.py")} - {"tests"}
    assert packages <= let_in
    assert not let_in & {".env", "var", "tests", ".git", "deploy"}
