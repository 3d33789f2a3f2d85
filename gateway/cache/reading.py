"""
The cache as one operation reads it.

What is kept and good is served; for the rest the source is asked, and what is kept stands in when that fails. Each
answer says whether it is stale, and the operation how old the oldest one was.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.ages import passing
from student_graph.gateway.cache.in_flight import Flight
from student_graph.gateway.cache.live import Cache
from student_graph.gateway.cache.looking import Look, look
from student_graph.gateway.cache.response_cache import Based
from student_graph.resolvers.context import Traffic


class Reading:
    """The `Fetch` of one operation: the cache, within the operation's time."""

    def __init__(self, cache: Cache, operation: Based, deadline: float) -> None:
        """Answer until `deadline`, in the event loop's time; what it took is told in the operation."""
        self._cache = cache
        self._operation = operation
        self._deadline = deadline

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask, kept ones and asked ones."""
        seen = look(self._cache, source, ask, self._operation.max_age)
        if not seen.missing:
            return self._served(source, ask, seen)
        traffic = self._traffic(source)
        wanted = min((age for age in (ask.max_age, self._operation.max_age) if age is not None), default=None)
        asked = await self._asked(source, replace(ask, keys=tuple(seen.missing), max_age=wanted), traffic)
        answers = {**seen.answers, **_settled(asked, seen)}
        traffic.failures += sum(isinstance(answer.value, AdapterError) for answer in answers.values())
        self._served(source, ask, seen)
        return answers

    def at_hand(self, source: Source, ask: Ask[Any]) -> Answers | None:
        """The answers to an ask when nothing has to be waited for; None when something has."""
        seen = look(self._cache, source, ask, self._operation.max_age)
        return None if seen.missing else self._served(source, ask, seen)

    def _served(self, source: Source, ask: Ask[Any], seen: Look) -> Answers:
        """What was served of an ask, counted; what should be younger is asked for behind."""
        traffic = self._traffic(source)
        traffic.asks += 1
        traffic.hits += seen.kept
        traffic.stale += seen.stale
        if seen.kept:
            traffic.age = max(traffic.age, seen.now - seen.oldest)
        if ask.keys:
            self._operation.basis.rests_on(None if ask.lookup.sensitivity.restricted else seen.memo)
        if seen.renew:
            self._cache.renew(source, ask, seen.renew)
        return seen.answers

    async def _asked(self, source: Source, ask: Ask[Any], traffic: Traffic) -> dict[Any, Answer[Any] | None]:
        """What the source says to each key; None when it does not know it."""
        flights, mine = self._cache.flying.board(source, ask)
        started = time.perf_counter()
        try:
            with self._cache.waits():
                await self._cache.flying.landed(set(flights.values()), self._deadline)
        finally:
            traffic.milliseconds += (time.perf_counter() - started) * 1000
            traffic.calls += mine.calls.made if mine is not None else 0
        late = self._late(source)
        return {key: _brought(flight, key) if flight.task.done() else late for key, flight in flights.items()}

    def _late(self, source: Source) -> Answer[Any]:
        """The answer of a source that had none when the operation's time was over."""
        error = UnavailableError("the operation's time ran out", code="DEADLINE")
        error.source = source.name
        return Answer(error, source.name, datetime.now(UTC))

    def _traffic(self, source: Source) -> Traffic:
        return self._operation.traffic.setdefault(f"{source.district}/{source.name}", Traffic())


def _brought(flight: Flight, key: Any) -> Answer[Any] | None:
    return flight.task.result().get(key)


def _settled(asked: Mapping[Any, Answer[Any] | None], seen: Look) -> Answers:
    """What was asked; where that failed, what is kept instead."""
    answers: dict[Any, Answer[Any]] = {}
    for key, told in asked.items():
        failed = told is not None and isinstance(told.value, AdapterError) and passing(told.value)
        answer = seen.serve(seen.instead[key]) if failed and key in seen.instead else told
        if answer is not None:
            answers[key] = answer
    return answers
