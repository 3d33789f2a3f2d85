"""
Tables of many students, whose computation takes longer than a request may: it goes on when its requests have left.

A request that asks for the table again waits for the same computation, so that nothing is read or counted twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from contextvars import Context
from functools import partial
from typing import Any

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.cache.limits import BackgroundLimits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.concurrency.loop_time import SharedBudget, current_budget, use_budget
from student_graph.gateway.concurrency.observation import current_span, observe
from student_graph.resolvers.operation import Operation

MAX_LONG_SECONDS = 900.0
"""How long a computation takes at most: 100,000 students are a hundred seconds of processor time, or a few."""
MAX_ABANDONED_TABLES = 4
"""Computations that nobody waits for; with one more, the one that was abandoned first ends."""


class LongTable:
    """A table that is being computed, for all who wait for it."""

    __slots__ = ("budget", "is_counted", "is_long", "part", "purges", "task", "waiters")

    task: asyncio.Task[Any]

    def __init__(self, part: Operation) -> None:
        """`part` counts what the computation reads."""
        self.part = part
        self.budget = SharedBudget(current_budget())
        """Of the clients who wait for it: who asked first pays."""
        self.waiters = 0
        self.is_long: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when it may take longer than a request: until then it ends by itself at a request's deadline."""
        self.is_counted = False
        """Whether an operation has counted its calls: the others that get it count cached answers."""
        self.purges: list[Purge] = []
        """What was purged since it began."""

    def extend(self) -> float:
        """Let it take longer than a request; returns its deadline, in the event loop's time."""
        if not self.is_long.done():
            self.is_long.set_result(None)
        return asyncio.get_running_loop().time() + MAX_LONG_SECONDS

    async def wait(self, until: float) -> None:
        """Wait until it is computed; until a deadline only if it takes longer than a request may."""
        await asyncio.wait([self.task], timeout=max(until - asyncio.get_running_loop().time(), 0.0))
        if not self.task.done():
            await asyncio.wait([self.task, self.is_long], return_when=asyncio.FIRST_COMPLETED)


class LongTables:
    """The tables that are being computed, by what they are kept under later."""

    def __init__(self, limits: BackgroundLimits | None = None) -> None:
        """`limits` say how long a computation goes on that nobody has asked for again."""
        self._limits = limits or BackgroundLimits()
        self._running: dict[Hashable, LongTable] = {}
        self._abandoned: dict[LongTable, asyncio.TimerHandle] = {}
        """Those that nobody waits for, the longest abandoned one first, and what ends them."""

    def __len__(self) -> int:
        return len(self._running)

    def get(self, key: Hashable) -> LongTable | None:
        """The computation of a table that runs; None if there is none."""
        return self._running.get(key)

    def start(
        self, key: Hashable, part: Operation, compute: Callable[[LongTable], Coroutine[Any, Any, Any]]
    ) -> LongTable:
        """Start the computation of a table; somebody must `wait` for it at once."""
        table = self._running[key] = LongTable(part)
        # A new context: the computation may outlive the operation that starts it, and must not refer to it.
        context = Context()
        context.run(use_budget, table.budget)
        context.run(observe, current_span(), None)
        table.task = asyncio.create_task(_limited(compute(table)), context=context)
        table.task.add_done_callback(partial(self._finish, key, table))
        return table

    async def wait(self, table: LongTable, until: float) -> Any:
        """
        The table when it is computed.

        Raises:
            UnavailableError: it is not computed at `until`, in the event loop's time. The computation goes on.
            Exception: the computation failed.
        """
        table.waiters += 1
        table.budget.join(current_budget())
        if (timer := self._abandoned.pop(table, None)) is not None:
            timer.cancel()
        seconds = self._limits.abandoned_seconds
        try:
            await table.wait(until)
        except asyncio.CancelledError:
            seconds = self._limits.disconnected_seconds
            raise
        finally:
            table.waiters -= 1
            if not table.waiters and not table.task.done():
                self._abandon(table, seconds)
        if not table.task.done() or table.task.cancelled():
            raise UnavailableError("the operation's time ran out, and the count goes on", code="DEADLINE")
        return table.task.result()

    def purge(self, purge: Purge) -> None:
        """Note that answers which a purge includes may be in what is computed."""
        for table in self._running.values():
            table.purges.append(purge)

    def clear(self) -> None:
        """End all computations. Those who wait get an error."""
        for table in list(self._running.values()):
            table.task.cancel()

    async def close(self) -> None:
        """End all computations, and wait for their end."""
        tasks = [table.task for table in self._running.values()]
        self.clear()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _abandon(self, table: LongTable, seconds: float) -> None:
        """Let a computation end after a while; with too many of them, the longest abandoned one ends now."""
        self._abandoned[table] = asyncio.get_running_loop().call_later(seconds, table.task.cancel)
        if len(self._abandoned) > MAX_ABANDONED_TABLES:
            next(iter(self._abandoned)).task.cancel()

    def _finish(self, key: Hashable, table: LongTable, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            task.exception()  # whoever waited has it; without anybody it is no warning
        if (timer := self._abandoned.pop(table, None)) is not None:
            timer.cancel()
        if self._running.get(key) is table:
            del self._running[key]


async def _limited(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of some work, which may not take for ever."""
    try:
        async with asyncio.timeout(MAX_LONG_SECONDS) as limit:
            return await work
    except TimeoutError:
        if limit.expired():
            raise UnavailableError("the table took too long to compute", code="DEADLINE") from None
        raise
