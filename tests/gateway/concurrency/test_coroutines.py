"""Coroutines that run at once until they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar
from typing import Any

import pytest

from student_graph.gateway.concurrency.coroutines import (
    StartedCoroutine,
    gather_in_tasks,
    gather_or_cancel,
    start,
)


async def _value(number: int) -> int:
    return number


async def _fail() -> int:
    raise ValueError("failed")


async def test_results_keep_the_order_of_the_coroutines_whether_they_wait_or_not() -> None:
    """Those that wait finish last, in the opposite order, and still stand where they were."""
    first, second = asyncio.Event(), asyncio.Event()

    async def wait_for_second() -> str:
        await second.wait()
        first.set()
        return "waits for the second"

    async def wait_for_nobody() -> str:
        await asyncio.sleep(0)
        second.set()
        await first.wait()
        return "waits for the first"

    async with asyncio.timeout(60):
        results = await gather_or_cancel([wait_for_second(), _value(1), wait_for_nobody(), _value(2)])
    assert results == ["waits for the second", 1, "waits for the first", 2]


async def test_a_coroutine_that_does_not_wait_needs_no_task() -> None:
    """A coroutine sees the tasks that run while it runs."""

    async def count_tasks() -> int:
        return len(asyncio.all_tasks())

    assert await gather_or_cancel([count_tasks(), count_tasks(), gather_or_cancel([count_tasks()])]) == [1, 1, [1]]


async def test_an_error_cancels_and_awaits_the_other_coroutines() -> None:
    """Nothing is left running when the error arrives, wherever it was raised."""
    ended = []

    async def wait_for_ever(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    async def fail_later() -> None:
        await asyncio.sleep(0)
        raise ValueError("failed later")

    with pytest.raises(ValueError, match=r"^failed$"):
        await gather_or_cancel([wait_for_ever("a"), _fail()])
    with pytest.raises(ValueError, match="failed later"):
        await gather_or_cancel([wait_for_ever("b"), gather_or_cancel([wait_for_ever("c")]), fail_later()])
    assert sorted(ended) == ["a", "b", "c"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelling_the_caller_cancels_the_coroutines() -> None:
    """The caller ends only after them."""
    is_waiting, ended = asyncio.Event(), []

    async def wait_for_ever() -> None:
        is_waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("inner")

    caller = asyncio.create_task(gather_or_cancel([_value(1), wait_for_ever()]))
    await is_waiting.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended == ["inner"]


async def test_a_timeout_is_refused_until_a_coroutine_is_a_task_of_its_own() -> None:
    """It would cancel the caller, so it raises instead; after the first wait it works."""

    async def time_out_at_once() -> None:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()

    async def time_out_later() -> str:
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await time_out_at_once()
        return "timed out"

    with pytest.raises(RuntimeError, match="inside a task"):
        await gather_or_cancel([time_out_at_once()])
    assert await gather_or_cancel([time_out_later(), _value(1)]) == ["timed out", 1]
    assert asyncio.current_task() is not None


async def test_in_tasks_of_their_own_coroutines_have_a_current_task_from_the_start() -> None:
    """The same one for ever, whether they wait or not; what they set in their context stays there."""
    variable: ContextVar[str] = ContextVar("variable", default="outside")

    async def tasks(turns: int) -> set[asyncio.Task[Any] | None]:
        variable.set("inside")
        seen = {asyncio.current_task()}
        for _ in range(turns):
            await asyncio.sleep(0)
            seen.add(asyncio.current_task())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        return seen

    first, second = await gather_in_tasks([tasks(0), tasks(2)])
    assert len(first) == len(second) == 1
    assert {asyncio.current_task()} | first | second > {asyncio.current_task()}
    assert first != second
    assert variable.get() == "outside"


async def test_in_tasks_of_their_own_coroutines_start_at_once_and_in_order() -> None:
    """An error ends those that have begun, also before the event loop ran; later ones never begin."""
    began: list[int] = []
    ended: list[int] = []
    inner: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait_for_ever(number: int) -> None:
        began.append(number)
        try:
            await asyncio.gather(inner)
        finally:
            ended.append(number)

    with pytest.raises(ValueError, match="failed"):
        await gather_in_tasks(map(_started_by_number([wait_for_ever, _fail_with, wait_for_ever]), (1, 2, 3)))
    assert (began, ended, inner.cancelled()) == ([1], [1], True)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def _fail_with(_: int) -> None:
    raise ValueError("failed")


def _started_by_number(functions: Sequence[Callable[[int], Coroutine[Any, Any, None]]]) -> Any:
    return lambda number: functions[number - 1](number)


async def test_a_started_coroutine_continues_in_the_task_that_awaits_it() -> None:
    """It gets results and errors as if it had been awaited from the beginning."""
    future = asyncio.get_running_loop().create_future()
    failing = asyncio.get_running_loop().create_future()

    async def work() -> tuple[object, object, str]:
        before = asyncio.current_task()
        result = await future
        try:
            await failing
        except ValueError as error:
            return before, asyncio.current_task(), f"{result}, {error}"
        raise AssertionError

    started = start(work())
    assert isinstance(started, StartedCoroutine)
    asyncio.get_running_loop().call_soon(future.set_result, "a result")
    asyncio.get_running_loop().call_soon(failing.set_exception, ValueError("an error"))
    task = asyncio.current_task()
    assert await started == (task, task, "a result, an error")
    assert start(_value(3)) == 3
    with pytest.raises(ValueError, match="failed"):
        start(_fail())


async def test_closing_a_started_coroutine_closes_what_it_continues() -> None:
    """A coroutine that nobody continues cleans up."""
    closed = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            closed.append("closed")

    start(work()).close()
    assert closed == ["closed"]
