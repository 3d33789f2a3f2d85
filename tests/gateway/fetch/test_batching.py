"""Batching: keys requested in the same turn of the event loop share a call, and each key is fetched once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sources import Source
from student_graph.gateway.fetch.batching import Batcher
from tests.gateway.small_district import Ledger, Sis, source

STUDENTS = lookup_of(Adapter.students_by_id)
SIS = source(Sis, Ledger(), "sis")


class RecordingFetch:
    """A fetch that records the keys of its calls; it answers when `released` is set."""

    def __init__(self, *, released: bool = True) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.started = asyncio.Event()
        self.released = asyncio.Event()
        self.cancelled = asyncio.Event()
        if released:
            self.released.set()

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        self.calls.append(ask.keys)
        self.started.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return {key: Answer(key.upper(), source.name, datetime.now(UTC)) for key in ask.keys if key != "nobody"}


def students(batcher: Batcher, *keys: str) -> Coroutine[Any, Any, Answers]:
    """A request for students."""
    return batcher(SIS, Ask(STUDENTS, keys))


async def test_keys_of_one_turn_share_a_call() -> None:
    """Thirty requests for one key each make one call."""
    fetch = RecordingFetch()
    batcher = Batcher(fetch, turns=2)
    keys = [f"s{n}" for n in range(30)]
    results = await asyncio.gather(*(students(batcher, key) for key in keys))
    values = [{key: answer.value for key, answer in answers.items()} for answers in results]
    assert values == [{key: key.upper()} for key in keys]
    assert fetch.calls == [tuple(keys)]


async def test_a_key_is_fetched_once_per_operation() -> None:
    """A second request for a key, even an unknown one, gets the answer of the first."""
    fetch = RecordingFetch()
    batcher = Batcher(fetch, turns=2)
    await students(batcher, "a", "nobody")
    answers = await students(batcher, "nobody", "a", "b")
    assert {key: answer.value for key, answer in answers.items()} == {"a": "A", "b": "B"}
    assert fetch.calls == [("a", "nobody"), ("b",)]


@pytest.mark.parametrize("complete_first", [True, False])
async def test_complete_answers_serve_requests_that_need_less(complete_first: bool) -> None:
    """Records of all schools answer a request for those of enrolled schools, not vice versa; in a turn, too."""
    fetch = RecordingFetch()
    batcher = Batcher(fetch)
    complete, enrolled = Ask(STUDENTS, ("a",)), Ask(STUDENTS, ("a", "b"), at_enrolled_schools=True)
    asks = [complete, enrolled] if complete_first else [enrolled, complete]
    results = await asyncio.gather(*(batcher(SIS, ask) for ask in asks))
    assert sorted(map(len, results)) == [1, 2]
    assert fetch.calls == [("a",), ("b",)]
    await batcher(SIS, Ask(STUDENTS, ("b",)))
    assert fetch.calls == [("a",), ("b",), ("b",)]


async def test_requests_with_different_arguments_share_no_call() -> None:
    """Each school year is fetched by itself."""
    fetch = RecordingFetch()
    batcher = Batcher(fetch, turns=2)
    events = lookup_of(Adapter.attendance_events_by_student)
    await asyncio.gather(*(batcher(SIS, Ask(events, ("a",), {"school_year": year})) for year in (2026, 2027)))
    assert fetch.calls == [("a",), ("a",)]


async def test_a_batch_is_cancelled_with_its_last_waiter() -> None:
    """While one of two waiters is left, the call goes on."""
    fetch = RecordingFetch(released=False)
    batcher = Batcher(fetch, turns=2)
    first = asyncio.create_task(students(batcher, "a"))
    second = asyncio.create_task(students(batcher, "a"))
    await fetch.started.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not fetch.cancelled.is_set()
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await asyncio.wait_for(fetch.cancelled.wait(), 60)
    assert fetch.calls == [("a",)]


async def test_a_key_of_a_cancelled_batch_is_fetched_again() -> None:
    """A later request does not get the cancellation of an earlier one."""
    fetch = RecordingFetch(released=False)
    batcher = Batcher(fetch, turns=2)
    abandoned = asyncio.create_task(students(batcher, "a"))
    await fetch.started.wait()
    abandoned.cancel()
    await asyncio.wait({abandoned})
    fetch.released.set()
    answers = await students(batcher, "a")
    assert answers["a"].value == "A"
    assert fetch.calls == [("a",), ("a",)]


async def test_a_batcher_with_other_turns_shares_the_batches() -> None:
    """A key that one of them has fetched is known to the other."""
    fetch = RecordingFetch()
    batcher = Batcher(fetch)
    await students(batcher.with_turns(2), "a")
    await students(batcher, "a")
    assert fetch.calls == [("a",)]
