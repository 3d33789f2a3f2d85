"""Keys asked in one turn travel together, and a key is asked once an operation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sources import Source
from student_graph.gateway.fetch.batching import Batcher
from tests.gateway.small_district import Ledger, Sis, source

STUDENTS = lookup_of(Adapter.students_by_id)
SIS = source(Sis, Ledger(), "sis")


class Counted:
    """A fetch that notes what it was asked and answers after a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.ended: list[str] = []
        self._seconds = seconds

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        self.asked.append(ask.keys)
        try:
            await asyncio.sleep(self._seconds)
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append("answered")
        return {key: Answer(key.upper(), source.name, datetime.now(UTC)) for key in ask.keys if key != "nobody"}


async def test_asks_of_one_turn_are_one_call() -> None:
    """Thirty resolvers that each ask for one key make one call."""
    fetch = Counted()
    ask = Batcher(fetch, turns=2)
    keys = [f"s{n}" for n in range(30)]
    told = await asyncio.gather(*(ask(SIS, Ask(STUDENTS, (key,))) for key in keys))
    assert [{key: answer.value for key, answer in one.items()} for one in told] == [{k: k.upper()} for k in keys]
    assert fetch.asked == [tuple(keys)]


async def test_a_key_is_asked_once_an_operation() -> None:
    """A key asked again, also an unknown one, is answered from the first time."""
    fetch = Counted()
    ask = Batcher(fetch, turns=2)
    await ask(SIS, Ask(STUDENTS, ("a", "nobody")))
    told = await ask(SIS, Ask(STUDENTS, ("nobody", "a", "b")))
    assert {key: answer.value for key, answer in told.items()} == {"a": "A", "b": "B"}
    assert fetch.asked == [("a", "nobody"), ("b",)]


async def test_other_arguments_are_another_ask() -> None:
    """Asks that differ in an argument share nothing."""
    fetch = Counted()
    ask = Batcher(fetch, turns=2)
    events = lookup_of(Adapter.attendance_events_by_student)
    await asyncio.gather(*(ask(SIS, Ask(events, ("a",), {"school_year": year})) for year in (2026, 2027)))
    assert fetch.asked == [("a",), ("a",)]


async def test_a_flight_ends_with_its_last_waiter() -> None:
    """One waiter that leaves changes nothing for the other; when all have left, the call is cancelled."""
    fetch = Counted(seconds=30)
    ask = Batcher(fetch, turns=2)
    first = asyncio.create_task(ask(SIS, Ask(STUDENTS, ("a",))))
    second = asyncio.create_task(ask(SIS, Ask(STUDENTS, ("a",))))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    assert fetch.ended == []
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await asyncio.sleep(0.01)
    assert fetch.ended == ["cancelled"]


async def test_an_abandoned_key_can_be_asked_again() -> None:
    """A key whose flight was cancelled departs anew."""
    fetch = Counted(seconds=0.05)
    ask = Batcher(fetch, turns=2)
    gone = asyncio.create_task(ask(SIS, Ask(STUDENTS, ("a",))))
    await asyncio.sleep(0.01)
    gone.cancel()
    await asyncio.sleep(0)
    told = await ask(SIS, Ask(STUDENTS, ("a",)))
    assert told["a"].value == "A"
    assert len(fetch.asked) == 2
