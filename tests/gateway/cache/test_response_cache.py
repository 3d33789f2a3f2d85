"""A repeated request with the same rights gets the cached response, while its dependencies are current."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.cache.response_cache import ResponseCache
from student_graph.gateway.disclosure import Entry
from student_graph.gateway.server.service import Service
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.cache.small_cache import STUDENTS, CacheHarness, Clock
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, Sis, district, enrollment, event, source
from tests.long_runs import size

ALL = unlimited_grants(*Sensitivity)
HERE, ELSEWHERE = frozenset({DISTRICT}), frozenset({DistrictId("dale")})
VIEWERS = {
    "head": Viewer("head", ViewerRole.SUPERINTENDENT, HERE, ALL, operator=True),
    "operator": Viewer("operator", ViewerRole.SUPERINTENDENT, HERE | ELSEWHERE, ALL, operator=True),
    "teacher": Viewer("teacher", ViewerRole.TEACHER, HERE),
    "outsider": Viewer("outsider", ViewerRole.SUPERINTENDENT, ELSEWHERE, ALL),
}
STUDENT = "query ($id: String!) { student(studentUniqueId: $id) { %s } }"
EVENTS = "studentUniqueId attendanceEvents { totalCount }"


@dataclass
class Gateway:
    """A gateway over a small district."""

    client: httpx.Client
    ledger: Ledger

    def query(self, fields: str, viewer: str = "head", student: str = "s1", **headers: str) -> dict[str, Any]:
        """The response to a query for some fields of a student."""
        request = {"query": STUDENT % fields, "variables": {"id": student}}
        headers = {"Authorization": f"Bearer {viewer}", **headers}
        response: dict[str, Any] = self.client.post("/graphql", json=request, headers=headers).json()
        return response

    def count_executions(self) -> int:
        """The number of operations that were executed so far, this one included."""
        response = self.query("studentUniqueId", viewer="operator", **{"X-Student-Graph-Explain": "1"})
        return int(response["extensions"]["executor"]["planned"])


def running_gateway(limits: Limits) -> Iterator[Gateway]:
    """A gateway over two districts, the first one with two students."""
    ledger = Ledger(
        students=["s1", "s2"],
        enrollments=[enrollment("s1", "1"), enrollment("s2", "1")],
        events=[event("s1", "1", 3), event("s2", "1", 4)],
    )
    districts = [
        district(ledger),
        type(district(ledger))(DistrictId("dale"), "Dale", (source(Sis, Ledger(), "sis"),)),
    ]
    service = Service(districts, VIEWERS, cache_limits=limits)  # the token of a viewer is the viewer's name
    with client_for(service.app()) as client:
        yield Gateway(client, ledger)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway that caches responses."""
    yield from running_gateway(Limits())


def content(response: dict[str, Any]) -> Any:
    """The data of a response, and the path and code of each error, without ages and counts."""
    errors = [(error.get("path"), error["extensions"].get("code")) for error in response.get("errors", [])]
    return response["data"], errors


def is_cached(gateway: Gateway, fields: str) -> bool:
    """Whether the third of three equal requests is answered without executing an operation."""
    first, second = gateway.query(fields), gateway.query(fields)
    executions = gateway.count_executions()
    third = gateway.query(fields)
    assert content(first) == content(second) == content(third)
    return gateway.count_executions() == executions + 1  # the execution of the count itself


def test_a_repeated_request_is_not_executed_again(gateway: Gateway) -> None:
    """The cached response still has the ages and counts of its sources."""
    assert is_cached(gateway, EVENTS)
    sources = gateway.query(EVENTS)["extensions"]["sources"]["hill/sis"]
    assert (sources["calls"], sources["stale"], sources["failures"]) == (0, 0, 0)
    assert sources["hits"] > 0
    assert sources["age"] >= 0


def test_another_student_document_or_viewer_is_another_request(gateway: Gateway) -> None:
    """A variable, a field and a viewer each make a difference."""
    gateway.query(EVENTS)
    gateway.query(EVENTS)
    assert gateway.query(EVENTS, student="s2")["data"]["student"]["studentUniqueId"] == "s2"
    assert gateway.query("studentUniqueId")["data"] == {"student": {"studentUniqueId": "s1"}}
    assert gateway.query(EVENTS, "outsider")["data"] == {"student": None}


def test_a_response_with_restricted_data_is_not_cached(gateway: Gateway) -> None:
    """Neither alone nor together with other fields, although the answers are cached for a minute."""
    assert not is_cached(gateway, "disciplineIncidents { date }")
    assert not is_cached(gateway, "studentUniqueId disciplineIncidents { date }")


