"""Each key is answered when its answer arrives, and what an operation cannot wait for goes on after it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import Student
from student_graph.adapters.sources import District, Freshness, Source
from student_graph.gateway.cache import AnswerCache, BackgroundLimits, Cache, CachedFetch, Dependencies, Purge
from student_graph.gateway.cache.in_flight.requests import InFlightRequests
from student_graph.resolvers.operation import Staleness, Traffic
from tests.gateway.cache.slow_vendor import OPERATION_SECONDS, SlowVendor, on_movable_loop, pass_seconds, settle
from tests.gateway.cache.small_cache import STUDENTS
from tests.gateway.small_district import DISTRICT, Ledger, Sis, source, student

CLASS = ("s1", "s2", "s3", "s4", "s5", "s6")
DOWN = httpx.ConnectError("refused")
LATE, UNAVAILABLE = "DEADLINE", "SOURCE_UNAVAILABLE"


@on_movable_loop
async def test_an_operation_waits_for_its_own_keys_only() -> None:
    """The second operation wants two of the six students that the first one requested, and has them first."""
    vendor = SlowVendor()
    first = vendor.ask(*CLASS)
    second = vendor.ask("s1", "s3")
    await vendor.answer("s1", "s3")
    assert await second == {"s1": None, "s3": None}
    assert not first.done()
    await vendor.answer(*CLASS)
    assert await first == dict.fromkeys(CLASS)
    assert vendor.calls == dict.fromkeys(CLASS, 1)


@on_movable_loop
async def test_an_answer_is_cached_when_it_arrives() -> None:
    """A later operation has it from the cache, while the request of the first one still runs."""
    vendor = SlowVendor()
    first = vendor.ask(*CLASS)
    await vendor.answer("s1")
    assert await vendor.ask("s1") == {"s1": None}
    assert (vendor.counted_calls()[1], first.done()) == (0, False)


@on_movable_loop
async def test_at_its_deadline_an_operation_has_the_answers_that_came() -> None:
    """Also the information that the source does not know a student. The others are late."""
    vendor = SlowVendor()
    page = vendor.ask("s1", "nobody", "s2", "s3")
    await vendor.answer("s1", "nobody")
    await pass_seconds(OPERATION_SECONDS)
    assert await page == {"s1": None, "s2": LATE, "s3": LATE}
    assert len(vendor.cache.store) == 2
    assert vendor.answers["s2"].value.retryable


@pytest.mark.parametrize("reports", [True, False])
def test_three_cut_requests_together_are_one_full_read(*, reports: bool) -> None:
    """No student is read twice, and the third request has all. Also if the adapter answers all keys at its end."""

    @on_movable_loop
    async def test() -> None:
        vendor, full = SlowVendor(), SlowVendor()
        vendor.ledger.reports = full.ledger.reports = reports
        results = []
        for arriving in (CLASS[:2], CLASS[2:3], CLASS[3:]):
            page = vendor.ask(*CLASS)
            await vendor.answer(*arriving)
            if arriving[-1] != CLASS[-1]:
                await pass_seconds(OPERATION_SECONDS)
            results.append(await page)
        missing = [sum(code == LATE for code in result.values()) for result in results]
        assert missing == ([4, 3, 0] if reports else [6, 6, 0])
        union = vendor.answers
        page = full.ask(*CLASS)
        await full.answer(*CLASS)
        await page
        assert vendor.ledger.calls == full.ledger.calls
        assert records_in(union) == records_in(full.answers)

    test()


def records_in(answers: Answers) -> dict[str, Student]:
    """The record of each student, without the time of its reading."""
    return {key: replace(answer.value, fetched=None) for key, answer in answers.items()}


@on_movable_loop
async def test_the_timeout_of_a_source_limits_the_waiting_and_not_the_work() -> None:
    """The answers that came are there, the others have an error. The next operation gets them without a call."""
    vendor = SlowVendor(timeout=4.0)
    page = vendor.ask("s1", "s2")
    await vendor.answer("s1")
    await pass_seconds(4.0)
    assert await page == {"s1": None, "s2": UNAVAILABLE}
    await vendor.answer("s2")
    assert await vendor.ask("s2") == {"s2": None}
    assert vendor.calls == {"s1": 1, "s2": 1}


@on_movable_loop
async def test_a_source_that_answers_nothing_within_its_timeout_counts_as_failing() -> None:
    """Stale answers are then served at once, as after any other failure."""
    vendor = SlowVendor(timeout=4.0)
    page = vendor.ask("s1")
    await pass_seconds(4.0)
    assert await page == {"s1": UNAVAILABLE}
    bucket = vendor.cache.store.bucket(vendor.harness.source, Ask(STUDENTS, ()))
    assert bucket is None
    assert vendor.harness.source in vendor.cache.answers._failing


@on_movable_loop
async def test_a_failing_key_is_answered_at_once_and_requested_again() -> None:
    """Its failure delays and spoils no other key. Whoever asks after it asks the vendor again."""
    vendor = SlowVendor()
    vendor.ledger.failing["failing s2"] = DOWN
    page = vendor.ask("s1", "s2", "s3")
    other = vendor.ask("s2")
    await vendor.answer("s2")
    assert await other == {"s2": UNAVAILABLE}
    del vendor.ledger.failing["failing s2"]
    assert await vendor.ask("s2") == {"s2": None}
    await vendor.answer("s1", "s3")
    assert await page == {"s1": None, "s2": UNAVAILABLE, "s3": None}
    assert vendor.calls == {"s1": 1, "s2": 2, "s3": 1}
    assert vendor.harness.source not in vendor.cache.answers._failing


@on_movable_loop
async def test_two_viewers_share_a_request_and_one_of_them_leaves() -> None:
    """The other one has all answers, and each student is read once."""
    vendor = SlowVendor()
    ann, ben = vendor.ask("s1", "s2", "s3", viewer="ann"), vendor.ask("s2", "s3", "s4", viewer="ben")
    await vendor.answer("s1")
    ann.cancel()
    await vendor.answer("s2", "s3", "s4")
    assert await ben == dict.fromkeys(("s2", "s3", "s4"))
    assert vendor.calls == dict.fromkeys(("s1", "s2", "s3", "s4"), 1)


@pytest.mark.row("D13")
@on_movable_loop
async def test_a_purge_in_the_middle_includes_what_came_and_what_is_to_come() -> None:
    """Purged students are shown to those who waited for them, not cached, and read again. The others are not."""
    vendor = SlowVendor()
    page = vendor.ask("s1", "s2", "s3", "s4")
    await vendor.answer("s1")
    await vendor.cache.purge(Purge(district=DISTRICT, students=frozenset({"s1", "s2"})))
    await vendor.answer("s2", "s3", "s4")
    assert await page == dict.fromkeys(("s1", "s2", "s3", "s4"))
    assert vendor.calls == dict.fromkeys(("s1", "s2", "s3", "s4"), 1)
    assert await vendor.ask("s1", "s2", "s3", "s4") == dict.fromkeys(("s1", "s2", "s3", "s4"))
    assert vendor.calls == {"s1": 2, "s2": 2, "s3": 1, "s4": 1}


@pytest.mark.row("D13")
@on_movable_loop
async def test_after_a_purge_a_key_is_requested_again_while_its_old_request_runs() -> None:
    """Whoever asks after the purge gets no answer from before it."""
    vendor = SlowVendor()
    page = vendor.ask("s1", "s2")
    await settle()
    await vendor.cache.purge(Purge(district=DISTRICT, students=frozenset({"s1"})))
    late = vendor.ask("s1", "s2")
    await settle()
    assert vendor.calls == {"s1": 2, "s2": 1}
    await vendor.answer("s1", "s2")
    assert await page == await late == {"s1": None, "s2": None}


@pytest.mark.row("D13")
@on_movable_loop
async def test_a_purge_ends_the_work_that_would_cache_nothing() -> None:
    """Nobody waits for the request, and none of its answers may be cached: it is cancelled."""
    vendor = SlowVendor()
    page = vendor.ask("s1", "s2")
    await pass_seconds(OPERATION_SECONDS)
    await page
    await vendor.cache.purge(Purge(district=DISTRICT))
    await settle()
    assert vendor.ledger.ended == {"s1", "s2"}
    await vendor.answer("s1", "s2")
    assert len(vendor.cache.store) == 0


@on_movable_loop
async def test_a_call_is_counted_for_the_operation_that_waits_for_it() -> None:
    """Calls in the background are nobody's. Those after a second operation has joined are its own."""
    vendor = SlowVendor()
    first = vendor.ask(*CLASS)
    await pass_seconds(OPERATION_SECONDS)
    await first
    assert vendor.counted_calls() == [2]
    await vendor.answer("s1")  # s3 is read in the background
    second, third = vendor.ask(*CLASS), vendor.ask(*CLASS)
    await settle()
    await vendor.answer(*CLASS)
    await asyncio.gather(second, third)
    assert vendor.counted_calls() == [2, 3, 0]
    assert vendor.calls.total() == len(CLASS)


