"""Metrics: who may read them, and that they count what happened."""

from __future__ import annotations

import re

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open_metrics
from prometheus_client.parser import text_string_to_metric_families as parse

from student_graph.gateway.telemetry.catalog import DISCLOSURES, FLEET_JOINED, METRICS, WORKER_RESTARTS
from student_graph.gateway.telemetry.families import Kind
from tests.gateway.servers import ROOT
from tests.gateway.telemetry.gateway import METRICS_TOKEN, OPEN_METRICS, PAGE, observed_gateway
from tests.subcases import subcases

FOLDER = ROOT / "deploy" / "telemetry"


def test_only_operators_and_the_token_of_the_settings_may_read_them() -> None:
    """Others learn whether there are metrics, and nothing else."""
    with observed_gateway("files") as observed:
        client, tokens = observed.gateway.client, observed.gateway.tokens
        statuses = {
            name: client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code
            for name, token in {**tokens, "scraper": METRICS_TOKEN, "guess": "x" * 40}.items()
        }
        assert client.get("/metrics").status_code == 401
    allowed = {name for name, status in statuses.items() if status == 200}
    assert "scraper" in allowed
    assert "teacher" not in allowed
    assert statuses["guess"] == 401
    with observed_gateway("files", metrics_token=None) as observed:
        headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        assert observed.gateway.client.get("/metrics", headers=headers).status_code == 401


def test_without_the_setting_there_is_nothing_at_the_address() -> None:
    """As for any unknown address."""
    with observed_gateway("files", metrics=False) as observed:
        assert observed.gateway.client.get("/metrics").status_code == 404


def test_every_metric_of_the_catalog_is_shown_in_both_formats() -> None:
    """And nothing else is, except what there is no record of disclosures, fleet or supervisor for."""
    with observed_gateway() as observed:
        observed.gateway.post(PAGE)
        plain, exact = observed.metrics(), observed.metrics(OPEN_METRICS)
    names = {metric.name for metric in METRICS}
    with_cause = {metric.name for metric in (DISCLOSURES, FLEET_JOINED, WORKER_RESTARTS)}
    assert names - with_cause <= {family.name for family in parse(plain)} <= names
    shown = {family.name: family for family in parse_open_metrics(exact)}
    for metric in METRICS:
        if metric.name in shown:
            labels = {tuple(sorted(set(sample.labels) - {"le"})) for sample in shown[metric.name].samples}
            assert labels <= {tuple(sorted(metric.labels))}, metric.name


def test_metrics_count_what_the_vendors_and_the_client_saw() -> None:
    """Calls as the sandbox counts them, requests as they were sent, codes as they are in the responses."""
    with observed_gateway() as observed:
        for _ in range(3):
            observed.gateway.post(PAGE)
        observed.gateway.client.post("/graphql", json={"query": PAGE})
        observed.gateway.client.post(
            "/graphql",
            json={"query": "{ nothing }"},
            headers={"Authorization": f"Bearer {observed.gateway.tokens['superintendent']}"},
        )
        calls = sum(len(sandbox.requests) for sandbox in observed.sandboxes)
        assert observed.value("student_graph_vendor_requests_total") == calls
        assert 0 < observed.value("student_graph_vendor_calls_total") <= calls
        count = "student_graph_request_duration_seconds_count"
        assert observed.value(count, outcome="complete") + observed.value(count, outcome="cached") == 3
        assert observed.value(count, outcome="refused") == 2
        assert observed.value(count, outcome="refused", district="unknown") == 1
        assert observed.value("student_graph_response_errors_total", code="UNAUTHENTICATED") == 1
        assert observed.value("student_graph_response_errors_total", code="GRAPHQL_VALIDATION_FAILED") == 1
        assert observed.value("student_graph_lookups_total", outcome="complete") > 0
        assert observed.value("student_graph_source_breaker", state="closed") == len(observed.sandboxes)
        assert observed.value("student_graph_answers_total", origin="cached") > 0
        assert observed.value("student_graph_answer_age_seconds_count") > 0
        assert observed.value("student_graph_cache_bytes", cache="answers") > 0
        assert observed.value("process_resident_memory_bytes") > 1_000_000
        assert observed.value("student_graph_loop_delay_seconds_count") >= 0


def test_an_error_that_is_an_alert_by_itself_is_counted_from_zero() -> None:
    """Prometheus would see no growth in a counter that it reads for the first time when it is 1."""
    with observed_gateway("files") as observed:
        text = observed.metrics()
    codes = re.findall(r'response_errors_total\{code="(\w+)"', (FOLDER / "alerts.yml").read_text())
    assert codes
    for code in codes:
        assert f'student_graph_response_errors_total{{code="{code}"}} 0.0' in text


def test_a_vendor_that_is_down_is_seen_by_source_and_code() -> None:
    """Failed lookups, an unreachable source, and pages that are answered in part."""
    with observed_gateway() as observed:
        for sandbox in observed.sandboxes:
            sandbox.switches.down = True
        for _ in range(6):
            observed.gateway.client.post(
                "/graphql",
                json={"query": PAGE},
                headers={"Authorization": f"Bearer {observed.gateway.tokens['superintendent']}"},
            )
        assert observed.value("student_graph_lookups_total", source="edfi", outcome="failed") > 0
        assert observed.value("student_graph_lookup_failures_total", source="edfi", code="SOURCE_UNAVAILABLE") > 0
        assert observed.value("student_graph_request_duration_seconds_count", outcome="partial") == 6
        assert observed.value("student_graph_response_errors_total", code="SOURCE_UNAVAILABLE") == 6
        assert observed.value("student_graph_source_breaker", state="open") == 1
        assert "student_graph_source_reachable" in observed.metrics()
        assert observed.value("student_graph_source_reachable") == 0


def test_an_exemplar_names_a_trace_that_the_collector_has() -> None:
    """In the format that has exemplars, for requests that are traced."""
    with observed_gateway() as observed:
        observed.gateway.post(PAGE)
        text = observed.metrics(OPEN_METRICS)
    traces = {span.trace_id.hex() for span in observed.collector.spans}
    named = set(re.findall(r'trace_id="(\w+)"', text))
    assert named
    assert named <= traces


def test_the_collector_gets_the_same_metrics() -> None:
    """Counters as sums, histograms with their bounds and an exemplar, gauges as they are."""
    with observed_gateway(push_seconds=600.0) as observed:
        observed.gateway.post(PAGE)
        calls = observed.value("student_graph_vendor_calls_total")
    pushed = observed.collector.metrics
    points = pushed["student_graph_vendor_calls"].sum.data_points
    assert sum(point.as_double for point in points) == calls
    assert pushed["student_graph_vendor_calls"].sum.is_monotonic
    [times] = pushed["student_graph_request_duration_seconds"].histogram.data_points
    assert times.count == sum(times.bucket_counts) == 1
    assert len(times.bucket_counts) == len(times.explicit_bounds) + 1
    [exemplar] = times.exemplars
    assert exemplar.trace_id in {span.trace_id for span in observed.collector.spans}
    assert pushed["student_graph_ready"].gauge.data_points[0].as_double in {0.0, 1.0}


@subcases("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_conventions_of_prometheus(metric: object) -> None:
    """Lower case, units in the name, and a counter ends with `_total` where it is shown."""
    assert hasattr(metric, "shown_name")
    assert re.fullmatch(r"(student_graph|process)_[a-z_]+", metric.name)
    assert not metric.name.endswith("_total")
    assert metric.shown_name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.help[0].isupper() or metric.help[0].isdigit()