def test_a_response_with_an_error_of_a_source_is_not_cached(gateway: Gateway) -> None:
    """The source may answer the next request."""
    gateway.ledger.failing["attendance_events_by_student"] = httpx.ConnectError("refused")
    assert not is_cached(gateway, EVENTS)
    gateway.ledger.failing.clear()
    assert is_cached(gateway, EVENTS)


@pytest.mark.parametrize("status", [403, 404])
def test_an_error_of_a_source_is_not_cached_whatever_its_code(gateway: Gateway, status: int) -> None:
    """Also if the code is `NOT_OFFERED`, because the vendor answered 404: it may offer the data a moment later."""
    request, response = httpx.Request("GET", "http://vendor.example"), httpx.Response(status)
    gateway.ledger.failing["attendance_events_by_student"] = httpx.HTTPStatusError(
        "", request=request, response=response
    )
    assert not is_cached(gateway, EVENTS)
    gateway.ledger.failing.clear()
    assert gateway.query(EVENTS)["data"]["student"]["attendanceEvents"]["totalCount"] == 1


def test_a_response_with_the_health_of_sources_is_not_cached(gateway: Gateway) -> None:
    """Its counts change although no record changes."""
    gateway.query("studentUniqueId")
    assert not is_cached(gateway, "studentUniqueId } sources { name reachable calls")


def test_a_purge_includes_cached_responses(gateway: Gateway) -> None:
    """A response is outdated when one of its answers is purged."""
    gateway.query(EVENTS)
    gateway.query(EVENTS)
    gateway.ledger.events.append(event("s1", "1", 7))
    assert gateway.query(EVENTS)["data"]["student"]["attendanceEvents"]["totalCount"] == 1
    response = gateway.client.post(
        "/cache/purge", json={"district": "hill", "students": ["s1"]}, headers={"Authorization": "Bearer head"}
    )
    assert response.json() == {"forgotten": 2}
    assert gateway.query(EVENTS)["data"]["student"]["attendanceEvents"]["totalCount"] == 2


def test_a_client_can_ask_for_newer_answers(gateway: Gateway) -> None:
    """`no-cache` asks the source, and later requests get the newer answer, too."""
    gateway.query(EVENTS)
    gateway.query(EVENTS)
    gateway.ledger.events.append(event("s1", "1", 7))
    assert (
        gateway.query(EVENTS, **{"Cache-Control": "no-cache"})["data"]["student"]["attendanceEvents"]["totalCount"]
        == 2
    )
    assert gateway.query(EVENTS)["data"]["student"]["attendanceEvents"]["totalCount"] == 2
    assert (
        gateway.query(EVENTS, **{"Cache-Control": "max-age=300"})["extensions"]["sources"]["hill/sis"]["calls"]
        == 0
    )


@pytest.mark.parametrize("text", ["max-age=soon", "max-age=-1", "max-age=", "max-age=9999999999"])
def test_an_invalid_maximum_age_is_refused(gateway: Gateway, text: str) -> None:
    """The error message says what it must be."""
    response = gateway.query(EVENTS, **{"Cache-Control": text})
    assert response["errors"][0]["message"] == "Cache-Control: max-age must be a number of seconds."


def test_requests_for_newer_answers_are_rate_limited(gateway: Gateway) -> None:
    """Twenty at once, and one a second after that. Further requests are answered from the cache."""
    for _ in range(40):
        gateway.query("studentUniqueId", **{"Cache-Control": "no-cache"})
    calls = [name for name, _ in gateway.ledger.calls]
    assert 20 <= calls.count("students_by_id") <= 25


def test_the_caching_of_responses_can_be_switched_off() -> None:
    """Each operation is then executed, with cached answers."""
    for gateway in running_gateway(Limits(responses=False)):
        assert not is_cached(gateway, EVENTS)
        assert gateway.query(EVENTS)["extensions"]["sources"]["hill/sis"]["calls"] == 0


VARY = "Accept, Authorization, Student-Graph-Purpose, Student-Graph-Break-Glass"


