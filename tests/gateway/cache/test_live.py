"""Fresh, stale but usable, gone: what an answer's age allows, and what is shared while it is on its way."""

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
from tests.gateway.cache.small_cache import ACTIONS, EVENTS, PAGES, STUDENTS, THIS_YEAR, Kept
from tests.gateway.small_district import DISTRICT, YEAR, error_code

DOWN = httpx.ConnectError("refused")
HOUR = 3600.0


async def test_a_fresh_answer_is_not_asked_again() -> None:
    """Students are fresh for an hour; of two that are wanted, the one that is kept costs nothing."""
    kept = Kept()
    assert await kept.students("s1") == {"s1": False}
    kept.clock.now += HOUR - 1
    assert await kept.students("s1", "s2") == {"s1": False, "s2": False}
    assert kept.calls == [("s1",), ("s2",)]
    assert (kept.traffic.hits, kept.traffic.stale, round(kept.traffic.age)) == (1, 0, HOUR - 1)


@pytest.mark.row("D08")
async def test_a_stale_answer_is_served_at_once_and_asked_again_behind() -> None:
    """A thousand readers in the stale window get the old answer, marked, and cause one call between them."""
    kept = Kept(seconds=0.02)
    await kept.students("s1")
    kept.clock.now += HOUR + 1
    told = await asyncio.gather(*(kept.students("s1") for _ in range(1000)))
    assert told == [{"s1": True}] * 1000
    await asyncio.sleep(0.05)
    assert kept.calls == [("s1",)] * 2
    assert await kept.students("s1") == {"s1": False}


async def test_an_answer_too_old_for_that_is_waited_for() -> None:
    """Five minutes after it stopped being fresh an answer is served only when the source fails."""
    kept = Kept()
    await kept.students("s1")
    kept.clock.now += HOUR + 301
    assert await kept.students("s1") == {"s1": False}
    assert kept.calls == [("s1",)] * 2


@pytest.mark.row("D09")
@pytest.mark.parametrize(("hours", "code"), [(24.9, None), (25.1, "SOURCE_UNAVAILABLE")])
async def test_when_the_source_fails_what_is_kept_is_served_within_its_limit(
    hours: float, code: str | None
) -> None:
    """Students may be 24 hours past their hour; then the failure is told."""
    kept = Kept()
    await kept.students("s1")
    kept.ledger.failing["students_by_id"] = DOWN
    kept.clock.now += hours * HOUR
    answer = (await kept.ask(Ask(STUDENTS, ("s1",))))["s1"]
    assert (error_code(answer), answer.stale) == (code, code is None)


async def test_a_failure_is_never_kept() -> None:
    """Who asks after a failure asks the vendor."""
    kept = Kept()
    kept.ledger.failing["students_by_id"] = DOWN
    await kept.students("s1")
    del kept.ledger.failing["students_by_id"]
    assert await kept.students("s1") == {"s1": False}


async def test_what_a_source_refuses_is_shown_no_more() -> None:
    """A student that the vendor shows no longer is not shown from what was kept either."""
    kept = Kept()
    await kept.students("s1")
    kept.ledger.failing["students_by_id"] = RefusedError("access refused (403)", code="SOURCE_FORBIDDEN")
    kept.clock.now += HOUR + 301
    for _ in range(2):
        assert error_code((await kept.ask(Ask(STUDENTS, ("s1",))))["s1"]) == "SOURCE_FORBIDDEN"
    kept.ledger.failing["students_by_id"] = DOWN
    assert error_code((await kept.ask(Ask(STUDENTS, ("s1",))))["s1"]) == "SOURCE_UNAVAILABLE"


async def test_while_a_source_is_down_nobody_waits_for_it_who_can_be_served() -> None:
    """After one failure stale answers come at once, and the source is tried behind every few seconds only."""
    kept = Kept()
    await kept.students("s1", "s2")
    kept.ledger.failing["students_by_id"] = DOWN
    kept.clock.now += 2 * HOUR
    assert await kept.students("s1") == {"s1": True}
    for _ in range(50):
        assert await kept.students("s1", "s2") == {"s1": True, "s2": True}
    await asyncio.sleep(0)
    assert len(kept.calls) == 2
    del kept.ledger.failing["students_by_id"]
    kept.clock.now += 6
    await kept.students("s1")
    await asyncio.sleep(0.01)
    assert await kept.students("s1") == {"s1": False}


