"""Callers that want the same rows at the same time share one read."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.reading import SharedReads, noting_read_start, sharing_reads_of


class Reader:
    """Counts its reads, which wait until the test lets them end."""

    def __init__(self) -> None:
        self.count = 0
        self.cancelled = 0
        self.may_end = asyncio.Event()
        self.error: Exception | None = None

    async def read(self) -> int:
        """The number of this read."""
        self.count += 1
        number = self.count
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return number


async def started(shared: SharedReads, reader: Reader, *keys: str) -> list[asyncio.Task[int]]:
    """A caller for each key, all waiting."""
    callers = [asyncio.create_task(shared.read(key, reader.read)) for key in keys]
    for _ in range(3):
        await asyncio.sleep(0)
    return callers


async def test_equal_reads_at_the_same_time_are_one() -> None:
    """Three callers of two keys start two reads; a later caller starts a new one, because nothing is kept."""
    shared, reader = SharedReads(), Reader()
    callers = await started(shared, reader, "a", "a", "b")
    reader.may_end.set()

    assert await asyncio.gather(*callers) == [1, 1, 2]
    assert await shared.read("a", reader.read) == 3


async def test_all_callers_get_the_error() -> None:
    """The next caller reads again."""
    shared, reader = SharedReads(), Reader()
    reader.error = UnavailableError("no answer")
    callers = await started(shared, reader, "a", "a")
    reader.may_end.set()
    errors = await asyncio.gather(*callers, return_exceptions=True)
    with pytest.raises(UnavailableError):
        await shared.read("a", reader.read)

    assert errors == [reader.error] * 2
    assert reader.count == 2


async def test_a_cancelled_caller_does_not_take_the_read_from_the_others() -> None:
    """The read goes on for the second caller when the first one, which started it, is cancelled."""
    shared, reader = SharedReads(), Reader()
    first, second = await started(shared, reader, "a", "a")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    reader.may_end.set()

    assert await second == 1
    assert (first.cancelled(), reader.cancelled) == (True, 0)


async def test_a_read_without_callers_is_cancelled() -> None:
    """A caller that comes before the cancelled read has ended starts a new one."""
    shared, reader = SharedReads(), Reader()
    (only,) = await started(shared, reader, "a")
    only.cancel()
    (next_caller,) = await started(shared, reader, "a")
    reader.may_end.set()

    assert await next_caller == 2
    assert reader.cancelled == 1


async def test_a_caller_that_joins_a_read_knows_when_it_began() -> None:
    """Its rows are older than its own start; the rows of the next read are not."""
    shared, reader = SharedReads(), Reader()
    (first,) = await started(shared, reader, "a")
    with noting_read_start() as joined:
        begun_before = joined.began_at
        joining = asyncio.create_task(shared.read("a", reader.read))
        await asyncio.sleep(0)
    reader.may_end.set()
    await asyncio.gather(first, joining)
    with noting_read_start() as alone:
        began_at = alone.began_at
        await shared.read("a", reader.read)

    assert joined.began_at < begun_before
    assert alone.began_at == began_at


async def test_reads_that_are_kept_are_joined_after_their_end() -> None:
    """Callers that accept it get the rows with their age; others, and those of a later scope, read again."""
    shared, reader = SharedReads(kept_seconds=600.0), Reader()
    reader.may_end.set()
    with sharing_reads_of("before", may_join_ended=True):
        with noting_read_start() as first:
            assert await shared.read("a", reader.read) == 1
        with noting_read_start() as later:
            begun_later = later.began_at
            assert await shared.read("a", reader.read) == 1
    assert first.began_at <= later.began_at < begun_later
    with sharing_reads_of("before"):
        assert await shared.read("a", reader.read) == 2
    with sharing_reads_of("after", may_join_ended=True):
        assert await shared.read("a", reader.read) == 3
    with sharing_reads_of("before", may_join_ended=True):
        assert await shared.read("a", reader.read) == 4


async def test_memory_has_nothing_of_a_read_that_nobody_may_join() -> None:
    """A list of a district is tens of megabytes."""

    class Rows(list[int]):
        """A list that can be referred to weakly."""

    shared = SharedReads()

    async def read() -> Rows:
        return Rows([1])

    with sharing_reads_of("now", may_join_ended=True):
        rows = await shared.read("a", read)
    reference = weakref.ref(rows)
    del rows
    await asyncio.sleep(0)
    gc.collect()
    assert reference() is None


async def test_a_failed_read_is_not_kept() -> None:
    """The next caller reads again."""
    shared, reader = SharedReads(kept_seconds=600.0), Reader()
    reader.may_end.set()
    with sharing_reads_of("now", may_join_ended=True):
        reader.error = UnavailableError("no answer")
        with pytest.raises(UnavailableError):
            await shared.read("a", reader.read)
        reader.error = None
        assert await shared.read("a", reader.read) == 2


async def test_nobody_joins_a_read_of_another_scope() -> None:
    """As after a purge, when rows that were requested before it must not be cached; or one in the background."""
    shared, reader = SharedReads(), Reader()
    with sharing_reads_of("before"):
        (before,) = await started(shared, reader, "a")
    with sharing_reads_of("after"):
        (after,) = await started(shared, reader, "a")
    with sharing_reads_of("after", is_background=True):
        (in_background,) = await started(shared, reader, "a")
    reader.may_end.set()

    assert await asyncio.gather(before, after, in_background) == [1, 2, 3]
