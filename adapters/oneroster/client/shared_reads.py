"""Shares a read between callers that want the same at the same time, such as two lookups of one page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from student_graph.adapters.reading import UnreadableRows, collecting_unreadable_rows, report_unreadable_rows

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Read:
    """A read in progress."""

    task: asyncio.Task[Any]
    callers: int = 0


class SharedReads:
    """
    Reads in progress, by what they read. Nothing is kept of a read that has ended.

    All callers of a read get its result or its error. It is cancelled when its last caller is.
    """

    def __init__(self) -> None:
        self._reads: dict[Hashable, _Read] = {}

    async def read(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of `read()`, or of a read of the same key that is in progress."""
        if (shared := self._reads.get(key)) is None:
            shared = self._reads[key] = _Read(asyncio.create_task(_collecting(read)))
            shared.task.add_done_callback(lambda _: self._forget(key, shared))
        shared.callers += 1
        try:
            result: T
            result, unreadable = await asyncio.shield(shared.task)
            report_unreadable_rows(unreadable)
            return result
        finally:
            shared.callers -= 1
            if not shared.callers:
                self._forget(key, shared)
                shared.task.cancel()
                await asyncio.wait({shared.task})  # nothing runs on after a lookup that was cancelled

    def _forget(self, key: Hashable, shared: _Read) -> None:
        if self._reads.get(key) is shared:
            del self._reads[key]


async def _collecting(read: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, UnreadableRows]:
    """The result of `read()`, and the rows that it could not read: each caller reports them for its own lookup."""
    with collecting_unreadable_rows() as unreadable:
        return await read(), unreadable
