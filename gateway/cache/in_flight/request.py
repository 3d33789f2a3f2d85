"""One request in flight, and those who wait for some of its keys."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.concurrency.arrivals import ArrivedAnswers
from student_graph.gateway.concurrency.loop_time import SharedBudget, current_budget
from student_graph.gateway.telemetry import CallCounter


class Waiter:
    """An operation that waits for the answers to some keys, which may be part of several requests."""

    __slots__ = ("_bug", "_done", "_missing", "answers", "calls", "is_background", "until")

    def __init__(self, until: float, *, is_background: bool = False) -> None:
        """Wait until a deadline, in the event loop's time; for a person, or in the background."""
        self.until = until
        self.is_background = is_background
        self.answers: dict[Any, Answer[Any] | None] = {}
        """The answers that have arrived; None for a key that the source does not know."""
        self.calls = 0
        """Requests to the vendor that were made for this waiter."""
        self._missing: dict[InFlightRequest, int] = {}
        """How many keys of each request it still waits for."""
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._bug: Exception | None = None

    @property
    def requests(self) -> Iterable[InFlightRequest]:
        """The requests that it still waits for."""
        return self._missing

    def add(self, request: InFlightRequest, key: Any) -> None:
        """Wait for a key of a request."""
        request.pending[key].append(self)
        if request not in self._missing:
            request.enter(self)
        self._missing[request] = self._missing.get(request, 0) + 1

    def receive(self, request: InFlightRequest, key: Any, answer: Answer[Any] | None) -> bool:
        """Take the answer to a key; returns whether it was the last one that it wanted from the request."""
        if request not in self._missing:  # the waiter has left
            return False
        self.answers[key] = answer
        self._missing[request] -= 1
        return not self._missing[request]

    def leave(self, request: InFlightRequest) -> None:
        """Stop waiting for a request."""
        del self._missing[request]
        if not self._missing and not self._done.done():
            self._done.set_result(None)

    def fail(self, bug: Exception) -> None:
        """Let `wait` raise an exception that is a bug, not a vendor's failure."""
        self._bug = bug

    async def wait(self) -> None:
        """
        Wait until all answers have arrived, or until the deadline.

        Raises:
            Exception: one of the requests failed because of a bug.
        """
        seconds_left = self.until - asyncio.get_running_loop().time()
        await asyncio.wait([self._done], timeout=max(seconds_left, 0.0))
        if self._bug is not None:
            raise self._bug


