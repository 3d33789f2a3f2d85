"""
Requests in flight, shared by all operations: a key that is being requested is not requested again.

A request runs until its source's timeout, and each waiter waits until its own deadline. When the last waiter
leaves, the request is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable
from contextvars import Context
from dataclasses import replace
from typing import Any, TypeAlias

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.telemetry import CallCounter, counting_calls

log = logging.getLogger("student_graph.cache")

OnAnswers: TypeAlias = Callable[[Source, Ask[Any], Answers], None]
"""Called with the answers to an ask as soon as they arrive."""


class InFlightRequest:
    """One ask that was sent to its source."""

    __slots__ = ("ask", "calls", "is_outdated", "source", "task", "waiters")

    task: asyncio.Task[Answers]

    def __init__(self, source: Source, ask: Ask[Any]) -> None:
        self.source, self.ask = source, ask
        self.calls = CallCounter()
        """Counts its calls to the vendor."""
        self.waiters = 0
        self.is_outdated = False
        """Whether a purge came after it started: its answers must not be cached."""

    def is_affected_by(self, purge: Purge) -> bool:
        """Whether a purge includes some of its answers."""
        source, lookup = self.source, self.ask.lookup
        return purge.concerns(source, lookup) and any(purge.includes(source, lookup, key) for key in self.ask.keys)


class InFlightRequests:
    """All requests in flight, by key."""

    def __init__(self, fetch: Fetch, on_answers: OnAnswers) -> None:
        """Send asks by `fetch`; `on_answers` gets the answers before any waiter does."""
        self._fetch = fetch
        self._on_answers = on_answers
        self._requests: dict[Hashable, dict[Any, InFlightRequest]] = {}
        """By source and batch key of the ask, then by key."""
        self._in_background: set[asyncio.Task[Answers]] = set()

    def join(self, source: Source, ask: Ask[Any]) -> tuple[dict[Any, InFlightRequest], InFlightRequest | None]:
        """The request for each key, and the one among them that this call started, if any."""
        started = self._start_missing(source, ask)
        requests = self._requests.get((source, *ask.batch_key), {})
        return {key: requests[key] for key in ask.keys}, started

    def start_in_background(self, source: Source, ask: Ask[Any]) -> None:
        """Request the keys that are not in flight yet. Nobody waits for the answers, they are only cached."""
        request = self._start_missing(source, ask)
        if request is not None:
            request.waiters += 1
            self._in_background.add(request.task)
            request.task.add_done_callback(self._finish_in_background)

    def _finish_in_background(self, task: asyncio.Task[Answers]) -> None:
        """Log an unexpected exception, which no waiter sees. Only its type, because messages may hold records."""
        self._in_background.discard(task)
        if not task.cancelled() and (bug := task.exception()) is not None:
            log.error("internal error in a background refresh: %s", type(bug).__name__)

    async def wait(self, requests: Collection[InFlightRequest], deadline: float) -> None:
        """Wait until all requests are done, or until the deadline in the event loop's time."""
        for request in requests:
            request.waiters += 1
        try:
            seconds_left = deadline - asyncio.get_running_loop().time()
            await asyncio.wait([request.task for request in requests], timeout=max(seconds_left, 0.0))
        finally:
            for request in requests:
                self._leave(request)

    def purge(self, purge: Purge) -> None:
        """Keep the answers to affected requests out of the cache, and start a new request for whoever asks now."""
        in_flight = {request for requests in self._requests.values() for request in requests.values()}
        for request in in_flight:
            if request.is_affected_by(purge):
                request.is_outdated = True
                self._forget(request)

    async def close(self) -> None:
        """Cancel the requests in the background."""
        tasks = list(self._in_background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start_missing(self, source: Source, ask: Ask[Any]) -> InFlightRequest | None:
        """Start a request for the keys that are not in flight; None if all are."""
        requests = self._requests.get((source, *ask.batch_key), {})
        keys = [key for key in ask.keys if key not in requests]
        if not keys:
            return None
        request = InFlightRequest(source, replace(ask, keys=tuple(keys)))
        self._requests.setdefault((source, *ask.batch_key), {}).update(dict.fromkeys(keys, request))
        # An empty context: the request may outlive the operation that starts it, and must not refer to it.
        request.task = asyncio.create_task(self._run(request), context=Context())
        return request

    async def _run(self, request: InFlightRequest) -> Answers:
        try:
            with counting_calls(request.calls):
                answers = await self._fetch(request.source, request.ask)
            if not request.is_outdated:
                self._on_answers(request.source, request.ask, answers)
            return answers
        finally:
            self._forget(request)

    def _leave(self, request: InFlightRequest) -> None:
        """Remove a waiter, and cancel the request if it was the last one."""
        request.waiters -= 1
        if not request.waiters and not request.task.done():
            self._forget(request)
            request.task.cancel()

    def _forget(self, request: InFlightRequest) -> None:
        """Remove a request: whoever asks for its keys from now on starts a new one."""
        group = (request.source, *request.ask.batch_key)
        requests = self._requests.get(group, {})
        for key in request.ask.keys:
            if requests.get(key) is request:
                del requests[key]
        if not requests:
            self._requests.pop(group, None)
