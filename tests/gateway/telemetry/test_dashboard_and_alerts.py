"""The dashboard and the alerts in `deploy/telemetry` name what `/metrics` has, and Prometheus reads them."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from student_graph.adapters.model import DistrictId
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.telemetry.catalog import FLEET_JOINED, METRICS, QUOTA_LEFT, UNMAPPED
from student_graph.gateway.telemetry.levels import LevelSettings, Objectives
from student_graph.gateway.telemetry.levels.objectives import Objective
from tests.clients import sync_client
from tests.gateway.servers import ROOT
from tests.gateway.telemetry.gateway import METRICS_TOKEN, PAGE, Observed, observed_gateway
from tests.long_runs import LONG_RUNS

FOLDER = ROOT / "deploy" / "telemetry"
OF_PROMETHEUS = {"instance", "job", "le", "worker"}
"""Labels that Prometheus adds, that buckets have, and that several workers have."""
NEED_MORE_THAN_A_GATEWAY = {FLEET_JOINED.name, QUOTA_LEFT.name, UNMAPPED.shown_name}
"""Metrics without a value in the test: there is no fleet, no quota, and no code without a meaning."""


def alert_queries() -> list[str]:
    """The conditions of all alerts."""
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def dashboard_queries() -> list[str]:
    """The queries of all panels."""
    panels = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


QUERIES = [*alert_queries(), *dashboard_queries()]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """A gateway with a record of disclosures, good pages, refused documents and a vendor that was down."""
    log = DisclosureLog(tmp_path_factory.mktemp("disclosures"), DisclosureKeys(b"k" * 32))
    objectives = Objectives(2.5, dict.fromkeys(Objective, 0.99))
    levels = LevelSettings(objectives={DistrictId("cedar-hollow-school-district"): objectives})
    settings = {"disclosure_log": log, "levels": levels}
    with observed_gateway("both", settings) as running:
        use(running)
        yield running


def use(observed: Observed) -> None:
    """Let each metric have a value: pages, refusals, vendors that are down, and answers from the cache."""
    for _ in range(3):
        observed.gateway.post(PAGE)
    headers = {"Authorization": f"Bearer {observed.gateway.tokens['superintendent']}"}
    observed.gateway.client.post("/graphql", json={"query": "{ nothing }"}, headers=headers)
    for sandbox in observed.sandboxes:
        sandbox.switches.down = True
    headers |= {"Cache-Control": "no-cache"}
    observed.gateway.client.post("/graphql", json={"query": PAGE}, headers=headers)
    for sandbox in observed.sandboxes:
        sandbox.switches.down = False


def metric_names(query: str) -> set[str]:
    """The metrics that a query names."""
    return set(re.findall(r"\b(?:(?:student_graph|process)_\w+|up(?=\{))", query))


def label_names(query: str) -> set[str]:
    """The labels that a query names, in conditions and in `by`."""
    names = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', query))
    for group in re.findall(r"\bby\s*\(([^)]*)\)", query):
        names |= {name.strip() for name in group.split(",")}
    return names


@pytest.fixture(scope="module")
def families(observed: Observed) -> list[Any]:
    """The metrics of a gateway that is used."""
    return list(text_string_to_metric_families(observed.metrics()))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_metrics_and_labels_that_are_there(query: str, families: list[Any]) -> None:
    """In the output of a gateway that is used; each label belongs to a metric of the query."""
    shown = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    without_values = {
        metric.shown_name for metric in METRICS if {metric.name, metric.shown_name} & NEED_MORE_THAN_A_GATEWAY
    }
    listed = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    names = metric_names(query)
    assert names, query
    assert names <= shown.keys() | listed | without_values | {"up"}  # which Prometheus makes
    labels = {
        label
        for metric in METRICS
        if metric.shown_name in names or metric.name in query
        for label in metric.labels
    }
    assert label_names(query) <= labels | OF_PROMETHEUS


def test_every_metric_is_on_the_dashboard_or_in_an_alert() -> None:
    """Otherwise nobody looks at it."""
    used = set().union(*map(metric_names, QUERIES))
    assert [metric.name for metric in METRICS if not any(name.startswith(metric.name) for name in used)] == []


needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool was not found: install Debian's package prometheus"
)


@needs_promtool
def test_prometheus_reads_the_rules_and_the_queries(tmp_path: Path) -> None:
    """Also those of the dashboard, with values in place of its variables."""
    rules = [{"record": f"panel:{number}", "expr": with_values(query)} for number, query in enumerate(QUERIES)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert promtool("check", "rules", str(file), str(FOLDER / "alerts.yml")).returncode == 0
    assert promtool("check", "config", "--syntax-only", str(FOLDER / "prometheus.yml")).returncode == 0


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Prometheus' own check."""
    command = shutil.which("promtool")
    assert command is not None
    return subprocess.run(  # noqa: S603 - Prometheus' command
        [command, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def with_values(query: str) -> str:
    """A query of the dashboard with values in place of its variables."""
    return query.replace("$__rate_interval", "1m").replace("$district", ".*").replace("$source", ".*")


@pytest.mark.long_run
class TestPrometheus:
    """A Prometheus that reads a gateway and answers the queries of the dashboard."""

    __test__ = LONG_RUNS

    @pytest.mark.skipif(
        shutil.which("prometheus") is None, reason="prometheus was not found: install Debian's package prometheus"
    )
    def test_every_panel_has_values(self, observed: Observed, tmp_path: Path) -> None:
        """Except for those that need more than a gateway."""
        address = str(observed.gateway.client.base_url).removeprefix("http://").rstrip("/")
        (tmp_path / "metrics_token").write_text(METRICS_TOKEN, encoding="utf-8")
        shutil.copy(FOLDER / "alerts.yml", tmp_path)
        config = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
        config = config.replace("127.0.0.1:8000", address).replace("scrape_interval: 15s", "scrape_interval: 1s")
        (tmp_path / "prometheus.yml").write_text(config, encoding="utf-8")
        queries = [query for query in dashboard_queries() if not metric_names(query) <= NEED_MORE_THAN_A_GATEWAY]
        assert self.queries_without_values(tmp_path, observed, queries) == []

    def queries_without_values(self, folder: Path, observed: Observed, queries: Sequence[str]) -> list[str]:
        """The queries that have no value once Prometheus has read the gateway several times."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = shutil.which("prometheus")
        assert command is not None
        arguments = [
            "--config.file=prometheus.yml",
            f"--web.listen-address=127.0.0.1:{port}",
            "--storage.tsdb.path=data",
        ]
        process = subprocess.Popen(  # noqa: S603 - Prometheus' command
            [command, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with sync_client(base_url=f"http://127.0.0.1:{port}") as client:
                deadline = time.monotonic() + 60
                while (empty := without_values(client, queries)) and time.monotonic() < deadline:
                    use(observed)
                    time.sleep(1)
                return empty
        finally:
            process.terminate()
            process.wait(30)


def without_values(client: httpx.Client, queries: Sequence[str]) -> list[str]:
    """The queries that Prometheus answers with nothing, or not yet."""

    def value(query: str) -> Any:
        try:
            answer = client.get("/api/v1/query", params={"query": with_values(query)}).json()
        except (httpx.TransportError, ValueError):  # it is starting
            return None
        assert answer["status"] == "success", answer
        return answer["data"]["result"]

    return [query for query in queries if not value(query)]
