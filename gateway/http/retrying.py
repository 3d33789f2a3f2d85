"""
Asking once more, where it is safe, worth it and affordable: never more than a tenth of what is asked anyway.

Without the budget three attempts make three times the load for a vendor that is failing under load.
https://sre.google/sre-book/handling-overload/
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable

import httpx

from student_graph.adapters.errors import AdapterError, retry_after_seconds
from student_graph.gateway.deadlines import remaining
from student_graph.gateway.http.attempts import HungUpError
from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.limits import allowance

ATTEMPTS = 3
"""Attempts at most, the first included."""
SHORTEST, LONGEST = 0.1, 1.0
"""Seconds between two attempts: any number up to these, twice as much each time (full jitter)."""
SHARE, FLOOR, WINDOW = 0.1, 3, 120.0
"""Of what was asked in so many seconds this share may be asked again, and so many questions in any case."""
UNSPECIFIED = 5.0
"""Seconds that a vendor is left alone which limits us and does not say for how long."""
FAIR = 0.25
"""Seconds; an attempt that was given less and ran out of them says nothing of the vendor."""
_PASSING = frozenset({429, 502, 503, 504})
"""Statuses of a server that may answer the same question in a moment."""

Send = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Budget:
    """How much may be asked again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._slots: deque[list[float]] = deque([[-WINDOW, 0, 0]])
        """When a twelfth of the window began, questions in it, and how many were asked again."""

    def ask(self) -> None:
        """Note a question."""
        self._slot()[1] += 1

    def take(self) -> bool:
        """Whether one more may be asked again."""
        slot = self._slot()
        asked, again = (sum(each[place] for each in self._slots) for place in (1, 2))
        if again >= max(FLOOR, SHARE * asked):
            return False
        slot[2] += 1
        return True

    def _slot(self) -> list[float]:
        """The slot of now; what is older than the window is let go."""
        now = self._clock()
        if now >= self._slots[-1][0] + WINDOW / 12:
            self._slots.append([now, 0, 0])
            while self._slots[0][0] < now - WINDOW:
                self._slots.popleft()
        return self._slots[-1]


class Retrying(httpx.AsyncBaseTransport):
    """Sends requests through the gate, and those that it is safe to repeat once or twice more."""

    def __init__(self, inner: httpx.AsyncBaseTransport, gate: Gate, budget: Budget | None = None) -> None:
        self._inner, self._gate, self._budget = inner, gate, budget or Budget()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        The last attempt's answer.

        Raises:
            AdapterError: the source is left alone, or answered with something that may not be read.
            httpx.TransportError: there was no answer.
        """
        self._budget.ask()
        for attempt in range(1, ATTEMPTS + 1):
            answer, failure = await self._attempt(request)
            again = request.method == "GET" and attempt < _most(answer, failure)
            pause = random.uniform(0, min(SHORTEST * 2**attempt, LONGEST))  # noqa: S311 - no secret
            if not again or pause >= remaining() or not self._budget.take():
                break
            await asyncio.sleep(pause)
        if failure is not None:
            raise failure
        assert answer is not None
        return answer

    async def _attempt(self, request: httpx.Request) -> tuple[httpx.Response | None, Exception | None]:
        """An answer, or why there is none; the gate learns of either."""
        ticket = await self._gate.enter()
        hurried = remaining() < FAIR
        good: bool | None = None  # nothing is known when the asker goes away
        try:
            answer = await self._inner.handle_async_request(request)
        except (httpx.TransportError, AdapterError) as failure:
            good = None if hurried and isinstance(failure, httpx.TimeoutException) else False
            return None, failure
        else:
            good = answer.status_code < 500
            self._learn(answer)
            return answer, None
        finally:
            self._gate.leave(ticket, good=good)

    def _learn(self, answer: httpx.Response) -> None:
        """What the vendor says of its limits."""
        if answer.status_code == 429:
            told = retry_after_seconds(answer.headers)
            self._gate.told_to_pause(UNSPECIFIED if told is None else told)
        elif answer.status_code == 503 and (told := retry_after_seconds(answer.headers)):
            self._gate.told_to_pause(told)
        left = allowance(answer.headers)
        if left is not None:
            self._gate.ease(left.share)
            if left.pause:
                self._gate.told_to_pause(left.pause)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _most(answer: httpx.Response | None, failure: Exception | None) -> int:
    """How many attempts are worth it: whether the same question may be answered in a moment."""
    match failure:
        case None:
            assert answer is not None
            return ATTEMPTS if answer.status_code in _PASSING else 1
        case HungUpError():
            return 1  # it was sent twice already
        case httpx.ReadError():
            return 2
        case httpx.ConnectError():
            return ATTEMPTS
        case _:
            return 1
