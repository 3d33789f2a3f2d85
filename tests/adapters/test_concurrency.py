"""Many reads of one vendor side by side."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import BadKeyError, PayloadError, UnavailableError


async def test_each_key_has_what_was_read_for_it() -> None:
    """A key for which nothing is found is left out; a key that comes twice is read once."""
    read: list[int] = []

    async def square(key: int) -> int | None:
        read.append(key)
        return key * key if key else None

    assert await gather_by_key([2, 0, 3, 2], square, 8) == {2: 4, 3: 9}
    assert read == [2, 0, 3]


async def test_no_keys_are_no_reads() -> None:
    """An empty batch is answered at once."""

    async def never(key: int) -> int:
        raise AssertionError(key)

    assert await gather_by_key([], never, 8) == {}


async def test_no_more_reads_than_the_limit_are_under_way() -> None:
    """The limit holds, and it is used: reads go side by side."""
    under_way, most = 0, 0

    async def slow(key: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return key

    await gather_by_key(range(20), slow, 3)

    assert most == 3


async def test_a_failing_key_fails_alone() -> None:
    """Whatever a read of one key raises stands in that key's place, as one of the family."""

    async def read(key: str) -> str:
        match key:
            case "bad":
                raise BadKeyError("no id")
            case "down":
                raise httpx.ConnectError("nobody answers")
            case "slow":
                raise TimeoutError
            case "odd":
                httpx.Response(418, request=httpx.Request("GET", "http://vendor.test")).raise_for_status()
        return key

    told = await gather_by_key(["good", "bad", "down", "slow", "odd"], read, 2)

    assert told.pop("good") == "good"
    assert {"bad": BadKeyError, "down": UnavailableError, "slow": UnavailableError, "odd": PayloadError} == {
        key: type(error) for key, error in told.items()
    }


async def test_a_bug_is_not_hidden() -> None:
    """What no vendor can have done ends the batch, and no read goes on behind it."""
    cancelled: list[int] = []

    async def read(key: int) -> int:
        if key == 1:
            await asyncio.sleep(0)
            raise KeyError(key)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(key)
            raise
        return key

    with pytest.raises(KeyError):
        await gather_by_key([1, 2, 3], read, 3)

    assert sorted(cancelled) == [2, 3]


async def test_a_batch_that_is_given_up_reads_no_further() -> None:
    """Cancelling the batch cancels the reads under way and starts none."""
    started: list[int] = []
    waiting = asyncio.Event()

    async def read(key: int) -> int:
        started.append(key)
        waiting.set()
        await asyncio.Event().wait()
        return key

    batch = asyncio.create_task(gather_by_key(range(9), read, 2))
    await waiting.wait()
    batch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch

    assert started == [0, 1]
    assert {asyncio.current_task()} == asyncio.all_tasks()
