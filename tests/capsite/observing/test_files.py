"""Rules, dashboard, chart and documentation name what the code exports, and nothing else."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from prometheus_client import REGISTRY
from prometheus_client.core import Metric

from capsite.common.observing import logs, web
from capsite.common.observing.registry import BUILD
from captions.observing.collector import Site
from workers.serving import exposition, metrics

DEPLOY = settings.BASE_DIR / "deploy"
RULES = DEPLOY / "prometheus" / "rules" / "capsite.yml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "capsite.json"
GUIDE = settings.BASE_DIR / "docs" / "observability.md"
NAME = re.compile(r"\b(?:capsite|process|python)_[a-z_]+\b")
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
    "info": ("_info",),
}
needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="NO PROMTOOL HERE: apt install prometheus"
)


def samples(families: Iterator[Metric]) -> set[str]:
    """Return the names that these families have in queries."""
    return {family.name + end for family in families for end in SUFFIXES[family.type]}


@pytest.fixture
def exported(db, media) -> set[str]:
    """Every name of ours and of prometheus-client that some process shows."""
    assert web.REQUESTS  # in the registry once they are imported
    assert logs.MESSAGES
    media.mkdir()  # or there is no disk to speak of
    names = samples(REGISTRY.collect()) | samples(iter(Site().collect()))
    names |= {exposition.MODEL, exposition.GPU_MEMORY, BUILD}
    for name in metrics.WORDS:
        ends = SUFFIXES["histogram"] if name in metrics.BOUNDS else ("",)
        names |= {name + end for end in ends}
    return names


def queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    shown = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return shown + [rule["expr"] for group in groups for rule in group["rules"]]


def test_rules_and_dashboard_name_what_is_exported(exported):
    named = {name for query in queries() for name in NAME.findall(query)}
    assert len(named) > 30
    assert named <= exported
    values = yaml.safe_load((DEPLOY / "helm" / "capsite" / "values.yaml").read_text())
    scaled_by = values["worker"]["autoscaling"]["queueAge"]["query"]
    assert set(NAME.findall(scaled_by)) <= exported


def test_the_guide_names_every_series_and_alert_and_no_other(exported):
    guide = GUIDE.read_text()
    ours = {name for name in exported if name.startswith("capsite_")}
    plain = {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours}
    told = {name for name in NAME.findall(guide) if name.startswith("capsite_")}
    assert told == plain
    groups = yaml.safe_load(RULES.read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"]}
    assert set(re.findall(r"`(Capsite\w+)`", guide)) == alerts


def test_the_dashboard_is_whole():
    board = json.loads(DASHBOARD.read_text())
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    sources = yaml.safe_load(
        (DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text()
    )
    [source] = sources["datasources"]
    taken: dict[tuple[int, int], str] = {}
    for panel in panels:
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == source["uid"]
            assert [target["refId"] for target in panel["targets"]]
        _claim(panel, taken)


def _claim(panel: dict[str, Any], taken: dict[tuple[int, int], str]) -> None:
    """Note the cells of a panel; two that overlap are a fault."""
    at = panel["gridPos"]
    assert at["x"] + at["w"] <= 24, panel["title"]
    for x in range(at["x"], at["x"] + at["w"]):
        for y in range(at["y"], at["y"] + at["h"]):
            assert (x, y) not in taken, (panel["title"], taken.get((x, y)))
            taken[x, y] = panel["title"]


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_the_rules_and_they_fire_when_they_should():
    promtool("check", "rules", RULES)
    promtool("test", "rules", Path(__file__).with_name("rules_test.yml"))


@needs_promtool
def test_prometheus_takes_the_dashboards_queries(tmp_path):
    rules = [
        {"record": f"panel:{number}", "expr": re.sub(r"\$__(rate_interval|range)", "5m", query)}
        for number, query in enumerate(queries())
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    promtool("check", "rules", file)


@needs_promtool
@pytest.mark.django_db
def test_promtool_finds_no_fault_in_the_metrics(client):
    page = client.get("/metrics").content
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert done.returncode in (0, 3), done.stderr.decode()  # 3: only remarks on naming
    ours = [line for line in done.stderr.decode().splitlines() if line.startswith("capsite_")]
    assert ours == []