@pytest.mark.parametrize(
    ("fresh_seconds", "age", "is_stale"), [(3600, 3590, False), (3600, 3610, True), (0, 5, False), (0, 15, True)]
)
async def test_an_answer_whose_reading_took_longer_than_it_is_fresh_is_marked(
    fresh_seconds: float, age: float, *, is_stale: bool
) -> None:
    """An operation that joined a long request sees that. Ten seconds, the source's timeout, are not long."""

    async def fetch_slowly(source: Source, ask: Ask[Any], /) -> Answers:
        began_at = datetime.now(UTC) - timedelta(seconds=age)
        return {key: Answer(student(key), source.name, began_at) for key in ask.keys}

    freshness = {"students_by_id": Freshness(timedelta(seconds=fresh_seconds), timedelta(hours=2))}
    sis = replace(source(Sis, Ledger(), "sis"), freshness_by_lookup=freshness)
    districts = {DISTRICT: District(DISTRICT, "Hill", (sis,))}
    cache = Cache(AnswerCache(fetch_slowly, districts), districts)
    traffic = Traffic()
    deadline = asyncio.get_running_loop().time() + OPERATION_SECONDS
    answers = await CachedFetch(cache, traffic, Staleness(), Dependencies(), deadline)(sis, Ask(STUDENTS, ("s1",)))
    assert (answers["s1"].stale, traffic.by_source["hill/sis"].stale) == (is_stale, int(is_stale))


