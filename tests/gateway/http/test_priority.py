"""Interactive requests before background requests, in the gate of one source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.http.breaker import Permit
from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.priority import background, is_background_work
from student_graph.gateway.http.slots import MAX_QUEUED_REQUESTS


def always() -> bool:
    """Classify every request as background work."""
    return True


class Arrivals:
    """Sends requests through a gate and notes the order in which they get a slot."""

    def __init__(self, concurrency: int) -> None:
        self.gate = Gate(concurrency)
        self.admitted: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def arrive(self, name: str, is_background: Callable[[], bool] | None = None) -> asyncio.Task[None]:
        """Let a request arrive; it is background work if the function says so."""

        async def enter() -> None:
            await self.gate.enter()
            self.admitted.append(name)

        with background(is_background or (lambda: False)):
            task = asyncio.create_task(enter())
        self._tasks.append(task)
        await asyncio.sleep(0)
        return task

    async def leave(self) -> None:
        """End one running request."""
        self.gate.leave(Permit.NORMAL, succeeded=True)
        await asyncio.sleep(0)

    async def end(self) -> None:
        """Cancel all requests that wait."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_work_is_background_work_only_inside_the_block_and_in_its_tasks() -> None:
    """The innermost block decides, and a task keeps the function of the block that started it."""
    assert not is_background_work()
    with background(always):
        assert is_background_work()
        with background(lambda: False):
            assert not is_background_work()

        async def classify() -> bool:
            return is_background_work()

        task = asyncio.create_task(classify())
    assert not is_background_work()
    assert await task


async def test_an_interactive_request_is_sent_before_background_requests_that_arrived_earlier() -> None:
    """Both kinds are sent in the order of their arrival."""
    arrivals = Arrivals(1)
    await arrivals.arrive("first")
    for name in ("b1", "b2"):
        await arrivals.arrive(name, always)
    for name in ("i1", "i2"):
        await arrivals.arrive(name)
    for _ in range(4):
        await arrivals.leave()
    assert arrivals.admitted == ["first", "i1", "i2", "b1", "b2"]


async def test_a_queued_request_is_classed_when_it_gets_its_slot() -> None:
    """A viewer who asks for what is read in the background moves it before other background work."""
    arrivals, waiters = Arrivals(1), list[str]()
    await arrivals.arrive("first")
    await arrivals.arrive("b1", always)
    await arrivals.arrive("joined", lambda: not waiters)
    waiters.append("viewer")
    for _ in range(2):
        await arrivals.leave()
    assert arrivals.admitted == ["first", "joined", "b1"]


async def test_background_requests_leave_one_slot_free() -> None:
    """Of four slots they use three, so that an interactive request is sent at once."""
    arrivals = Arrivals(4)
    for number in range(6):
        await arrivals.arrive(f"b{number}", always)
    assert arrivals.admitted == ["b0", "b1", "b2"]
    await arrivals.arrive("i")
    assert arrivals.admitted[-1] == "i"
    await arrivals.leave()
    assert arrivals.admitted[-1] == "i"
    await arrivals.leave()
    assert arrivals.admitted[-1] == "b3"
    await arrivals.end()


async def test_a_full_queue_of_background_requests_refuses_no_interactive_request() -> None:
    """One more background request is refused; an interactive one waits and is sent next."""
    arrivals = Arrivals(1)
    await arrivals.arrive("first")
    for number in range(MAX_QUEUED_REQUESTS):
        await arrivals.arrive(f"b{number}", always)
    with pytest.raises(UnavailableError, match="too many"):
        await (await arrivals.arrive("refused", always))
    await arrivals.arrive("i")
    await arrivals.leave()
    assert arrivals.admitted == ["first", "i"]
    await arrivals.end()


async def test_a_cancelled_request_gives_its_slot_to_the_next_one() -> None:
    """Also when it is cancelled at the moment in which it got the slot."""
    arrivals = Arrivals(1)
    await arrivals.arrive("first")
    cancelled = await arrivals.arrive("cancelled")
    await arrivals.arrive("next")
    arrivals.gate.leave(Permit.NORMAL, succeeded=True)
    cancelled.cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    assert arrivals.admitted == ["first", "next"]
