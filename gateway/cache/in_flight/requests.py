"""All requests in flight, by key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable, Mapping
from contextvars import Context
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.reading import sharing_reads_of
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.cache.in_flight.abandoned import AbandonedRequests
from student_graph.gateway.cache.in_flight.request import InFlightRequest, Waiter
from student_graph.gateway.cache.limits import BackgroundLimits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.concurrency.arrivals import ArrivedAnswers, receiving_arrivals
from student_graph.gateway.concurrency.deadlines import awaited_until
from student_graph.gateway.concurrency.loop_time import current_budget, use_budget
from student_graph.gateway.concurrency.observation import current_span, observe, span
from student_graph.gateway.concurrency.time_slices import parts_of
from student_graph.gateway.http import background
from student_graph.gateway.telemetry import counting_calls

log = logging.getLogger("student_graph.cache")

MIN_FRESH_SECONDS_OF_KEPT_ROWS = 60.0
"""Answers that are fresh for less time are not made from rows that were read up to half a minute ago."""
OnAnswers: TypeAlias = Callable[[InFlightRequest, ArrivedAnswers], None]
"""Called with answers of a request as soon as they arrive."""


class InFlightRequests:
    """All requests in flight, by key. A key is in flight until its answer arrives."""

    def __init__(
        self,
        fetch: Fetch,
        on_answers: OnAnswers,
        limits: BackgroundLimits,
        keeps_answers: Callable[[], bool] = lambda: False,
    ) -> None:
        """
        Send asks by `fetch`; `on_answers` gets the answers that may be cached, before any waiter does.

        `keeps_answers` says whether they are cached: only then may adapters keep rows for lookups that follow.
        """
        self._fetch = fetch
        self._on_answers = on_answers
        self._keeps_answers = keeps_answers
        self._by_key: dict[Hashable, dict[Any, InFlightRequest]] = {}
        """By group of the request, then by key."""
        self._running: set[InFlightRequest] = set()
        self._purges = 0
        """A request after a purge shares no read of a vendor's rows with one before it."""
        self.abandoned = AbandonedRequests(limits, self._end)

    def keys_in_flight(self, source: Source, ask: Ask[Any]) -> Collection[Any]:
        """The keys of an ask that an operation would wait for without a new request."""
        requests = self._by_key.get((source, *ask.batch_key))
        return _current_keys(requests, source, ask) if requests else ()

    def join(
        self,
        source: Source,
        ask: Ask[Any],
        until: float,
        viewer: Hashable = None,
        *,
        is_background: bool = False,
    ) -> Waiter:
        """
        Wait for the keys of an ask until a deadline in the event loop's time; `wait` must follow.

        Keys that are not in flight are requested. `viewer` identifies who waits; requests that go on after the
        deadline are limited for each viewer. A waiter in the background lets the requests of people go first.
        """
        self._start_missing(source, ask, viewer)
        waiter = Waiter(until, is_background=is_background)
        requests = self._by_key[(source, *ask.batch_key)]
        for key in ask.keys:
            waiter.add(requests[key], key)
        for request in waiter.requests:
            self.abandoned.remove(request)
            if not is_background:
                request.budget.join(current_budget())
        return waiter

    async def wait(self, waiter: Waiter) -> None:
        """Wait until all answers have arrived, or until the waiter's deadline."""
        try:
            await waiter.wait()
        except asyncio.CancelledError:
            self._leave(waiter, has_disconnected=True)
            raise
        finally:
            self._leave(waiter)

    def start_in_background(self, source: Source, ask: Ask[Any]) -> None:
        """Request the keys that are not in flight yet. Nobody waits for the answers, they are only cached."""
        self._start_missing(source, ask, viewer=None)
        requests = self._by_key[(source, *ask.batch_key)]
        for request in dict.fromkeys(requests[key] for key in ask.keys):
            if request.is_background():
                self.abandoned.add(request)

    def purge(self, purge: Purge) -> None:
        """Do not cache answers that a purge includes; later asks for them start new requests."""
        self._purges += 1
        for request in list(self._running):
            for key in request.purge(purge):
                self._forget(request, key)
            if not request.is_useful:
                self._end(request)

    def end(self, sources: Collection[Source]) -> None:
        """End all requests to some sources, because these are no longer configured."""
        for request in [request for request in self._running if request.source in sources]:
            self._end(request)

    async def finish(self, seconds: float) -> None:
        """Wait until all requests have ended, for `seconds` at most."""
        if tasks := [request.task for request in self._running]:
            await asyncio.wait(tasks, timeout=seconds)

    async def close(self) -> None:
        """Cancel all requests. Their waiters get an error."""
        tasks = [request.task for request in self._running]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start_missing(self, source: Source, ask: Ask[Any], viewer: Hashable) -> None:
        """Start a request for the keys that are not in flight, or whose request is too old for the ask."""
        requests = self._by_key.setdefault((source, *ask.batch_key), {})
        current = set(_current_keys(requests, source, ask))
        keys = [key for key in ask.keys if key not in current]
        if not keys:
            return
        now = asyncio.get_running_loop().time()
        request = InFlightRequest(source, replace(ask, keys=tuple(keys)), now, viewer)
        context = Context()
        context.run(use_budget, request.budget)
        context.run(observe, current_span(), None)
        requests.update(dict.fromkeys(keys, request))
        self._running.add(request)
        # A new context: the request may outlive the operation that starts it, and must not refer to it.
        request.task = asyncio.create_task(self._run(request), context=context)
        request.task.add_done_callback(partial(self._finish, request))

    async def _run(self, request: InFlightRequest) -> None:
        """Fetch the answers of a request, and hand them out as they arrive."""
        deliver = partial(self._deliver, request)
        fresh_seconds = request.source.freshness(request.ask.lookup).fresh.total_seconds()
        is_fresh_for_long = request.ask.max_age is None and fresh_seconds >= MIN_FRESH_SECONDS_OF_KEPT_ROWS
        may_join_ended = self._keeps_answers() and is_fresh_for_long
        sharing = sharing_reads_of(
            self._purges,
            is_background=request.is_background(),
            reader=request,
            may_join_ended=may_join_ended,
        )
        with (
            counting_calls(request.calls),
            background(request.is_background),
            awaited_until(request.last_deadline),
            receiving_arrivals(deliver),
            sharing,
            span(f"ask {request.source.name}", {"student_graph.keys": len(request.ask.keys)}),
        ):
            fetched = await self._fetch(request.source, request.ask)
        answers: dict[Any, Answer[Any] | None] = {**{key: fetched.get(key) for key in request.pending}, **fetched}
        if any(answer is not None and isinstance(answer.value, AdapterError) for answer in answers.values()):
            deliver(answers)  # all of them at once, because they decide together whether the source fails
            return
        # To measure and cache the records of 2,000 students takes a tenth of a second.
        keys = list(answers)
        async for part in parts_of(len(keys)):
            deliver({key: answers[key] for key in keys[part]})

    def _deliver(self, request: InFlightRequest, arrived: ArrivedAnswers) -> None:
        """Cache answers and hand them out. A key that has an answer already keeps it."""
        answers = request.new_answers(arrived)
        if cacheable := request.cacheable(answers):
            self._on_answers(request, cacheable)
        for key in answers:
            self._forget(request, key)
        request.hand_out(answers, self._leave_request)

    def _leave_request(self, request: InFlightRequest, waiter: Waiter, *, has_disconnected: bool = False) -> None:
        """Remove a waiter from a request; without waiters it goes on in the background."""
        request.leave(waiter)
        if not request.waiters and request.pending:
            if request.is_useful:
                self.abandoned.add(request, has_disconnected=has_disconnected)
            else:
                self._end(request)

    def _leave(self, waiter: Waiter, *, has_disconnected: bool = False) -> None:
        for request in list(waiter.requests):
            self._leave_request(request, waiter, has_disconnected=has_disconnected)

    def _end(self, request: InFlightRequest) -> None:
        """Cancel a request: a later ask for its keys starts a new one."""
        self.abandoned.remove(request)
        for key in request.pending:
            self._forget(request, key)
        request.task.cancel()

    def _forget(self, request: InFlightRequest, key: Any) -> None:
        """Remove a key of a request from those in flight."""
        requests = self._by_key.get(request.group, {})
        if requests.get(key) is request:
            del requests[key]
            if not requests:
                del self._by_key[request.group]

    def _finish(self, request: InFlightRequest, task: asyncio.Task[None]) -> None:
        """Forget a request that has ended. If it was cancelled or failed, its waiters get an error."""
        self._running.discard(request)
        self.abandoned.remove(request)
        bug = None if task.cancelled() else task.exception()
        if isinstance(bug, Exception) and not request.waiters:
            # Only its type, because messages may hold records.
            log.error("internal error in a background request: %s", type(bug).__name__)
        for key in list(request.pending):
            self._forget(request, key)
        for waiter in list(request.waiters):
            if isinstance(bug, Exception):
                waiter.fail(bug)
        unanswered = _unanswered(request.source)
        request.hand_out(dict.fromkeys(list(request.pending), unanswered), InFlightRequest.leave)


def _current_keys(requests: Mapping[Any, InFlightRequest], source: Source, ask: Ask[Any]) -> list[Any]:
    """
    The keys of an ask whose requests answer it.

    An ask with a maximum age does not wait for a request that began too long ago, because its answers may be as
    old. Requests that began within the source's timeout are always shared.
    """
    if ask.max_age is None:
        return [key for key in ask.keys if key in requests]
    seconds = max(ask.max_age.total_seconds(), source.adapter.settings.timeout)
    since = asyncio.get_running_loop().time() - seconds
    return [key for key in ask.keys if key in requests and requests[key].started_at >= since]


def _unanswered(source: Source) -> Answer[Any]:
    """The answer for keys whose request was cancelled."""
    error = UnavailableError("no answer: the request was cancelled")
    error.source = source.name
    return Answer(error, source.name, datetime.now(UTC))
