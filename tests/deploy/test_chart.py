"""The Helm chart: Helm lints and renders it, Kubernetes' own schemas take what comes out."""

import importlib.util
import subprocess
from typing import Any

import pytest
import yaml
from django.conf import settings

from tests.capsite.test_settings_files import offered
from tests.deploy.test_compose import FOREIGN, SECRETS, command_of
from tests.deploy.tools import FOLDER, HINT, tool

CHART = settings.BASE_DIR / "deploy" / "helm" / "capsite"
VERSIONS = ("1.27", "1.37")  # what Chart.yaml allows, and the newest
GIVEN = (
    "settings.CAPSITE_HOSTS=photos.example.org",
    "secret.name=capsite",
    "ingress.hosts={photos.example.org}",
    "ingress.tlsSecret=photos-tls",
)
EVERYTHING = (
    "worker.gpu.enabled=true",
    "worker.autoscaling.enabled=true",
    "blueGreen.colour=green",
    "image.pullSecrets={registry}",
)
needs_helm = pytest.mark.skipif(not tool("helm"), reason=f"NO HELM: {HINT}")
SCHEMAS = FOLDER / "python" / "kubernetes_validate"
needs_schemas = pytest.mark.skipif(
    not (SCHEMAS.exists() or importlib.util.find_spec("kubernetes_validate")),
    reason=f"NO KUBERNETES SCHEMAS: {HINT}",
)


def helm(*arguments: str, values: tuple[str, ...] = GIVEN) -> subprocess.CompletedProcess[str]:
    given = [part for value in values for part in ("--set", value)]
    command = [str(tool("helm")), *arguments, *given]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(*values: str) -> list[dict[str, Any]]:
    """Return the manifests for these values on top of those that must be given."""
    done = helm("template", "site", str(CHART), values=GIVEN + values)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def by_name(manifests: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}


@needs_helm
def test_helm_finds_nothing_to_complain_about():
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout


@needs_helm
@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ((), "/secret/name"),
        ((*GIVEN, "webb.replicas=1"), "additional properties 'webb' not allowed"),
        ((*GIVEN, "settings.CAPSITE_SECRET_KEY=oops"), "CAPSITE_SECRET_KEY"),
        ((*GIVEN, "web.replicas=many"), "/web/replicas"),
        ((*GIVEN[:2],), "ingress.hosts: name the hosts"),
    ],
)
def test_values_that_cannot_work_are_refused(values, complaint):
    done = helm("template", "site", str(CHART), values=values)
    assert done.returncode
    assert complaint in done.stderr


@needs_helm
@needs_schemas
@pytest.mark.parametrize("values", [(), EVERYTHING], ids=["as it comes", "with everything"])
def test_kubernetes_takes_every_manifest(values, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER / "python"))
    import kubernetes_validate

    core = [one for one in rendered(*values) if not one["apiVersion"].startswith("keda.")]
    assert len(core) >= 14
    for manifest in core:
        for version in VERSIONS:
            kubernetes_validate.validate(manifest, version, strict=True)


@needs_helm
def test_pods_run_what_the_supervisor_runs_with_settings_that_exist():
    manifests = rendered(*EVERYTHING)
    known = set(offered()) | FOREIGN
    deployments = by_name(manifests, "Deployment")
    assert deployments.keys() == {f"site-{name}" for name in ("web", "worker", "courier", "beat")}
    for name, deployment in deployments.items():
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        assert container["command"] == command_of(name.removeprefix("site-"))
        given = {one["name"] for one in container["env"]}
        assert SECRETS <= given <= known
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert "limits" in container["resources"]
    assert by_name(manifests, "ConfigMap")["site"]["data"].keys() <= known


@needs_helm
def test_probes_ask_addresses_that_answer(client, db):
    container = by_name(rendered(), "Deployment")["site-web"]["spec"]["template"]["spec"][
        "containers"
    ][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        address = container[probe]["httpGet"]["path"]
        assert client.get(address, headers={"host": "10.1.2.3:8000"}).status_code == 200
    assert client.get("/", headers={"host": "10.1.2.3:8000"}).status_code == 400


@needs_helm
def test_a_colour_that_is_not_served_has_no_ingress():
    assert not by_name(rendered("blueGreen.colour=blue", "blueGreen.serve=false"), "Ingress")
    assert by_name(rendered("blueGreen.colour=blue"), "Ingress")
