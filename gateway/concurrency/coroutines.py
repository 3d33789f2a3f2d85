"""
Coroutines that run at once until they wait for something.

Most work of a request never waits, because its data is cached. Creating a task for each part, and watching the
client's connection, would take longer than the work itself. Both therefore start only when a coroutine waits.
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextvars import copy_context
from types import CoroutineType
from typing import Any, TypeAlias, cast


class StartedCoroutine(Coroutine[Any, Any, Any], Generator[Any, Any, Any]):
    """A coroutine that has run until it waited; a task or an `await` continues it."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> None:
        """Continue `coroutine` when `waits_for`, which it has yielded, is done."""
        self._coroutine = coroutine
        self._waits_for: tuple[Any, ...] = (waits_for,)
        """The future that must still be yielded; empty afterwards."""

    def send(self, value: Any) -> Any:
        """Return what the coroutine waits for next."""
        if self._waits_for:
            [waits_for], self._waits_for = self._waits_for, ()
            return waits_for
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits, and return what it waits for next."""
        waits_for, self._waits_for = self._waits_for, ()
        if waits_for and _is_cancellation(error[0]) and asyncio.isfuture(waits_for[0]) and waits_for[0].cancel():
            return waits_for[0]  # as with any task, the awaited future is cancelled first, so that it can clean up
        try:
            return self._coroutine.throw(*error)
        finally:
            del error  # its traceback refers to this frame

    def close(self) -> None:
        """Close the coroutine."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        """Continue the coroutine in the current task, the one in which it started."""
        return self


def _is_cancellation(error: Any) -> bool:
    """Return whether an error, or a class of errors, is that of a cancelled task."""
    return issubclass(error if isinstance(error, type) else type(error), asyncio.CancelledError)


def start(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine, or a `StartedCoroutine` if it waits, for the current task to await."""
    try:
        return StartedCoroutine(coroutine, coroutine.send(None))
    except StopIteration as stop:
        return stop.value


async def result_until(
    ends_at: float, begin: Callable[[], Awaitable[Any]], begun: StartedCoroutine | None = None
) -> Any:
    """
    Return the result of a coroutine of `begin`, or of `begun`, one that has started, if it has one at `ends_at`.

    `ends_at` is a time of the loop's clock. Where other processes have the processor, the loop is late: it learns
    in one round that something has come and that the time is over. What has come counts as in time, so `begin` is
    called once more.

    Raises:
        TimeoutError: there was no result until then.
    """
    try:
        async with asyncio.timeout_at(ends_at):
            return await (begin() if begun is None else begun)
    except TimeoutError:
        late = start(cast("Coroutine[Any, Any, Any]", begin()))
        if isinstance(late, StartedCoroutine):
            late.close()
            raise
        return late


class ClosedUnlessAwaited:
    """
    An awaitable for a coroutine.

    If nobody ever awaits it, because its task was cancelled too soon, the coroutine is closed.

    Python warns of a coroutine that was dropped without being awaited or closed.
    """

    __slots__ = ("_coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine: Coroutine[Any, Any, Any] | None = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        """Await the coroutine, once."""
        coroutine, self._coroutine = self._coroutine, None
        assert coroutine is not None, "it was awaited before"
        return coroutine.__await__()

    def __del__(self) -> None:
        """Close the coroutine if nobody has awaited it."""
        if self._coroutine is not None:
            self._coroutine.close()


def closed_unless_awaited(value: Any) -> Any:
    """Return a coroutine as one that is closed if nobody awaits it, and any other value as it is."""
    return ClosedUnlessAwaited(value) if value.__class__ is CoroutineType else value


async def gather_or_cancel(coroutines: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """
    Return all results. When one coroutine raises, the others are cancelled and awaited before it is raised.

    A coroutine becomes a task when it waits for the first time. Until then there is no current task, so that
    functions that need one, such as `asyncio.timeout`, raise an error.
    """
    return await _gather(coroutines, _start_without_task)


async def gather_in_tasks(coroutines: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """
    Return all results as `gather_or_cancel` does, but run each coroutine in a task of its own from the start.

    For third-party code, which may need a current task, as `asyncio.timeout`, `asyncio.TaskGroup` and `anyio` do.
    """
    return await _gather(coroutines, _start_in_task)


_Start: TypeAlias = Callable[[Coroutine[Any, Any, Any], asyncio.AbstractEventLoop], Any]
"""Starts a coroutine while there is no current task; returns its result, or its task in a `_Waiting`."""


class _Waiting:
    """A task that waits."""

    __slots__ = ("task",)

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task


def _start_without_task(coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
    result = start(coroutine)
    return _Waiting(loop.create_task(result)) if result.__class__ is StartedCoroutine else result


def _start_in_task(coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
    context = copy_context()
    continued = _ContinuedByTask(coroutine)
    task = loop.create_task(continued, context=context)
    _enter_task(loop, task)
    try:
        is_done, result = context.run(continued.start)
    finally:
        _leave_task(loop, task)
    return result if is_done else _Waiting(task)


class _ContinuedByTask(StartedCoroutine):
    """A coroutine that starts before the event loop runs its task, as the eager tasks of Python 3.12 do."""

    __slots__ = ("_result",)

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        super().__init__(coroutine, None)
        self._result: tuple[Any, ...] = ()
        """The result, once the coroutine has ended without waiting."""

    def start(self) -> tuple[bool, Any]:
        """Run the coroutine until it waits; return whether it ended, and its result."""
        self._result = (None,)  # set even if it raises, because the task then has nothing left to do
        try:
            self._waits_for = (self._coroutine.send(None),)
        except StopIteration as stop:
            self._result = (stop.value,)
            return True, stop.value
        self._result = ()
        return False, None

    def send(self, value: Any) -> Any:
        """Return what the coroutine waits for next."""
        if self._result:
            raise StopIteration(self._result[0])
        return super().send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits; a coroutine that has ended ignores it."""
        if self._result:
            raise StopIteration(self._result[0])
        try:
            return super().throw(*error)
        finally:
            del error  # its traceback refers to this frame


async def _gather(coroutines: Iterable[Coroutine[Any, Any, Any]], start_one: _Start) -> list[Any]:
    """Start the coroutines one after the other and return all results; if one raises, cancel the others."""
    loop, current_task = asyncio.get_running_loop(), asyncio.current_task()
    results: list[Any] = []
    tasks: dict[int, asyncio.Task[Any]] = {}
    try:
        if current_task is not None:  # None if the caller itself has not waited yet
            _leave_task(loop, current_task)
        try:
            for coroutine in coroutines:
                results.append(start_one(coroutine, loop))
                if results[-1].__class__ is _Waiting:
                    tasks[len(results) - 1] = results[-1].task
        finally:
            if current_task is not None:
                _enter_task(loop, current_task)
        if tasks:
            for index, result in zip(tasks, await asyncio.gather(*tasks.values()), strict=True):
                results[index] = result
    except BaseException:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        # The traceback of the error refers to this frame, and the task that failed to the error: without the tasks
        # here, all of it is freed at once, and not by a collection of garbage that holds the event loop.
        tasks.clear()
        results.clear()
        raise
    return results


def without_frames(error: asyncio.CancelledError) -> asyncio.CancelledError:
    """
    The same error without its traceback.

    A cancelled task keeps its error, and the frames of the traceback often refer to the task. Such a cycle keeps
    all that the task has read until a collection of garbage.
    """
    error.__context__ = None
    return error.with_traceback(None)
