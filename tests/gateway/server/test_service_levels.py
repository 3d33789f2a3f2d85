"""A running gateway counts its pages: for the status page, for metrics, and for the report of a month."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.telemetry import TelemetrySettings
from student_graph.gateway.telemetry.levels import LevelSettings, Objectives, recorder, store
from student_graph.gateway.telemetry.levels.objectives import Objective
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, Sis, district, source

TOKEN = "operator"
VIEWERS = {TOKEN: Viewer("operator", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), operator=True)}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
QUERY = '{ student(studentUniqueId: "%s") { studentUniqueId attendanceEvents { edges { cursor } } } }'
GOOD, INCOMPLETE, WRONG = 8, 2, 3
OBJECTIVES = Objectives(10.0, {Objective.IN_TIME: 0.9, Objective.COMPLETE: 0.9})


@pytest.fixture
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ten seconds, or for thirty."""
    monkeypatch.setattr(recorder, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(recorder, "WRITE_SECONDS", 0.02)


@pytest.fixture
def ledger() -> Ledger:
    """What the sources of the district answer."""
    return Ledger(students=["s1", "s2", "s3"])


@pytest.fixture
def application(ledger: Ledger, tmp_path: Path) -> Application:
    """A gateway with objectives that counts into a folder."""
    levels = LevelSettings(tmp_path / "service-levels", objectives={DISTRICT: OBJECTIVES})
    telemetry = TelemetrySettings(metrics=True)
    return Application(Service([district(ledger)], VIEWERS, levels=levels, telemetry=telemetry))


@pytest.fixture
def http(application: Application) -> Iterator[httpx.Client]:
    """A client of it."""
    with client_for(application.asgi) as client:
        yield client


def use(http: httpx.Client, ledger: Ledger) -> None:
    """Eight good pages, two that lack something, and three requests that are wrong."""
    for _ in range(GOOD):
        assert "errors" not in ask(http, QUERY % "s1")
    ledger.failing["attendance_events_by_student"] = UnavailableError("it is down")
    for student in ("s2", "s3"):  # of whom nothing is cached
        assert ask(http, QUERY % student)["errors"][0]["extensions"]["code"] == "SOURCE_UNAVAILABLE"
    for _ in range(WRONG):
        assert "errors" in ask(http, "{ nothing }")


def ask(http: httpx.Client, query: str) -> dict[str, Any]:
    """Send a query past the cache."""
    content: dict[str, Any] = http.post(
        "/graphql", json={"query": query}, headers=HEADERS | {"Cache-Control": "no-cache"}
    ).json()
    return content


def objectives_of(http: httpx.Client) -> dict[str, dict[str, Any]]:
    """The objectives as an operator sees them, by name."""
    [own] = http.get("/status", headers=HEADERS).json()["districts"]
    return {row["objective"]: row for row in own["objectives"]}


def wait_for_pages(http: httpx.Client) -> None:
    """Wait until the recorder has looked."""
    never = threading.Event()
    for _ in range(1_000):
        if objectives_of(http)["complete"]["pages"] == GOOD + INCOMPLETE:
            return
        never.wait(0.02)
    raise AssertionError("the pages are not counted")


@pytest.mark.usefixtures("_look_often")
def test_the_status_page_and_metrics_say_how_fast_a_budget_burns(http: httpx.Client, ledger: Ledger) -> None:
    """Two of ten pages lack something, and one of ten may: it burns with 2. Wrong requests do not count."""
    assert objectives_of(http)["complete"]["share"] is None
    use(http, ledger)
    wait_for_pages(http)
    shown = objectives_of(http)

    assert shown["complete"]["share"] == pytest.approx(0.8)
    assert shown["complete"]["target"] == 0.9
    assert shown["complete"]["burnRates"] == pytest.approx(dict.fromkeys(("5m", "30m", "1h", "6h", "3d"), 2.0))
    assert shown["in_time"]["burnRates"]["1h"] == 0.0
    lines = http.get("/metrics", headers=HEADERS).text.splitlines()
    labels = f'district="{DISTRICT}",objective="complete"'
    assert f"student_graph_objective_pages_total{{{labels}}} 10.0" in lines
    assert f"student_graph_objective_missed_total{{{labels}}} 2.0" in lines
    assert f"student_graph_objective_target_ratio{{{labels}}} 0.9" in lines
    [rate] = [
        line for line in lines if line.startswith(f'student_graph_error_budget_burn_rate{{{labels},window="3d"')
    ]
    assert float(rate.split()[-1]) == pytest.approx(2.0)


def test_a_list_without_the_records_of_one_source_is_not_a_complete_page(ledger: Ledger) -> None:
    """Also if others answered, so that the page has no error: it says what it lacks in its extensions."""
    other = Ledger(students=["s1"])
    other.failing["attendance_events_by_student"] = UnavailableError("it is down")
    both = replace(district(ledger), sources=(source(Sis, ledger, "sis"), source(Sis, other, "old")))
    application = Application(Service([both], VIEWERS, levels=LevelSettings(objectives={DISTRICT: OBJECTIVES})))
    with client_for(application.asgi) as http:
        page = ask(http, QUERY % "s1")
    assert "errors" not in page
    assert "SOURCE_UNAVAILABLE" in {part["code"] for part in page["extensions"]["degraded"]}
    counts = application.observer.pages[DISTRICT]
    assert (counts.pages, counts.complete) == (1, 0)


def test_the_end_of_the_process_writes_all_that_was_counted(
    application: Application, ledger: Ledger, tmp_path: Path
) -> None:
    """Pages, the failures of sources with their codes, and how old the shown values were."""
    with client_for(application.asgi) as http:
        use(http, ledger)
        http.post(
            "/graphql",
            json={"query": '{ student(studentUniqueId: "s1") { name { firstName } } }'},
            headers=HEADERS,
        )
    today = datetime.now(UTC).date()
    stored = store.read_days([tmp_path / "service-levels"], DISTRICT, today.replace(day=1), today)
    hours = list(stored.hours.values())

    assert sum(hour.pages.pages for hour in hours) == GOOD + INCOMPLETE + 1
    assert sum(hour.pages.complete for hour in hours) == GOOD + 1
    assert sum(hour.pages.refused for hour in hours) == WRONG
    assert sum(hour.sources["sis"].failures.get("SOURCE_UNAVAILABLE", 0) for hour in hours) == INCOMPLETE
    assert sum(sum(hour.sources["sis"].ages) for hour in hours) > 0
    assert any(hour.minutes for hour in hours)


@pytest.mark.usefixtures("_look_often")
def test_a_folder_that_cannot_be_written_is_a_metric_and_pages_are_served(
    http: httpx.Client, ledger: Ledger, tmp_path: Path
) -> None:
    """Here a file is in its place."""
    (tmp_path / "service-levels").write_text("in the way")
    never = threading.Event()
    for _ in range(1_000):
        if "student_graph_service_levels_unwritable 1.0" in http.get("/metrics", headers=HEADERS).text:
            break
        never.wait(0.02)
    use(http, ledger)
    assert "student_graph_service_levels_unwritable 1.0" in http.get("/metrics", headers=HEADERS).text


def test_the_files_hold_counts_of_the_settings_names_and_nothing_of_a_person(
    application: Application, ledger: Ledger, tmp_path: Path
) -> None:
    """Every text in them is the name of a district or source, a code, or a name of a count."""
    with client_for(application.asgi) as http:
        use(http, ledger)
    [path] = (tmp_path / "service-levels" / DISTRICT).iterdir()
    texts = set(_texts(json.loads(path.read_text())))
    counts = {"minutes", "pages", "answered", "left", "complete", "failed", "refused", "sources"}
    of_sources = {"lookups", "failures", "shown", "stale", "ages", "sis", "lms", "SOURCE_UNAVAILABLE"}
    unexpected = texts - counts - of_sources - {"v", "district", "day", "hours", DISTRICT}
    assert {text for text in unexpected if not text.replace("-", "").isdigit()} == set()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)
