"""Tests of concurrent reads by key."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from student_graph.adapters.concurrency import answer_by_key, gather_by_key, reporting_answers
from student_graph.adapters.errors import BadKeyError, PayloadError, UnavailableError


async def test_every_key_has_its_own_result() -> None:
    """A key with the result None is left out; a duplicate key is read once."""
    keys_read: list[int] = []

    async def square(key: int) -> int | None:
        keys_read.append(key)
        return key * key if key else None

    assert await gather_by_key([2, 0, 3, 2], square, 8) == {2: 4, 3: 9}
    assert keys_read == [2, 0, 3]


async def test_no_keys_need_no_reads() -> None:
    """An empty batch reads nothing."""

    async def never(key: int) -> int:
        raise AssertionError(key)

    assert await gather_by_key([], never, 8) == {}


async def test_reads_run_concurrently_up_to_the_limit() -> None:
    """The highest number of concurrent reads is the limit."""
    running, highest = 0, 0

    async def slow(key: int) -> int:
        nonlocal running, highest
        running += 1
        highest = max(highest, running)
        await asyncio.sleep(0)
        running -= 1
        return key

    await gather_by_key(range(20), slow, 3)

    assert highest == 3


async def test_a_failing_key_fails_alone() -> None:
    """A failure of the vendor becomes the error of its key."""

    async def read(key: str) -> str:
        match key:
            case "bad":
                raise BadKeyError("not a possible id")
            case "down":
                raise httpx.ConnectError("connection refused")
            case "slow":
                raise TimeoutError
            case "odd":
                httpx.Response(418, request=httpx.Request("GET", "http://vendor.test")).raise_for_status()
        return key

    batch = await gather_by_key(["good", "bad", "down", "slow", "odd"], read, 2)

    assert batch.pop("good") == "good"
    assert {"bad": BadKeyError, "down": UnavailableError, "slow": UnavailableError, "odd": PayloadError} == {
        key: type(error) for key, error in batch.items()
    }


async def test_a_bug_ends_the_batch() -> None:
    """An exception that is not the vendor's failure is raised after all other reads are cancelled."""
    cancelled: list[int] = []
    last_started = asyncio.Event()

    async def read(key: int) -> int:
        if key == 1:
            await last_started.wait()
            raise KeyError(key)
        try:
            if key == 3:
                last_started.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(key)
            raise
        return key

    with pytest.raises(KeyError):
        await gather_by_key([1, 2, 3], read, 3)

    assert sorted(cancelled) == [2, 3]


async def test_a_cancelled_batch_stops_reading() -> None:
    """Cancelling the batch cancels the running reads and starts no others."""
    started: list[int] = []
    any_started = asyncio.Event()

    async def read(key: int) -> int:
        started.append(key)
        any_started.set()
        await asyncio.Event().wait()
        return key

    batch = asyncio.create_task(gather_by_key(range(9), read, 2))
    await any_started.wait()
    batch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await batch

    assert started == [0, 1]
    assert {asyncio.current_task()} == asyncio.all_tasks()


async def test_an_answer_is_reported_as_soon_as_it_is_known() -> None:
    """A fast key is reported while a slow one is read. An error and an unknown key are answers, too."""
    reports: dict[str, object] = {}
    fast_are_reported = asyncio.Event()

    def report(key: str, answer: object, seconds: float) -> None:
        assert seconds >= 0
        reports[key] = answer
        if len(reports) == 3:
            fast_are_reported.set()

    async def read(key: str) -> str | None:
        match key:
            case "slow":
                await fast_are_reported.wait()
            case "unknown":
                return None
            case "down":
                raise httpx.ConnectError("connection refused")
        return key.upper()

    with reporting_answers(report):
        batch = await answer_by_key(["slow", "fast", "unknown", "down"], read, 2)

    assert list(reports) == ["fast", "unknown", "down", "slow"]
    assert batch == {key: answer for key, answer in reports.items() if answer is not None}
    assert isinstance(batch["down"], UnavailableError)


async def test_inner_batches_report_nothing() -> None:
    """Only the lookup that the gateway called answers its keys: neither steps of it nor lookups inside `read`."""
    reported: list[object] = []

    async def read_part(key: str) -> str:
        return key

    async def read(key: str) -> int:
        return len(await answer_by_key([f"{key}/1", f"{key}/2"], read_part, 2))

    with reporting_answers(lambda key, *_: reported.append(key)):
        await gather_by_key(["step"], read, 1)
        reported.clear()
        await answer_by_key(["s1", "s2"], read, 2)

    assert reported == ["s1", "s2"]
    assert await answer_by_key(["s3"], read, 1) == {"s3": 2}
    assert reported == ["s1", "s2"]