class InFlightRequest:
    """One ask that was sent to its source."""

    __slots__ = (
        "_counted_calls",
        "ask",
        "budget",
        "calls",
        "group",
        "has_answered",
        "is_purged",
        "joined",
        "keys",
        "outdated",
        "pending",
        "source",
        "started_at",
        "task",
        "viewer",
        "waiters",
        "was_awaited",
    )

    task: asyncio.Task[None]

    def __init__(self, source: Source, ask: Ask[Any], started_at: float, viewer: Hashable) -> None:
        """
        `started_at` is in the event loop's time. `viewer` sent the operation that started it; None without one.
        """
        self.source, self.ask, self.started_at, self.viewer = source, ask, started_at, viewer
        self.group = (source, *ask.batch_key)
        """Requests of the same group differ in their keys only."""
        self.keys = frozenset(ask.keys)
        self.pending: dict[Any, list[Waiter]] = {key: [] for key in ask.keys}
        """The waiters for each key that has no answer yet."""
        self.calls = CallCounter()
        """Counts its calls to the vendor."""
        self.waiters: dict[Waiter, None] = {}
        """The waiters, in the order in which they came."""
        self.budget = SharedBudget(current_budget(), source.district)
        """
        The loop-time budget of the client whose operation started it. The request's work in this process is
        charged to it.
        """
        self.was_awaited = False
        """Whether anybody waits for it or has waited; False for a refresh in the background."""
        self.has_answered = False
        """Whether an answer has arrived that is no error."""
        self.outdated: set[Any] = set()
        """Keys that were purged after it started: their answers must not be cached."""
        self.is_purged = False
        """Whether a purge after its start may include answers to keys that it was not asked for."""
        self._counted_calls = 0
        """Calls that were made for nobody, or for waiters that have left."""
        self.joined: Counter[InFlightRequest] = Counter()
        """Requests that have joined reads of this one, and how many."""

    @property
    def is_useful(self) -> bool:
        """Whether somebody waits for it, or one of its answers will be cached."""
        return bool(self.waiters) or not self.outdated.issuperset(self.pending)

    def is_background(self) -> bool:
        """Whether nobody waits for it or for a request that has joined its reads, or only warm-ups do."""
        return all(waiter.is_background for waiter in self._all_waiters())

    def last_deadline(self) -> float:
        """When the last waiter will give up, in the event loop's time; infinity if nobody waits."""
        return max((waiter.until for waiter in self._all_waiters()), default=math.inf)

    def add_joined(self, other: InFlightRequest, /) -> None:
        """
        Count the waiters of another request too, because that request has joined a read that this one started.
        """
        self.joined[other] += 1

    def remove_joined(self, other: InFlightRequest, /) -> None:
        """Stop counting the waiters of another request, because the read has ended."""
        self.joined[other] -= 1
        if not self.joined[other]:
            del self.joined[other]

    def _all_waiters(self) -> Iterator[Waiter]:
        """Its waiters, and those of requests that have joined its reads. These may have joined each other."""
        if not self.joined:
            return iter(self.waiters)
        requests: dict[InFlightRequest, None] = {self: None}
        pending = [self]
        while pending:
            joined = pending.pop().joined.keys() - requests.keys()
            requests.update(dict.fromkeys(joined))
            pending += joined
        return (waiter for request in requests for waiter in request.waiters)

    def enter(self, waiter: Waiter) -> None:
        """Add a waiter. The first of those who wait at the same time counts the calls."""
        if not self.waiters:
            self._counted_calls = self.calls.count
        self.waiters[waiter] = None
        self.was_awaited = True

    def leave(self, waiter: Waiter) -> None:
        """Remove a waiter, and count the calls that were made for it."""
        if next(iter(self.waiters)) is waiter:
            waiter.calls += self.calls.count - self._counted_calls
            self._counted_calls = self.calls.count
        del self.waiters[waiter]
        waiter.leave(self)

    def purge(self, purge: Purge) -> list[Any]:
        """Mark the keys that a purge includes as outdated; returns those whose answers are still to come."""
        source, lookup = self.source, self.ask.lookup
        if not purge.concerns(source, lookup):
            return []
        self.is_purged = True
        outdated = [key for key in self.pending if purge.includes(source, lookup, key)]
        self.outdated.update(outdated)
        return outdated

    def new_answers(self, arrived: ArrivedAnswers) -> ArrivedAnswers:
        """The arrived answers without those to keys that have an answer already."""
        if len(arrived) == 1 and next(iter(arrived)) in self.pending:
            return arrived
        return {key: answer for key, answer in arrived.items() if key in self.pending or key not in self.keys}

    def cacheable(self, answers: ArrivedAnswers) -> ArrivedAnswers:
        """The answers that were requested after the last purge of them."""
        if not self.is_purged:
            return answers
        return {key: answer for key, answer in answers.items() if key in self.keys and key not in self.outdated}

    def hand_out(self, answers: ArrivedAnswers, on_satisfied: Callable[[InFlightRequest, Waiter], None]) -> None:
        """
        Give answers to the waiters.

        `on_satisfied` gets each waiter that now has all its answers from this request.
        """
        waiting = [(key, answer, self.pending.pop(key, ())) for key, answer in answers.items()]
        for key, answer, waiters in waiting:
            for waiter in waiters:
                if waiter.receive(self, key, answer):
                    on_satisfied(self, waiter)