@pytest.mark.row("D13")
async def test_a_key_that_the_source_does_not_know_is_remembered_briefly() -> None:
    """Half a minute; then the student may have been enrolled."""
    kept = Kept()
    for _ in range(3):
        assert await kept.students("new") == {}
    assert len(kept.calls) == 1
    kept.ledger.students.append("new")
    kept.clock.now += 31
    assert await kept.students("new") == {"new": False}


async def test_restricted_data_is_kept_for_a_minute_and_never_stale() -> None:
    """Discipline is asked again after sixty seconds, and a failure then is a failure."""
    kept = Kept()
    await kept.ask(Ask(ACTIONS, ("s1",)))
    kept.clock.now += 59
    await kept.ask(Ask(ACTIONS, ("s1",)))
    assert len(kept.calls) == 1
    kept.ledger.failing["discipline_actions_by_student"] = DOWN
    kept.clock.now += 2
    assert error_code((await kept.ask(Ask(ACTIONS, ("s1",))))["s1"]) == "SOURCE_UNAVAILABLE"


async def test_restricted_data_is_let_go_when_its_minute_is_over() -> None:
    """It is not even in memory any more, although nobody asked."""
    kept = Kept()
    shown = Freshness(timedelta(seconds=0.05), timedelta())
    object.__setattr__(kept.sis, "freshness_by_lookup", {"discipline_actions_by_student": shown})
    await kept.ask(Ask(ACTIONS, ("s1",)))
    assert len(kept.cache.store) == 1
    kept.clock.now += 1
    await asyncio.sleep(0.1)
    assert len(kept.cache.store) == 0


async def test_a_finished_school_year_is_fresh_for_a_day_and_this_one_for_a_minute() -> None:
    """Attendance of a year that is over does not change any more."""
    kept = Kept()
    for year, calls in ((YEAR, 2), (YEAR - 3, 3)):
        ask = Ask(EVENTS, ("s1",), {"school_year": year})
        await kept.ask(ask)
        kept.clock.now += 12 * HOUR
        await kept.ask(ask)
        assert len(kept.calls) == calls


async def test_pages_of_a_list_are_kept_for_a_minute() -> None:
    """Pages of different ages do not fit together."""
    kept = Kept()
    ask = Ask(PAGES, (DISTRICT,), window=Window(10))
    for seconds in (59, 400, 0):
        await kept.ask(ask)
        kept.clock.now += seconds
    assert len(kept.calls) == 2


@pytest.mark.parametrize(("liked", "calls"), [(0.0, 2), (50.0, 2), (70.0, 1)])
async def test_who_wants_it_younger_is_served_younger(liked: float, calls: int) -> None:
    """Whoever says `no-cache`, or names an age, has the source asked when what is kept is older."""
    kept = Kept()
    await kept.students("s1")
    kept.clock.now += 60
    assert await kept.students("s1", liked=liked) == {"s1": False}
    assert len(kept.calls) == calls


async def test_who_wants_it_younger_is_served_what_there_is_when_the_source_fails() -> None:
    """An age that an operation would like is no reason to show nothing; an age that an asker accepts is."""
    kept = Kept()
    await kept.students("s1")
    kept.clock.now += 60
    kept.ledger.failing["students_by_id"] = DOWN
    assert await kept.students("s1", liked=10) == {"s1": False}
    told = await kept.ask(Ask(STUDENTS, ("s1",), max_age=timedelta(seconds=10)))
    assert error_code(told["s1"]) == "SOURCE_UNAVAILABLE"


@pytest.mark.parametrize("failing", [None, DOWN, PayloadError("not JSON")])
@pytest.mark.parametrize("number", ["s1", "unknown"])
async def test_a_thousand_who_ask_at_once_make_one_call(failing: Exception | None, number: str) -> None:
    """Also when the vendor fails, and when it does not know the key."""
    kept = Kept(seconds=0.02)
    if failing:
        kept.ledger.failing["students_by_id"] = failing
    told = await asyncio.gather(*(kept.ask(Ask(STUDENTS, (number,))) for _ in range(1000)))
    assert len(kept.calls) == 1
    assert len({str(one) for one in told}) == 1
    assert bool(failing) == any(error_code(answer) for answer in told[0].values())


