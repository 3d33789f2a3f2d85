"""Who joins work that is old, or a read of somebody else, has the time and the urgency of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.reading import SharedReads
from student_graph.adapters.sources import Source
from student_graph.gateway.cache import BackgroundLimits
from student_graph.gateway.cache.in_flight import abandoned
from student_graph.gateway.cache.in_flight.request import Waiter
from student_graph.gateway.cache.in_flight.requests import InFlightRequests
from student_graph.gateway.concurrency.deadlines import (
    MAX_WORK_SECONDS,
    patience_seconds,
    remaining_seconds,
    within,
)
from student_graph.gateway.http import Gate, is_background_work
from student_graph.gateway.http.budget import WINDOW_SECONDS
from tests.gateway.cache.slow_vendor import OPERATION_SECONDS, SlowVendor, on_movable_loop, pass_seconds, settle
from tests.gateway.cache.small_cache import STUDENTS
from tests.gateway.small_district import DISTRICT, Ledger, Sis, source, student

LIMITS = BackgroundLimits()
MINUTE = 60.0
NEAR_THE_END = MAX_WORK_SECONDS - OPERATION_SECONDS / 2


async def keep_alive(vendor: SlowVendor, seconds: float) -> None:
    """Ask for the student once a minute, each time for as long as an operation takes, for so many seconds."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + seconds
    while loop.time() < ends_at - MINUTE:
        page = vendor.ask("s1")
        await pass_seconds(OPERATION_SECONDS)
        assert await page == {"s1": "DEADLINE"}
        await pass_seconds(MINUTE - OPERATION_SECONDS)
    page = vendor.ask("s1")
    await pass_seconds(OPERATION_SECONDS)
    assert await page == {"s1": "DEADLINE"}
    await pass_seconds(ends_at - loop.time())


@on_movable_loop
async def test_a_page_that_joins_old_work_has_all_its_own_time() -> None:
    """The five minutes of the work are over while the page waits: it is not cut off, and nothing is read twice."""
    vendor = SlowVendor()
    await keep_alive(vendor, NEAR_THE_END)
    page = vendor.ask("s1")
    await pass_seconds(OPERATION_SECONDS - 2)
    assert not page.done()
    await vendor.answer("s1")
    assert await page == {"s1": None}
    assert vendor.calls == {"s1": 1}


@on_movable_loop
async def test_old_work_ends_with_the_last_page_that_waits_for_it() -> None:
    """The page has the error of its own time, and the next one begins new work."""
    vendor = SlowVendor()
    await keep_alive(vendor, NEAR_THE_END)
    page = vendor.ask("s1")
    await pass_seconds(OPERATION_SECONDS)
    assert await page == {"s1": "DEADLINE"}
    assert vendor.ledger.ended == {"s1"}
    page = vendor.ask("s1")
    await vendor.answer("s1")
    assert await page == {"s1": None}
    assert vendor.calls == {"s1": 2}


@on_movable_loop
async def test_work_that_nobody_waits_for_takes_five_minutes_at_most() -> None:
    """However often it was asked for before."""
    vendor = SlowVendor()
    await keep_alive(vendor, MAX_WORK_SECONDS - 5)
    assert vendor.ledger.ended == set()
    await pass_seconds(6)
    assert vendor.ledger.ended == {"s1"}