@on_movable_loop
async def test_an_operation_that_wants_new_answers_joins_no_old_request() -> None:
    """With `no-cache`, a request that began before the source's timeout is too old; a new one is shared."""
    vendor = SlowVendor()
    newest = Staleness(max_age=timedelta(0))
    first = vendor.ask("s1", staleness=newest)
    await pass_seconds(9.0)
    second = vendor.ask("s1", staleness=newest)
    await settle()
    assert vendor.calls == {"s1": 1}
    await pass_seconds(2.0)
    third = vendor.ask("s1", staleness=newest)
    await settle()
    assert vendor.calls == {"s1": 2}
    await vendor.answer("s1")
    assert [await page for page in (first, second, third)] == [{"s1": LATE}, {"s1": None}, {"s1": None}]


@pytest.mark.parametrize(("failing", "is_in_parts"), [(0, True), (1, False)])
async def test_many_answers_are_cached_in_parts(failing: int, is_in_parts: bool) -> None:
    """
    A list of a whole school must not hold the event loop while its records are measured.

    With failures all answers come at once: a source whose first students fail has not failed.
    """
    sis = source(Sis, Ledger(), "sis")
    ask = Ask(STUDENTS, tuple(f"s{number}" for number in range(500)))
    parts: list[int] = []

    async def fetch(_: Source, ask: Ask[Any], /) -> Answers:
        values: Any = {key: student(key) for key in ask.keys} | {
            f"s{n}": UnavailableError("down") for n in range(failing)
        }
        return {key: Answer(value, "sis", datetime.now(UTC)) for key, value in values.items()}

    requests = InFlightRequests(fetch, lambda _, arrived: parts.append(len(arrived)), BackgroundLimits())
    waiter = requests.join(sis, ask, asyncio.get_running_loop().time() + OPERATION_SECONDS)
    await requests.wait(waiter)
    await requests.close()
    assert waiter.answers.keys() == set(ask.keys)
    assert sum(parts) == len(ask.keys)
    assert (len(parts) > 1) is is_in_parts
