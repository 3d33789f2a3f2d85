"""Answers are fresh, then stale but usable, then expired. Requests in flight are shared."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.errors import PayloadError, RefusedError, UnavailableError
from student_graph.adapters.lookup import Window
from student_graph.adapters.sources import Freshness
from student_graph.gateway.cache import Limits, Purge
from tests.gateway.cache.slow_vendor import SlowLedger, SlowSis, settle
from tests.gateway.cache.small_cache import ACTIONS, EVENTS, PAGES, STUDENTS, THIS_YEAR, CacheHarness, wait_until
from tests.gateway.small_district import DISTRICT, YEAR, error_code

DOWN = httpx.ConnectError("refused")
HOUR = 3600.0


async def test_a_fresh_answer_is_not_requested_again() -> None:
    """Students are fresh for an hour. Of two requested students, the cached one causes no call."""
    harness = CacheHarness()
    assert await harness.students("s1") == {"s1": False}
    harness.clock.now += HOUR - 1
    assert await harness.students("s1", "s2") == {"s1": False, "s2": False}
    assert harness.calls == [("s1",), ("s2",)]
    assert (harness.traffic.hits, harness.traffic.stale, round(harness.traffic.age)) == (1, 0, HOUR - 1)


@pytest.mark.row("D08")
async def test_a_stale_answer_is_served_at_once_and_refreshed_in_the_background() -> None:
    """A thousand readers of a stale answer all get it, marked as stale, and cause one call together."""
    harness = CacheHarness(vendor_seconds=0.02)
    await harness.students("s1")
    harness.clock.now += HOUR + 1
    results = await asyncio.gather(*(harness.students("s1") for _ in range(1000)))
    assert results == [{"s1": True}] * 1000
    await harness.settle()
    assert harness.calls == [("s1",)] * 2
    assert await harness.students("s1") == {"s1": False}


async def test_an_answer_that_is_stale_for_long_is_requested_first() -> None:
    """From five minutes after the end of its freshness, an answer is served only if the source fails."""
    harness = CacheHarness()
    await harness.students("s1")
    harness.clock.now += HOUR + 301
    assert await harness.students("s1") == {"s1": False}
    assert harness.calls == [("s1",)] * 2


@pytest.mark.row("D09")
@pytest.mark.parametrize(("hours", "code"), [(24.9, None), (25.1, "SOURCE_UNAVAILABLE")])
async def test_when_the_source_fails_a_stale_answer_is_served_until_it_expires(
    hours: float, code: str | None
) -> None:
    """Students may be stale for 24 hours after their hour of freshness. Then the failure is reported."""
    harness = CacheHarness()
    await harness.students("s1")
    harness.ledger.failing["students_by_id"] = DOWN
    harness.clock.now += hours * HOUR
    answer = (await harness.ask(Ask(STUDENTS, ("s1",))))["s1"]
    assert (error_code(answer), answer.stale) == (code, code is None)


async def test_a_failure_is_never_cached() -> None:
    """After a failure, the next operation asks the vendor again."""
    harness = CacheHarness()
    harness.ledger.failing["students_by_id"] = DOWN
    await harness.students("s1")
    del harness.ledger.failing["students_by_id"]
    assert await harness.students("s1") == {"s1": False}


async def test_after_a_refusal_the_cached_answer_is_not_served() -> None:
    """A student whom the vendor no longer shows is not served from the cache either."""
    harness = CacheHarness()
    await harness.students("s1")
    harness.ledger.failing["students_by_id"] = RefusedError("access refused (403)", code="SOURCE_FORBIDDEN")
    harness.clock.now += HOUR + 301
    for _ in range(2):
        assert error_code((await harness.ask(Ask(STUDENTS, ("s1",))))["s1"]) == "SOURCE_FORBIDDEN"
    harness.ledger.failing["students_by_id"] = DOWN
    assert error_code((await harness.ask(Ask(STUDENTS, ("s1",))))["s1"]) == "SOURCE_UNAVAILABLE"


async def test_while_a_source_is_down_stale_answers_are_served_at_once() -> None:
    """After one failure nobody waits, and the source is tried in the background every few seconds only."""
    harness = CacheHarness()
    await harness.students("s1", "s2")
    harness.ledger.failing["students_by_id"] = DOWN
    harness.clock.now += 2 * HOUR
    assert await harness.students("s1") == {"s1": True}
    for _ in range(50):
        assert await harness.students("s1", "s2") == {"s1": True, "s2": True}
    await asyncio.sleep(0)
    assert len(harness.calls) == 2
    del harness.ledger.failing["students_by_id"]
    harness.clock.now += 6
    await harness.students("s1")
    await harness.settle()
    assert await harness.students("s1") == {"s1": False}


@pytest.mark.row("D13")
async def test_a_key_that_the_source_does_not_know_is_cached_briefly() -> None:
    """For half a minute. After that, the student may have been enrolled."""
    harness = CacheHarness()
    for _ in range(3):
        assert await harness.students("new") == {}
    assert len(harness.calls) == 1
    harness.ledger.students.append("new")
    harness.clock.now += 31
    assert await harness.students("new") == {"new": False}


async def test_restricted_data_is_cached_for_a_minute_and_never_served_stale() -> None:
    """Discipline is requested again after sixty seconds. If the source fails then, the failure is reported."""
    harness = CacheHarness()
    await harness.ask(Ask(ACTIONS, ("s1",)))
    harness.clock.now += 59
    await harness.ask(Ask(ACTIONS, ("s1",)))
    assert len(harness.calls) == 1
    harness.ledger.failing["discipline_actions_by_student"] = DOWN
    harness.clock.now += 2
    assert error_code((await harness.ask(Ask(ACTIONS, ("s1",))))["s1"]) == "SOURCE_UNAVAILABLE"


async def test_expired_restricted_data_is_removed_from_memory() -> None:
    """It is removed on time, without a request."""
    harness = CacheHarness()
    freshness = Freshness(timedelta(seconds=0.05), timedelta())
    object.__setattr__(harness.source, "freshness_by_lookup", {"discipline_actions_by_student": freshness})
    await harness.ask(Ask(ACTIONS, ("s1",)))
    assert len(harness.cache.store) == 1
    harness.clock.now += 1

    async def is_empty() -> bool:
        return len(harness.cache.store) == 0

    await wait_until(is_empty)


async def test_a_past_school_year_is_fresh_for_a_day_and_the_current_one_for_a_minute() -> None:
    """Attendance of a past school year does not change any more."""
    harness = CacheHarness()
    for year, calls in ((YEAR, 2), (YEAR - 3, 3)):
        ask = Ask(EVENTS, ("s1",), {"school_year": year})
        await harness.ask(ask)
        harness.clock.now += 12 * HOUR
        await harness.ask(ask)
        assert len(harness.calls) == calls


async def test_pages_of_a_list_are_fresh_for_a_minute() -> None:
    """Pages of different ages do not fit together."""
    harness = CacheHarness()
    ask = Ask(PAGES, (DISTRICT,), window=Window(10))
    for seconds in (59, 400, 0):
        await harness.ask(ask)
        harness.clock.now += seconds
    assert len(harness.calls) == 2


@pytest.mark.parametrize(("preferred_age", "calls"), [(0.0, 2), (50.0, 2), (70.0, 1)])
async def test_an_answer_older_than_preferred_is_requested_again(preferred_age: float, calls: int) -> None:
    """An operation with `no-cache` or a maximum age asks the source if the cached answer is older."""
    harness = CacheHarness()
    await harness.students("s1")
    harness.clock.now += 60
    assert await harness.students("s1", preferred_age=preferred_age) == {"s1": False}
    assert len(harness.calls) == calls


async def test_an_answer_older_than_preferred_is_served_when_the_source_fails() -> None:
    """An operation's preferred age yields to a failure. The maximum age of an ask does not."""
    harness = CacheHarness()
    await harness.students("s1")
    harness.clock.now += 60
    harness.ledger.failing["students_by_id"] = DOWN
    assert await harness.students("s1", preferred_age=10) == {"s1": False}
    answers = await harness.ask(Ask(STUDENTS, ("s1",), max_age=timedelta(seconds=10)))
    assert error_code(answers["s1"]) == "SOURCE_UNAVAILABLE"


