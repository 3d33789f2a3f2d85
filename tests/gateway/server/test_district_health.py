"""`/health/ready/DISTRICT`: whether a district's pages can be answered, and which sources do not answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from student_graph.adapters.answers import Answer
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import lookup_of
from student_graph.gateway.server.merged_health import REQUEST_SUMS, merged_health
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.server.status import _state
from student_graph.gateway.telemetry import CallCounter
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, district

TOKEN = "operator"
VIEWERS = {TOKEN: Viewer("operator", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), operator=True)}
REQUESTS = {"quotaLeft": None, **dict.fromkeys(REQUEST_SUMS, 0)}
EVENTS = lookup_of(Adapter.attendance_events_by_student)


@pytest.mark.parametrize(
    ("down", "draining", "status", "word"),
    [
        (set(), False, 200, "ready"),
        ({"lms"}, False, 200, "degraded"),
        ({"sis"}, False, 200, "degraded"),
        ({"sis", "lms"}, False, 503, "down"),
        (set(), True, 503, "draining"),
        ({"sis", "lms"}, True, 503, "draining"),
    ],
)
def test_it_is_unready_if_no_source_answers_or_the_process_stops(
    down: set[str], draining: bool, status: int, word: str
) -> None:
    """It is 200 while one source answers: a monitor wakes somebody only if no page can be answered."""
    application = Application(Service([district(Ledger())], VIEWERS))
    with client_for(application.asgi) as http:
        for source in application.pipeline.sources:
            value = UnavailableError("it is down") if source.name in down else ()
            answers = {"s1": Answer(value, source.name, datetime.now(UTC))}
            application.pipeline.telemetry.record_answers(source, EVENTS, CallCounter(1), answers, 0.1)
        if draining:
            application.readiness.drain()
        response = http.get(f"/health/ready/{DISTRICT}", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (response.status_code, response.json()["status"]) == (status, word)
    assert set(response.json()["down"]) == down
    assert response.json()["sources"] == {name: "down" if name in down else "up" for name in ("sis", "lms")}


@pytest.mark.parametrize(
    ("reachable", "breaker", "credentials_refused", "state"),
    [
        (True, "closed", False, "up"),
        (None, "closed", False, "unknown"),
        (False, "closed", False, "down"),
        (True, "open", False, "down"),
        (None, "probing", False, "down"),
        (True, "closed", True, "down"),
    ],
)
def test_a_source_that_nothing_is_sent_to_is_down(
    reachable: bool | None, breaker: str, credentials_refused: bool, state: str
) -> None:
    """Because of failures, or because it refused the credentials; one that was not asked yet is unknown."""
    requests = {"breaker": breaker, "credentialsRefused": credentials_refused}
    assert _state({"reachable": reachable, "requests": requests}) == state


@pytest.mark.parametrize(("last", "state"), [("answering", "up"), ("failing", "down")])
def test_the_latest_lookup_of_all_workers_says_whether_a_source_answers(last: str, state: str) -> None:
    """Another one may not have asked it since a short outage, and may still leave it alone."""
    workers = {name: Application(Service([district(Ledger())], VIEWERS)) for name in ("failing", "answering")}
    for name in sorted(workers, key=lambda name: name == last):
        [source] = [source for source in workers[name].pipeline.sources if source.name == "sis"]
        value = UnavailableError("it is down") if name == "failing" else ()
        answers = {"s1": Answer(value, "sis", datetime.now(UTC))}
        workers[name].pipeline.telemetry.record_answers(source, EVENTS, CallCounter(1), answers, 0.1)
    gates = {"failing": "open", "answering": "closed"}
    reports = [
        dict(application._reports.sources()[DISTRICT]["sis"])
        | {"requests": {**REQUESTS, "breaker": gates[name], "credentialsRefused": False}}
        for name, application in workers.items()
    ]

    assert _state(merged_health(reports, max_codes=5)) == state
