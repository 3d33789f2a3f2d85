"""The alerts in `deploy/telemetry`, played by Prometheus: which fire, and which do not."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.gateway.telemetry.test_dashboard_and_alerts import FOLDER, needs_promtool, promtool


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
