"""Work that each client may do once at a time, because it takes memory while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from student_graph.gateway.concurrency.loop_time import current_budget


@dataclass(slots=True)
class _Queue:
    """The work of one client."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    members: int = 0
    """Number of tasks that run or wait."""


class OneAtATime:
    """Lets the tasks of one client do something one after the other, and those of several clients in turns."""

    def __init__(self) -> None:
        self._queues: dict[object, _Queue] = {}

    def __len__(self) -> int:
        """Number of clients with work that runs or waits."""
        return len(self._queues)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until no other task of the client of the current one is in the block."""
        budget = current_budget()
        client = None if budget is None else budget.client
        queue = self._queues.setdefault(client, _Queue())
        queue.members += 1
        try:
            async with queue.lock:
                yield
        finally:
            queue.members -= 1
            if not queue.members:
                del self._queues[client]
