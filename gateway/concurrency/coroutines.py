"""
Coroutines that run at once until they wait for something.

Most work of a request never waits, because its data is cached. A task for each part of it, and a watch over its
client, would take longer than the work itself, so both start only when a coroutine waits.
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine, Generator, Iterable
from typing import Any


class StartedCoroutine(Coroutine[Any, Any, Any], Generator[Any, Any, Any]):
    """A coroutine that has run until it waited; a task or an `await` continues it."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> None:
        """Continue `coroutine` when `waits_for`, which it has yielded, is done."""
        self._coroutine = coroutine
        self._waits_for: tuple[Any, ...] = (waits_for,)
        """What is still to be yielded; empty once it has been."""

    def send(self, value: Any) -> Any:
        """Return what the coroutine waits for next."""
        if self._waits_for:
            [waits_for], self._waits_for = self._waits_for, ()
            return waits_for
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits, and return what it waits for next."""
        self._waits_for = ()
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Close the coroutine."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        """Continue the coroutine in the current task, the one in which it started."""
        return self


def start(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine, or a `StartedCoroutine` if it waits, for the current task to await."""
    try:
        return StartedCoroutine(coroutine, coroutine.send(None))
    except StopIteration as stop:
        return stop.value


async def gather_or_cancel(coroutines: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
    """
    Return all results. When one coroutine raises, the others are cancelled and awaited before it is raised.

    A coroutine becomes a task when it waits for the first time. Until then there is no current task, and what
    needs one, such as `asyncio.timeout`, raises.
    """
    loop, current_task = asyncio.get_running_loop(), asyncio.current_task()
    results: list[Any] = []
    tasks: dict[int, asyncio.Task[Any]] = {}
    try:
        if current_task is not None:  # None if the caller has not waited yet itself
            _leave_task(loop, current_task)
        try:
            for coroutine in coroutines:
                results.append(start(coroutine))
                if results[-1].__class__ is StartedCoroutine:
                    tasks[len(results) - 1] = asyncio.create_task(results[-1])
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
        raise
    return results
