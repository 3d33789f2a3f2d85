"""Counts of calls, failures, links and unmapped codes, by source."""

from __future__ import annotations

import time
from typing import Any

import httpx
from pydantic import AnyHttpUrl

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import AttendanceCategory
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.http import create_client
from student_graph.gateway.http.gate import SentCall
from student_graph.gateway.http.learned_limit import START_CONCURRENCY
from student_graph.gateway.telemetry import CallCounter, LinkStatus, Telemetry, count_call, counting_calls, traced
from tests.gateway.small_district import YEAR, Ledger, Sis, event, source

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
