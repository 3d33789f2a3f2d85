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


@needs_promtool
def test_an_alert_fires_when_its_case_is_there_and_not_otherwise(tmp_path: Path) -> None:
    """By Prometheus' own tests of rules: a source that is away, a slow district and a refused reload."""
    bucket = "student_graph_request_duration_seconds_bucket"
    bad = [
        *source_of_worker("sis", 1, reachable="0x60", is_open="1x60", lookups="0+1x60", refused="1 0 0 " * 20),
        *source_of_worker("lms", 1, reachable="1x60", is_open="0x60", lookups="0+1x60", refused="0x60"),
        *source_of_worker(
            "lms", 2, reachable="1x4 0x55", is_open="0x4 1x55", lookups="0x4 1x55", refused="0x46 1 0x12"
        ),
        {"series": 'student_graph_settings_refused{instance="a"}', "values": "1x60"},
        {"series": f'{bucket}{{district="hill",outcome="complete",le="5.0"}}', "values": "0+50x60"},
        {"series": f'{bucket}{{district="hill",outcome="complete",le="10.0"}}', "values": "0+100x60"},
        {"series": f'{bucket}{{district="hill",outcome="complete",le="+Inf"}}', "values": "0+100x60"},
        {"series": 'student_graph_info{instance="a"}', "values": "1x60"},
        {"series": 'student_graph_response_errors_total{code="NOT_RECORDED"}', "values": "0x47 1x10"},
        {
            "series": 'student_graph_unmapped_codes_total{district="hill",source="sis",kind="attendance"}',
            "values": "_x40 3000x20",
        },
        {"series": 'up{instance="a",job="student-graph"}', "values": "1x60"},
        {"series": 'up{instance="b",job="student-graph"}', "values": "1x40 0x20"},
        *memory_of_workers("full", workers=16, resident=356_000_000, caches=126_000_000),
        *memory_of_workers("leaks", workers=2, resident=1_200_000_000, caches=361_000_000),
        *pages_against_an_objective("hill", missed=20),
        *pages_against_an_objective("dale", missed=1),
    ]
    source, slow = {"district": "hill", "source": "sis"}, {"district": "hill"}
    expected = [
        ("StudentGraphSourceUnreachable", [{**source, "severity": "ticket"}]),
        ("StudentGraphBreakerOpen", [{**source, "severity": "ticket"}]),
        ("StudentGraphCredentialsRefused", [{**source, "severity": "page"}]),
        ("StudentGraphPagesSlow", [{**slow, "severity": "ticket"}]),
        ("StudentGraphSettingsRefused", [{"instance": "a", "severity": "ticket"}]),
        ("StudentGraphAbsent", []),
        ("StudentGraphRequestsFail", []),
        ("StudentGraphBudgetBurnsFast", [{"district": "hill", "objective": "answered", "severity": "page"}]),
        ("StudentGraphServiceLevelsNotWritten", []),
        ("StudentGraphGatewayAway", [{"instance": "b", "job": "student-graph", "severity": "ticket"}]),
        ("StudentGraphMemory", [{"instance": "leaks", "severity": "ticket"}]),
        ("StudentGraphDisclosuresNotRecorded", [{"severity": "page"}]),
        ("StudentGraphCodesUnmapped", [{**source, "kind": "attendance", "severity": "info"}]),
    ]
    tests = [
        {
            "interval": "1m",
            "input_series": bad,
            "alert_rule_test": [
                {
                    "eval_time": "50m",
                    "alertname": name,
                    "exp_alerts": [{"exp_labels": labels} for labels in alerts],
                }
                for name, alerts in expected
            ],
        }
    ]
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            del rule["annotations"]  # an expected alert must repeat them
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    (tmp_path / "test.yml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}),
        encoding="utf-8",
    )
    result = promtool("test", "rules", str(tmp_path / "test.yml"))
    assert result.returncode == 0, result.stdout + result.stderr


def source_of_worker(
    source: str, worker: int, *, reachable: str, is_open: str, lookups: str, refused: str
) -> list[dict[str, str]]:
    """What a worker says about a source of the district `hill`, minute by minute."""
    labels = f'district="hill",source="{source}",worker="{worker}"'
    return [
        {"series": f"student_graph_source_reachable{{{labels}}}", "values": reachable},
        {"series": f'student_graph_source_breaker{{{labels},state="open"}}', "values": is_open},
        {
            "series": f'student_graph_lookups_total{{{labels},lookup="schools",outcome="failed"}}',
            "values": lookups,
        },
        {
            "series": f"student_graph_source_credentials_refused{{{labels}}}",
            "values": refused,
        },
    ]


def memory_of_workers(instance: str, *, workers: int, resident: int, caches: int) -> list[dict[str, str]]:
    """The memory of each worker of a gateway, and the bound of its caches, in bytes; see docs/operations.md."""
    return [
        {
            "series": f'{metric}{{instance="{instance}",job="student-graph",worker="{number}"}}',
            "values": f"{value}x60",
        }
        for number in range(workers)
        for metric, value in (
            ("process_resident_memory_bytes", resident),
            ("student_graph_cache_max_bytes", caches),
        )
    ]


def pages_against_an_objective(district: str, missed: int) -> list[dict[str, str]]:
    """A thousand pages a minute. Some miss the objective of 99.9 %."""
    labels = f'{{district="{district}",objective="answered"}}'
    return [
        {"series": f"student_graph_objective_pages_total{labels}", "values": "0+1000x60"},
        {"series": f"student_graph_objective_missed_total{labels}", "values": f"0+{missed}x60"},
        {"series": f"student_graph_objective_target_ratio{labels}", "values": "0.999x60"},
    ]


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
