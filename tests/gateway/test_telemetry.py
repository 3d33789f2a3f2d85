"""Counts of calls, failures, links and unmapped codes, by source."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import AnyHttpUrl

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.errors import NotOfferedError, PayloadError
from student_graph.adapters.interface import LookupResult
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import AttendanceCategory
from student_graph.adapters.sources import District
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.http import create_client
from student_graph.gateway.http.gate import SentCall
from student_graph.gateway.http.learned_limit import START_CONCURRENCY
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.telemetry import (
    MAX_REASONS,
    OTHER_REASON,
    CallCounter,
    LinkStatus,
    Telemetry,
    count_call,
    count_unreadable_rows,
    counting_calls,
    traced,
)
from tests.gateway.small_district import DISTRICT, YEAR, Ledger, Sis, event, source

EVENTS = lookup_of(Adapter.attendance_events_by_student)


async def test_calls_and_failures_are_counted_by_source() -> None:
    """Two requests for one ask count for its source and for the counter of the enclosing block."""
    telemetry, counter = Telemetry(), CallCounter()
    ledger = Ledger(events=[event("s1", "1", 3, AttendanceCategory.UNMAPPED)])
    sis = source(Sis, ledger, "sis")

    async def fetch_in_two_requests(source: Any, ask: Ask[Any], /) -> Any:
        count_call()
        count_call()
        return await fetch_from_vendor(source, ask)

    fetch = traced(fetch_in_two_requests, telemetry)
    with counting_calls(counter):
        await fetch(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))
    assert counter.count == 2
    health = telemetry.health(sis)
    assert (health.reachable, health.calls, health.unmapped) == (True, 2, 1)
    ledger.failing["attendance_events_by_student"] = httpx.ReadTimeout("slow")
    await fetch(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))
    health = telemetry.health(sis)
    assert (health.reachable, health.last_error_code, health.failures) == (False, "SOURCE_UNAVAILABLE", 1)


def test_before_the_first_call_it_is_unknown_whether_a_source_is_reachable() -> None:
    """The value is None."""
    assert Telemetry().health(source(Sis, Ledger(), "sis")).reachable is None


async def test_the_health_says_how_many_requests_may_run_at_once() -> None:
    """The number falls as soon as the vendor throttles a request; a client without a gate has none."""
    sis, telemetry = source(Sis, Ledger(), "sis"), Telemetry()
    assert telemetry.health(sis).concurrency is None
    async with create_client(AdapterSettings(base_url=AnyHttpUrl("https://sis.invalid")), count_call) as client:
        sis.adapter.http = client
        assert telemetry.health(sis).concurrency == START_CONCURRENCY
        client.gate.record_refusal(SentCall(1, time.monotonic(), START_CONCURRENCY), throttled=True)
        assert telemetry.health(sis).concurrency < START_CONCURRENCY


def test_the_latest_status_of_a_link_counts() -> None:
    """Each student is counted once."""
    telemetry, sis = Telemetry(), source(Sis, Ledger(), "sis")
    for status in (LinkStatus.UNMATCHED, LinkStatus.MATCHED):
        telemetry.record_link(sis, "s1", status)
    health = telemetry.health(sis)
    assert (health.matched, health.unmatched) == (1, 0)


async def test_answers_of_a_source_to_a_lookup_are_counted() -> None:
    """Records stay known if it fails later. A failure counts by its code, a missing resource does not."""
    telemetry, ledger = Telemetry(), Ledger(events=[event("s1", "1", 3)])
    sis = source(Sis, ledger, "sis")
    fetch = traced(fetch_from_vendor, telemetry)

    async def ask() -> LookupResult:
        await fetch(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))
        return telemetry.health(sis).counts.results["attendance_events_by_student"]

    ledger.failing["attendance_events_by_student"] = NotOfferedError("not offered by the vendor (404)")
    assert await ask() is LookupResult.NOT_THERE
    ledger.failing["attendance_events_by_student"] = httpx.ReadTimeout("slow")
    assert await ask() is LookupResult.FAILED
    del ledger.failing["attendance_events_by_student"]
    assert await ask() is LookupResult.RECORDS
    ledger.failing["attendance_events_by_student"] = httpx.ReadTimeout("slow")
    assert await ask() is LookupResult.RECORDS

    counts = telemetry.health(sis).counts
    assert (counts.asks, counts.failed_asks, counts.records) == (4, 2, 1)
    assert counts.failures_by_code == {"SOURCE_UNAVAILABLE": 2}


async def test_an_answer_without_records_is_empty() -> None:
    """It is no failure."""
    telemetry, sis = Telemetry(), source(Sis, Ledger(), "sis")
    await traced(fetch_from_vendor, telemetry)(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))

    counts = telemetry.health(sis).counts
    assert (counts.results, counts.failed_asks) == ({"attendance_events_by_student": LookupResult.EMPTY}, 0)


async def test_rows_that_cannot_be_read_are_counted_by_reason() -> None:
    """Each counts once; after a hundred reasons, further ones count together."""
    telemetry, sis = Telemetry(), source(Sis, Ledger(), "sis")

    async def fetch_with_unreadable_rows(_: Any, __: Ask[Any], /) -> Any:
        reasons = ["missing", "missing", *(f"odd {number}" for number in range(MAX_REASONS))]
        count_unreadable_rows([PayloadError(reason) for reason in reasons])
        return {}

    await traced(fetch_with_unreadable_rows, telemetry)(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))

    rows = telemetry.health(sis).counts.unreadable_rows
    assert (rows["missing"], rows["odd 0"], rows[OTHER_REASON]) == (2, 1, 1)
    assert len(rows) == MAX_REASONS + 1


def test_the_age_of_answers_from_the_cache_is_the_oldest_one() -> None:
    """Answers and stale answers are added up."""
    telemetry, sis = Telemetry(), source(Sis, Ledger(), "sis")
    telemetry.record_served(sis, 10, 0, 30.0)
    telemetry.record_served(sis, 5, 2, 12.0)

    counts = telemetry.health(sis).counts
    assert (counts.served, counts.stale, counts.oldest_served) == (15, 2, timedelta(seconds=30))


async def test_the_counts_hold_the_throttled_responses() -> None:
    """Each throttled response counts, and one that the vendor did not manage to send does not."""
    sis, telemetry = source(Sis, Ledger(), "sis"), Telemetry()
    async with create_client(AdapterSettings(base_url=AnyHttpUrl("https://sis.invalid")), count_call) as client:
        sis.adapter.http = client
        client.gate.record_refusal(SentCall(1, time.monotonic(), 1), throttled=True)
        client.gate.record_refusal(SentCall(2, time.monotonic(), 1), throttled=False)
        assert telemetry.health(sis).counts.throttled == 1


async def test_answers_that_the_cache_serves_are_counted() -> None:
    """The first read of a key is from the source, the second one from the cache."""
    sis = source(Sis, Ledger(events=[event("s1", "1", 3)]), "sis")
    pipeline = FetchPipeline([District(DISTRICT, "Hill", (sis,))], HmacSigner(b"k" * 32))
    fetch, _ = pipeline.background_fetch()
    served = []
    for _ in range(2):
        await fetch(sis, Ask(EVENTS, ("s1",), {"school_year": YEAR}))
        served.append(pipeline.telemetry.health(sis).counts.served)
    await pipeline.close()

    assert served == [0, 1]


def test_records_whose_class_needs_a_grant_are_not_counted() -> None:
    """With and without a discipline incident, the counts for operators are the same."""
    incidents = lookup_of(Adapter.discipline_incidents_by_student)
    counts = []
    for records in ([], [event("s1", "1", 3)]):
        telemetry, sis = Telemetry(), source(Sis, Ledger(), "sis")
        unreadable = CallCounter(1, ["missing"] * (1 + len(records)))
        telemetry.record_answers(
            sis, incidents, unreadable, {"s1": Answer(records, "sis", datetime.now(UTC))}, 0.1
        )
        counted = telemetry.health(sis).counts
        counts.append((counted.records, dict(counted.results), dict(counted.unreadable_rows)))

    assert counts == [(0, {incidents.name: LookupResult.ANSWERED}, {"missing": 1})] * 2
