"""
Runs the refresh of an index once for all lookups that need it, in a thread of its own.

Reading large files takes longer than a lookup waits. The event loop's own threads also resolve the names of other
vendors' servers, so that lookups that wait must not hold them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedRefresh(Generic[T]):
    """A refresh that is due at times, and that all who wait for it share."""

    def __init__(self, refresh: Callable[[], T], current: Callable[[], T | None]) -> None:
        """`current` returns the present state if no refresh is due, at once; else None."""
        self._refresh, self._current = refresh, current
        self._executor: ThreadPoolExecutor | None = None
        self._running: Future[T] | None = None

    async def __call__(self) -> T:
        """
        Return the present state, after a refresh if one is due.

        A lookup that is cancelled ends no refresh: the next one waits for the rest of it.
        """
        if (state := self._current()) is not None:
            return state
        if self._running is None or self._running.done():
            if self._executor is None:
                self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="files")
            self._running = self._executor.submit(self._refresh)
        return await asyncio.shield(asyncio.wrap_future(self._running))
