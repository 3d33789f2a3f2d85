"""What happened: vendor calls, failures and links, by source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, get_type_hints

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Page
from student_graph.adapters.model import Record, StudentId
from student_graph.adapters.sources import Fetch, Source
from student_graph.resolvers.context import Health


class LinkStatus(Enum):
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
    links: dict[StudentId | str, LinkStatus] = field(default_factory=dict)


@dataclass(slots=True)
class CallCounter:
    """Requests to a vendor, made in some block and in the blocks within it."""

    made: int = 0
    around: CallCounter | None = None


_calls: ContextVar[CallCounter | None] = ContextVar("vendor_calls", default=None)


def count_call() -> None:
    """Note one request to a vendor; the HTTP client calls this."""
    calls = _calls.get()
    while calls is not None:
        calls.made += 1
        calls = calls.around


@contextmanager
def counting_calls(calls: CallCounter) -> Iterator[None]:
    """Count the requests that are made in the block."""
    calls.around = _calls.get()
    token = _calls.set(calls)
    try:
        yield
    finally:
        _calls.reset(token)


class Telemetry:
    """Counts since start, by source."""

    def __init__(self) -> None:
        self._tallies: dict[Source, _Tally] = {}

    def _of(self, source: Source) -> _Tally:
        return self._tallies.setdefault(source, _Tally())

    def link(self, source: Source, student: StudentId | str, link: LinkStatus) -> None:
        """Note how a student stands with a source; the latest word counts."""
        self._of(source).links[student] = link

    def told(self, source: Source, calls: int, answers: Mapping[Any, Answer[Any]]) -> None:
        """Note what a source answered, and how many requests that took."""
        tally = self._of(source)
        errors = [a.value for a in answers.values() if isinstance(a.value, AdapterError)]
        tally.calls += calls
        tally.failures += bool(errors)
        outage = next((error for error in errors if error.code in OUTAGE_CODES), None)
        if outage is not None:
            tally.reachable, tally.last_error_code = False, outage.code
        elif answers or calls:
            tally.reachable, tally.last_error_code = True, None
        tally.unmapped += unmapped(answer.value for answer in answers.values())

    def health(self, source: Source) -> Health:
        """What is known of a source."""
        tally = self._of(source)
        links = list(tally.links.values())
        return Health(
            reachable=tally.reachable,
            last_error_code=tally.last_error_code,
            calls=tally.calls,
            failures=tally.failures,
            matched=links.count(LinkStatus.MATCHED),
            unmatched=links.count(LinkStatus.UNMATCHED),
            conflicted=links.count(LinkStatus.CONFLICTED),
            unmapped=tally.unmapped,
        )


OUTAGE_CODES = frozenset(
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


def traced(fetch: Fetch, telemetry: Telemetry) -> Fetch:
    """Note what each source answers, and how many requests that took."""

    async def fetch_traced(source: Source, ask: Ask[Any], /) -> Mapping[Any, Answer[Any]]:
        calls = CallCounter()
        with counting_calls(calls):
            answers = await fetch(source, ask)
        telemetry.told(source, calls.made, answers)
        return answers

    return fetch_traced