@pytest.mark.parametrize(("seconds", "cache_control", "vary"), [
    (0, "private, no-store", None),
    (30, "private, max-age=30", VARY),
])  # fmt: skip
def test_clients_may_cache_a_response_as_long_as_configured(
    seconds: int, cache_control: str, vary: str | None
) -> None:
    """By default not at all, never for another viewer, and never if it has an error."""
    ledger = Ledger(students=["s1"], events=[event("s1", "1", 3)])
    service = Service([district(ledger)], VIEWERS, client_cache_seconds=seconds)
    with client_for(service.app()) as client:
        body = {"query": STUDENT % EVENTS, "variables": {"id": "s1"}}
        headers = {"Authorization": "Bearer head"}
        for _ in range(3):
            response = client.post("/graphql", json=body, headers=headers)
            assert response.headers.get_list("cache-control") == [cache_control]
            assert response.headers.get("vary") == vary
        body["query"] = STUDENT % "assignments { title }"
        response = client.post("/graphql", json=body, headers=headers)
        assert (response.headers["cache-control"], "errors" in response.json()) == ("private, no-store", True)


async def test_a_cached_response_ends_at_midnight_of_its_district() -> None:
    """Although its answers are fresh: the operation may depend on the date."""
    harness, wall_clock = CacheHarness(), Clock(1_800_000_000.0)
    batch = Ask(STUDENTS, ("s1", "s2"))
    await harness.ask(batch)
    await harness.ask(batch)
    hill = District(DISTRICT, "Hill", (), ZoneInfo("America/Chicago"))
    responses = ResponseCache(harness.cache.store, {DISTRICT: hill}, 1 << 20, harness.clock, wall_clock)
    responses.set("request", harness.operation, [b"{}"], [DISTRICT])
    wall_clock.now = hill.end_of_day() - 1
    assert responses.get("request") is not None
    wall_clock.now += 1
    assert responses.get("request") is None
    assert 0 < hill.end_of_day() - time.time() <= 25 * 3600


async def test_cached_responses_are_bounded_in_bytes() -> None:
    """The least recently used response is evicted first, and one that is too large is not cached."""
    harness = CacheHarness()
    await harness.students("s1")
    await harness.students("s1")
    hill = District(DISTRICT, "Hill", ())
    responses = ResponseCache(harness.cache.store, {DISTRICT: hill}, 100_000, harness.clock)
    for number in range(40):
        responses.set(number, harness.operation, [b"x" * 4000], [DISTRICT])
        assert responses.get(number) is not None
    responses.set("large", harness.operation, [b"x" * 50_000], [DISTRICT])
    assert (responses.get("large"), responses.get(0), responses.used_bytes <= 100_000) == (None, None, True)
    assert responses.get(39) is not None
    assert 10 <= len(responses) <= 20


async def test_the_disclosure_entries_of_a_response_count_towards_its_size() -> None:
    """They are cached with it, because each new file of the disclosure log needs them in full."""
    harness = CacheHarness()
    await harness.students("s1")
    await harness.students("s1")
    responses = ResponseCache(
        harness.cache.store, {DISTRICT: District(DISTRICT, "Hill", ())}, 1 << 20, harness.clock
    )
    responses.set("no entries", harness.operation, [b"{}"], [DISTRICT])
    bytes_without = responses.used_bytes
    entry = Entry(b"x" * 5_000, False, DISTRICT, 1)
    responses.set("request", harness.operation, [b"{}"], [DISTRICT], [entry])
    assert 5_000 < responses.used_bytes - 2 * bytes_without < 5_500
    entry.file, entry.repeat_body = "disclosure-1.jsonl", b"same"
    responses.set("request", harness.operation, [b"{}"], [DISTRICT])
    assert responses.used_bytes == 2 * bytes_without


def test_an_operator_sees_what_is_cached(gateway: Gateway) -> None:
    """The number of answers and responses, and their bytes."""
    gateway.query(EVENTS)
    gateway.query(EVENTS)
    response = gateway.query("studentUniqueId", viewer="operator", **{"X-Student-Graph-Explain": "1"})
    counts = response["extensions"]["cache"]
    assert (counts["answers"], counts["wholeAnswers"]) == (2, 1)
    assert 0 < counts["bytes"] < 10_000


@pytest.mark.long_run
def test_no_viewer_gets_a_response_for_another_viewer(gateway: Gateway) -> None:
    """Random requests of viewers with different rights get the same responses as without a cache."""
    rng = random.Random(3)  # noqa: S311 - not for security
    requests = [
        (fields, viewer, student)
        for fields in ("studentUniqueId", EVENTS, f"{EVENTS} disciplineIncidents {{ date }}", "name { lastName }")
        for viewer in VIEWERS
        for student in ("s1", "s2", "s3")
    ]
    for uncached in running_gateway(Limits(memory=0)):
        expected = {request: content(uncached.query(*request)) for request in requests}
    for _ in range(size(150, 2_000)):
        request = rng.choice(requests)
        assert content(gateway.query(*request)) == expected[request]
    assert gateway.query(EVENTS, "outsider", "s1")["data"] == {"student": None}
