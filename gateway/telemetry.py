"""What happened: vendor calls of one operation and of the whole process, by source."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, get_type_hints

from adapters.errors import AdapterError
from adapters.lookup import Page
from adapters.model import Record, StudentId
from adapters.sources import Answer, Ask, Fetch, Source
from resolvers.context import Health, Traffic


class Link(Enum):
    """How a student stands with a source."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    CONFLICTED = "conflicted"


@dataclass(slots=True)
class _Tally:
    """What is known of one source since start."""

    reachable: bool | None = None
    last_error_code: str | None = None
    calls: int = 0
    failures: int = 0
    unmapped: int = 0
    links: dict[StudentId | str, Link] = field(default_factory=dict)


@dataclass(slots=True)
class _Counter:
    """Vendor calls made while one ask is carried out."""

    calls: int = 0


_counter: ContextVar[_Counter | None] = ContextVar("vendor_calls", default=None)


def count_call() -> None:
    """Note one request to a vendor; the HTTP client calls this."""
    if (counter := _counter.get()) is not None:
        counter.calls += 1


class Telemetry:
    """Counts since start, by source."""

    def __init__(self) -> None:
        self._tallies: dict[Source, _Tally] = {}

    def _of(self, source: Source) -> _Tally:
        return self._tallies.setdefault(source, _Tally())

    def link(self, source: Source, student: StudentId | str, link: Link) -> None:
        """Note how a student stands with a source; the latest word counts."""
        self._of(source).links[student] = link

    def told(self, source: Source, calls: int, answers: Mapping[Any, Answer[Any]]) -> int:
        """Note what a source answered; how many keys failed."""
        tally = self._of(source)
        errors = [a.value for a in answers.values() if isinstance(a.value, AdapterError)]
        tally.calls += calls
        tally.failures += bool(errors)
        outage = next((error for error in errors if error.code in OUTAGES), None)
        if outage is not None:
            tally.reachable, tally.last_error_code = False, outage.code
        elif answers or calls:
            tally.reachable, tally.last_error_code = True, None
        tally.unmapped += unmapped(answer.value for answer in answers.values())
        return len(errors)

    def health(self, source: Source) -> Health:
        """What is known of a source."""
        tally = self._of(source)
        links = list(tally.links.values())
        return Health(
            reachable=tally.reachable,
            last_error_code=tally.last_error_code,
            calls=tally.calls,
            failures=tally.failures,
            matched=links.count(Link.MATCHED),
            unmatched=links.count(Link.UNMATCHED),
            conflicted=links.count(Link.CONFLICTED),
            unmapped=tally.unmapped,
        )


OUTAGES = frozenset(
    {"SOURCE_UNAVAILABLE", "SOURCE_AUTH", "SOURCE_BAD_RESPONSE", "RATE_LIMITED", "DEADLINE", "INTERNAL"}
)
"""Codes that say that the source, not the key, is in trouble."""


def unmapped(values: Iterable[Any]) -> int:
    """How many coded values of answers no enum name stands for."""
    records = list(_records(values))
    return sum(
        [attrgetter(name)(each) for each in records if type(each) is cls].count(member)
        for cls in set(map(type, records))
        for name, member in _coded(cls)
    )


def _records(values: Iterable[Any]) -> Iterator[Record]:
    """The records of answers, each of which is a page, a list or one record."""
    for value in values:
        if isinstance(value, list):
            yield from value
        elif isinstance(value, Page):
            yield from value.items
        elif isinstance(value, Record):
            yield value


@cache
def _coded(record: Any) -> tuple[tuple[str, Enum], ...]:
    """A record's attributes that hold a code, and what stands for a code that is not known."""
    return tuple(
        (name, hint.__members__["UNMAPPED"])
        for name, hint in get_type_hints(record).items()
        if isinstance(hint, type) and issubclass(hint, Enum) and "UNMAPPED" in hint.__members__
    )


def traced(fetch: Fetch, telemetry: Telemetry, traffic: dict[str, Traffic]) -> Fetch:
    """Count vendor calls, failures and time by source."""

    async def fetch_traced(source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        counter = _Counter()
        token = _counter.set(counter)
        started = time.perf_counter()
        try:
            answers = await fetch(source, ask)
        finally:
            _counter.reset(token)
            seen = traffic.setdefault(f"{source.district}/{source.name}", Traffic())
            seen.asks += 1
            seen.calls += counter.calls
            seen.milliseconds += (time.perf_counter() - started) * 1000
        seen.failures += telemetry.told(source, counter.calls, answers)
        return answers

    return fetch_traced