@pytest.mark.parametrize("failing", [None, DOWN, PayloadError("not JSON")])
@pytest.mark.parametrize("student", ["s1", "unknown"])
async def test_a_thousand_concurrent_asks_make_one_call(failing: Exception | None, student: str) -> None:
    """Also when the vendor fails, and when it does not know the key."""
    harness = CacheHarness(vendor_seconds=0.02)
    if failing:
        harness.ledger.failing["students_by_id"] = failing
    results = await asyncio.gather(*(harness.ask(Ask(STUDENTS, (student,))) for _ in range(1000)))
    assert len(harness.calls) == 1
    assert len(set(map(str, results))) == 1
    assert bool(failing) == any(error_code(answer) for answer in results[0].values())


async def test_a_request_continues_when_some_of_its_waiters_leave() -> None:
    """Nine of ten waiters leave: the tenth is answered by the same call."""
    ledger = SlowLedger(students=["s1"])
    harness = CacheHarness(ledger, adapter_type=SlowSis)
    waiters = [asyncio.create_task(harness.students("s1")) for _ in range(10)]
    await settle()
    for waiter in waiters[:9]:
        waiter.cancel()
    await settle()
    ledger.event("s1").set()
    *_, last = await asyncio.gather(*waiters, return_exceptions=True)
    assert last == {"s1": False}
    assert len(harness.calls) == 1