@dataclass
class SharedList:
    """A source whose asks all read one list, which the test lets end."""

    reads: SharedReads = field(default_factory=SharedReads)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    is_background: list[bool] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)
    """Of each read at its end: whether it was background work, and the pause that it might still have made."""
    remaining: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = source(Sis, Ledger(), "sis", DISTRICT)
        self.in_flight = InFlightRequests(self._fetch, lambda *_: None, LIMITS)

    async def _read(self) -> None:
        await self.may_end.wait()
        self.is_background.append(is_background_work())
        self.patience.append(patience_seconds())
        self.remaining.append(remaining_seconds())

    async def _fetch(self, source: Source, ask: Ask[Any], /) -> Answers:
        async with within(MAX_WORK_SECONDS, or_while_awaited=True):
            await self.reads.read("list", self._read)
        return {key: Answer(student(key), source.name, datetime.now(UTC)) for key in ask.keys}

    async def ask(self, number: str, seconds: float) -> tuple[Waiter, asyncio.Task[None]]:
        """Begin to wait for a student, for so many seconds."""
        until = asyncio.get_running_loop().time() + seconds
        waiter = self.in_flight.join(self.source, Ask(STUDENTS, (number,)), until)
        waiting = asyncio.create_task(self.in_flight.wait(waiter))
        await settle()
        return waiter, waiting

    async def abandon(self, number: str) -> None:
        """Ask for a student, and reach the deadline without an answer."""
        _, waiting = await self.ask(number, OPERATION_SECONDS)
        await pass_seconds(OPERATION_SECONDS)
        await waiting

    async def end(self) -> None:
        """Let the list end."""
        self.may_end.set()
        await settle()


@pytest.mark.parametrize("others_end", [False, True])
def test_a_read_that_a_page_joins_is_no_background_work(*, others_end: bool) -> None:
    """Nobody waits any more for the request that began it, which may even have ended meanwhile."""

    @on_movable_loop
    async def run() -> None:
        shared = SharedList()
        await shared.abandon("s1")
        await pass_seconds(LIMITS.abandoned_seconds - 1)
        waiter, waiting = await shared.ask("s2", OPERATION_SECONDS)
        await pass_seconds(2 if others_end else 0)
        await shared.end()
        await waiting
        assert list(waiter.answers) == ["s2"]
        assert shared.is_background == [False]
        await shared.in_flight.close()

    run()


@on_movable_loop
async def test_a_read_is_as_patient_as_the_page_that_waits_longest_for_it() -> None:
    """A pause that is too long for the page that began the read is not too long for the one that joins it."""
    shared = SharedList()
    await shared.ask("s1", 5)
    waiter, waiting = await shared.ask("s2", 50)
    await shared.end()
    await waiting
    assert list(waiter.answers) == ["s2"]
    assert 40 < shared.patience[0] <= 50


@on_movable_loop
async def test_an_old_read_that_a_page_joins_has_the_time_of_the_page() -> None:
    """The request that began it would have ended."""
    shared = SharedList()
    for number in ("s1", "s1", "s1", "s1"):
        await shared.abandon(number)
        await pass_seconds(NEAR_THE_END / 4 - OPERATION_SECONDS)
    waiter, waiting = await shared.ask("s2", OPERATION_SECONDS)
    await pass_seconds(OPERATION_SECONDS - 2)
    await shared.end()
    await waiting
    assert list(waiter.answers) == ["s2"]
    assert 0 < shared.remaining[0] <= OPERATION_SECONDS


def test_a_request_does_not_end_while_the_quota_of_its_source_is_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time begins when the quota gives new calls. A client that disconnected is not waited for."""

    @on_movable_loop
    async def run() -> None:
        gate = Gate(1, clock=asyncio.get_running_loop().time, requests_per_minute=1)
        monkeypatch.setattr(abandoned, "gate_of", lambda _: gate)
        vendor = SlowVendor()
        page, disconnected = vendor.ask("s1"), vendor.ask("s2")
        await settle()
        disconnected.cancel()
        await pass_seconds(OPERATION_SECONDS)
        assert await page == {"s1": "DEADLINE"}
        assert vendor.ledger.ended == {"s2"}
        await pass_seconds(LIMITS.abandoned_seconds - 5)
        gate.leave(await gate.enter(), succeeded=True)
        await pass_seconds(6)
        assert vendor.ledger.ended == {"s2"}
        await pass_seconds(WINDOW_SECONDS + LIMITS.abandoned_seconds - 12)
        assert vendor.ledger.ended == {"s2"}
        await pass_seconds(8)
        assert vendor.ledger.ended == {"s1", "s2"}

    run()