async def test_a_flight_goes_on_when_the_first_asker_leaves_and_ends_with_the_last() -> None:
    """Nine of ten who ask go away: the tenth is answered by the same call; when all go, the call is cancelled."""
    kept = Kept(seconds=0.05)
    for staying, calls in ((1, 1), (0, 1)):
        askers = [asyncio.create_task(kept.students(f"s{staying}")) for _ in range(10)]
        await asyncio.sleep(0.01)
        for asker in askers[: 10 - staying]:
            asker.cancel()
        told = await asyncio.gather(*askers, return_exceptions=True)
        await asyncio.sleep(0.06)
        assert [one for one in told if isinstance(one, dict)] == [{"s1": False}] * staying
        assert len(kept.calls) == calls


async def test_each_waiter_has_its_own_time() -> None:
    """Who has little time left is told so, or gets what is kept; the flight goes on for the others."""
    kept = Kept(seconds=0.1)
    late, told = await asyncio.gather(kept.ask(Ask(STUDENTS, ("s1",)), left=0.02), kept.students("s1"))
    assert (error_code(late["s1"]), told) == ("DEADLINE", {"s1": False})
    kept.clock.now += HOUR + 301
    assert await kept.students("s1", left=0.02) == {"s1": True}


async def test_an_error_of_another_key_keeps_nobody_from_an_answer() -> None:
    """Waiters of one flight each see their own keys."""
    kept = Kept(seconds=0.01)
    first, second = await asyncio.gather(kept.students("s1", "nobody"), kept.students("s1", "s2"))
    assert (first, second) == ({"s1": False}, {"s1": False, "s2": False})
    assert sorted(kept.calls) == [("s1", "nobody"), ("s2",)]


@pytest.mark.parametrize("code", [None, "RATE_LIMITED"])
async def test_a_source_that_asks_to_be_left_alone_is_left_alone_behind(code: str | None) -> None:
    """Its `Retry-After` counts for questions that nobody waits for."""
    kept = Kept()
    await kept.students("s1")
    kept.ledger.failing["students_by_id"] = UnavailableError("failing (503)", code=code, retry_after=60)
    kept.clock.now += 2 * HOUR
    for _ in range(10):
        assert await kept.students("s1") == {"s1": True}
        await asyncio.sleep(0)
        kept.clock.now += 5
    assert len(kept.calls) == 2


async def test_nothing_is_kept_where_nothing_may_be_and_questions_are_still_shared() -> None:
    """`memory = 0` turns the cache off, not the flights."""
    kept = Kept(limits=Limits(memory=0), seconds=0.01)
    await asyncio.gather(*(kept.students("s1") for _ in range(10)))
    await kept.students("s1")
    assert len(kept.calls) == 2


@pytest.mark.row("D13")
async def test_a_purge_forgets_and_keeps_nothing_of_what_was_under_way() -> None:
    """An answer that was asked before the purge may be older than what it is about."""
    kept = Kept(seconds=0.03)
    await kept.students("s1", "s2")
    assert await kept.cache.purge(Purge(district=DISTRICT, students=frozenset({"s1"}))) == 1
    waiting = asyncio.create_task(kept.students("s1", "s3"))
    await asyncio.sleep(0.01)
    assert await kept.cache.purge(Purge(district=DISTRICT, records=frozenset({"Student"}))) == 1
    assert await waiting == {"s1": False, "s3": False}
    await kept.students("s1", "s2", "s3")
    assert kept.calls == [("s1", "s2"), ("s1", "s3"), ("s1", "s2", "s3")]


@pytest.mark.row("D12")
async def test_arguments_windows_and_lookups_do_not_share_answers() -> None:
    """Two years, two pages and two lookups of one key are six things."""
    kept = Kept()
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
            await kept.ask(ask)
    assert len(kept.calls) == 6