async def test_waiters_have_their_own_deadlines() -> None:
    """At its deadline a waiter gets an error, or a stale answer. The request continues for the others."""
    harness = CacheHarness(vendor_seconds=0.1)
    late, answers = await asyncio.gather(
        harness.ask(Ask(STUDENTS, ("s1",)), seconds_left=0.02), harness.students("s1")
    )
    assert (error_code(late["s1"]), answers) == ("DEADLINE", {"s1": False})
    harness.clock.now += HOUR + 301
    assert await harness.students("s1", seconds_left=0.02) == {"s1": True}


async def test_a_key_without_an_answer_does_not_affect_other_keys() -> None:
    """Each waiter of a shared request sees its own keys only."""
    harness = CacheHarness(vendor_seconds=0.01)
    first, second = await asyncio.gather(harness.students("s1", "nobody"), harness.students("s1", "s2"))
    assert (first, second) == ({"s1": False}, {"s1": False, "s2": False})
    assert sorted(harness.calls) == [("s1", "nobody"), ("s2",)]


@pytest.mark.parametrize("code", [None, "RATE_LIMITED"])
async def test_background_requests_follow_retry_after(code: str | None) -> None:
    """Until that time, stale answers are served and not refreshed."""
    harness = CacheHarness()
    await harness.students("s1")
    harness.ledger.failing["students_by_id"] = UnavailableError("failing (503)", code=code, retry_after=60)
    harness.clock.now += 2 * HOUR
    for _ in range(10):
        assert await harness.students("s1") == {"s1": True}
        await asyncio.sleep(0)
        harness.clock.now += 5
    assert len(harness.calls) == 2


async def test_without_memory_nothing_is_cached_but_requests_are_shared() -> None:
    """`memory = 0` turns off the cache, not the sharing of requests in flight."""
    harness = CacheHarness(limits=Limits(memory=0), vendor_seconds=0.01)
    await asyncio.gather(*(harness.students("s1") for _ in range(10)))
    await harness.students("s1")
    assert len(harness.calls) == 2


@pytest.mark.row("D13")
async def test_a_purge_includes_the_answers_in_flight() -> None:
    """An answer that was requested before the purge may be outdated: it is served, but not cached."""
    ledger = SlowLedger(students=["s1", "s2", "s3"], reports=False)
    for student in ledger.students:
        ledger.event(student).set()
    harness = CacheHarness(ledger, adapter_type=SlowSis)
    await harness.students("s1", "s2")
    assert await harness.cache.purge(Purge(district=DISTRICT, students=frozenset({"s1"}))) == 1
    ledger.event("s1").clear()
    waiting = asyncio.create_task(harness.students("s1", "s3"))
    await settle()
    assert await harness.cache.purge(Purge(district=DISTRICT, records=frozenset({"Student"}))) == 1
    ledger.event("s1").set()
    assert await waiting == {"s1": False, "s3": False}
    await harness.students("s1", "s2", "s3")
    assert harness.calls == [(number,) for number in ("s1", "s2", "s1", "s3", "s1", "s2", "s3")]


@pytest.mark.row("D12")
async def test_arguments_windows_and_lookups_do_not_share_answers() -> None:
    """Two years, two pages and two lookups of the same key are six different questions."""
    harness = CacheHarness()
    asks: list[Any] = [
        Ask(EVENTS, ("s1",), THIS_YEAR),
        Ask(EVENTS, ("s1",), {"school_year": YEAR - 1}),
        Ask(PAGES, (DISTRICT,), window=Window(10)),
        Ask(PAGES, (DISTRICT,), window=Window(10, "10")),
        Ask(STUDENTS, ("s1",)),
        Ask(ACTIONS, ("s1",)),
    ]
    for _ in range(2):
        for ask in asks:
            await harness.ask(ask)
    assert len(harness.calls) == 6
