"""The status of the service: what each viewer may know, and streams of events within their budget."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import DistrictId
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.web.routes import status_events
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.servers import client_for, running_demo
from tests.gateway.small_district import DISTRICT, Ledger, district

OTHER = DistrictId("dale")
HEAD = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
VIEWERS = {
    "teacher": Viewer("teacher", ViewerRole.TEACHER, frozenset({DISTRICT})),
    "head": HEAD,
    "operator": replace(HEAD, subject="operator", operator=True),
    "stranger": replace(HEAD, subject="stranger", operator=True, districts=frozenset({OTHER})),
}
QUERY = {"query": '{ student(studentUniqueId: "s1") { studentUniqueId attendanceEvents { edges { cursor } } } }'}


@pytest.fixture(autouse=True)
def _short_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """No stream lasts longer than a test may."""
    monkeypatch.setattr(status_events, "MAX_STREAM_SECONDS", 30.0)


@pytest.fixture
def ledger() -> Ledger:
    """What the sources of the district answer."""
    return Ledger(students=["s1"])


@pytest.fixture
def application(ledger: Ledger) -> Application:
    """The gateway of a small district."""
    return Application(Service([district(ledger)], VIEWERS))


@pytest.fixture
def http(application: Application) -> Iterator[httpx.Client]:
    """A client of it."""
    with client_for(application.asgi) as client:
        yield client


def as_viewer(token: str) -> dict[str, str]:
    """The headers of a viewer."""
    return {"Authorization": f"Bearer {token}"}


def report_of(http: httpx.Client, token: str) -> dict[str, Any]:
    """What a viewer sees."""
    response = http.get("/status", headers=as_viewer(token))
    assert response.status_code == 200
    content: dict[str, Any] = response.json()
    return content


def test_without_a_token_only_the_state_of_the_service_is_shown(http: httpx.Client) -> None:
    """No district, no source and no number."""
    assert http.get("/status").json() == {"status": "ready"}


@pytest.mark.parametrize("token", ["teacher", "head"])
def test_viewers_see_the_names_that_the_graph_shows_them(http: httpx.Client, token: str) -> None:
    """And nothing about their health, which is for operators."""
    [own] = report_of(http, token)["districts"]
    sources = http.post("/graphql", json={"query": "{ sources { name kind } }"}, headers=as_viewer(token)).json()

    assert own == {"id": "hill", "name": own["name"], "sources": sources["data"]["sources"]}


def test_operators_see_the_health_that_the_graph_shows_them(http: httpx.Client) -> None:
    """The same numbers as `sources` of the graph, and which share of answers the cache had."""
    for _ in range(2):
        http.post("/graphql", json=QUERY | {"variables": {}}, headers=as_viewer("operator"))
        http.post("/graphql", json=QUERY, headers=as_viewer("operator") | {"Cache-Control": "max-age=100"})
    query = """{ sources { name reachable lastErrorCode calls unmapped unexpectedResponses
                           identity { matched unmatched conflicted } } }"""
    graph = http.post("/graphql", json={"query": query}, headers=as_viewer("operator")).json()["data"]["sources"]
    report = report_of(http, "operator")
    health = {source["name"]: source["health"] for source in report["districts"][0]["sources"]}

    assert report["operator"] is True
    assert report["districts"][0]["background"] == {"warmUp": None, "readsCalendars": False}
    for source in graph:
        own = health[source["name"]]
        names = {
            "reachable": "reachable",
            "lastErrorCode": "lastErrorCode",
            "calls": "calls",
            "unmapped": "unmapped",
        }
        assert {name: own[name] for name in names} == {name: source[name] for name in names}
        assert own["droppedConnections"] == source["unexpectedResponses"]
        identity = source["identity"]
        assert own["conflicts"] == (identity and identity["conflicted"])
        assert own["students"] == (identity and sum(identity.values()))
        assert own["cachedShare"] is None or 0 <= own["cachedShare"] <= 1
    assert health["sis"]["lookups"] > 0


def test_an_operator_of_another_district_sees_nothing_of_this_one(http: httpx.Client) -> None:
    """The districts of a report are those of the viewer."""
    report = report_of(http, "stranger")

    assert (report["operator"], report["districts"]) == (True, [])


@pytest.mark.parametrize(("path", "token", "status"), [
    ("/status", "nobody", 401), ("/status/events", "nobody", 401), ("/status/events", "", 401),
    ("/status/events", "teacher", 403), ("/status/events", "head", 403),
])  # fmt: skip
def test_others_are_refused(http: httpx.Client, path: str, token: str, status: int) -> None:
    """A wrong token is reported; events are for operators."""
    response = http.get(path, headers=as_viewer(token) if token else {})

    assert response.status_code == status
    assert set(response.json()) == {"error", "code"}


def test_the_page_holds_no_data_and_has_a_nonce_of_its_own(http: httpx.Client) -> None:
    """Each response has another nonce, and allows nothing from other hosts."""
    nonces = set()
    for _ in range(2):
        response = http.get("/")
        policy = response.headers["content-security-policy"]
        nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
        nonces.add(nonce)
        assert response.text.count(f'nonce="{nonce}"') == 2
        assert "hill" not in response.text
        assert "unsafe" not in policy
        assert "http" not in policy
    assert len(nonces) == 2


def events_of(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of a stream."""
    for line in response.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def test_an_event_comes_when_something_changes(http: httpx.Client, ledger: Ledger) -> None:
    """First what is, then each change: here a source that no longer answers."""
    with http.stream("GET", "/status/events", headers=as_viewer("operator"), timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "private, no-store"
        events = events_of(response)
        assert next(events) == report_of(http, "operator")
        ledger.failing["attendance_events_by_student"] = UnavailableError("it is down")
        http.post("/graphql", json=QUERY, headers=as_viewer("operator"))
        changed = next(event for event in events if "SOURCE_UNAVAILABLE" in json.dumps(event))

    answers = [source["health"]["answers"] for source in changed["districts"][0]["sources"]]
    assert answers == [1, 0]  # the student was found; what failed is no answer
    [silent] = [source for source in changed["districts"][0]["sources"] if source["health"]["reachable"] is False]
    assert silent["health"]["lastErrorCode"] == "SOURCE_UNAVAILABLE"


def wait_until_free(application: Application) -> None:
    """Wait until no stream is counted."""
    done = threading.Event()
    for _ in range(1000):
        if application._status.streams.count == 0:
            return
        done.wait(0.02)
    raise AssertionError("a stream is still counted")


@contextmanager
def streams(http: httpx.Client, number: int) -> Iterator[None]:
    """Streams of an operator that are open until the block ends."""
    if not number:
        yield
        return
    with http.stream("GET", "/status/events", headers=as_viewer("operator"), timeout=60) as response:
        events = events_of(response)  # a generator that is given up would close the response
        next(events)
        with streams(http, number - 1):
            yield


def test_a_viewer_has_few_streams(http: httpx.Client, application: Application) -> None:
    """One more is refused and may come later; those that were left make room."""
    with streams(http, status_events.MAX_STREAMS_PER_VIEWER):
        refused = http.get("/status/events", headers=as_viewer("operator"))
        assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
        assert refused.headers["retry-after"]
        with http.stream("GET", "/status/events", headers=as_viewer("stranger")) as response:
            assert response.status_code == 200
    wait_until_free(application)
    with http.stream("GET", "/status/events", headers=as_viewer("operator")) as response:
        assert response.status_code == 200


def test_streams_end_with_the_process(http: httpx.Client, application: Application) -> None:
    """A stream that is open ends by itself once the process drains, and no new one begins."""
    with http.stream("GET", "/status/events", headers=as_viewer("operator"), timeout=60) as response:
        events = events_of(response)
        next(events)
        application.readiness.drain()
        assert [event["status"] for event in events] in ([], ["draining"])
    refused = http.get("/status/events", headers=as_viewer("operator"))

    assert refused.status_code == 429
    assert http.get("/status").json() == {"status": "draining"}


def test_streams_end_when_other_settings_hold(http: httpx.Client, application: Application) -> None:
    """So the application under the earlier settings can be closed; the page opens a stream under the new ones."""
    with http.stream("GET", "/status/events", headers=as_viewer("operator"), timeout=60) as response:
        events = events_of(response)
        next(events)
        application.stop_taking_requests()
        assert list(events) == []


def test_no_stream_holds_up_the_end_of_the_process(tmp_path: Path) -> None:
    """It ends by itself: the server does not have to cancel it after its patience."""
    with running_demo(tmp_path, "--students", "10") as demo:
        url = demo.ready["graphql"].replace("/graphql", "/status/events")
        headers = as_viewer(demo.ready["tokens"]["superintendent"])
        with httpx.stream("GET", url, headers=headers, timeout=60, trust_env=False) as response:
            events = events_of(response)
            next(events)
            demo.process.send_signal(signal.SIGTERM)
            assert [event["status"] for event in events] in ([], ["draining"])
        assert demo.process.wait(60) == 0
        assert "graceful" not in demo.process.stderr.read()
