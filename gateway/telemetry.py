"""Counts since the start of the process, by source: vendor calls, failures, identity links and unmapped codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, get_type_hints

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import Fetch, Source
from student_graph.resolvers.context import Health


class LinkStatus(Enum):
    """Whether a student of the district is linked to a student of a source."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    CONFLICTED = "conflicted"


@dataclass(slots=True)
class _SourceCounts:
    """The state and the counts of one source."""

    reachable: bool | None = None
    last_error_code: str | None = None
    calls: int = 0
    failures: int = 0
    unmapped: int = 0
    links: dict[StudentId | str, LinkStatus] = field(default_factory=dict)


@dataclass(slots=True)
class CallCounter:
    """Counts the requests to vendors that are sent inside a block."""

    count: int = 0
    outer: CallCounter | None = None
    """The counter of the enclosing block, which counts them too."""


_counter: ContextVar[CallCounter | None] = ContextVar("vendor_calls", default=None)


def count_call() -> None:
    """Count one request to a vendor; the HTTP client calls this."""
    counter = _counter.get()
    while counter is not None:
        counter.count += 1
        counter = counter.outer


@contextmanager
def counting_calls(counter: CallCounter) -> Iterator[None]:
    """Count the requests that are sent in the block."""
    counter.outer = _counter.get()
    token = _counter.set(counter)
    try:
        yield
    finally:
        _counter.reset(token)


class Telemetry:
    """Counts since the start of the process, by source."""

    def __init__(self) -> None:
        self._counts: dict[Source, _SourceCounts] = {}

    def _counts_of(self, source: Source) -> _SourceCounts:
        return self._counts.setdefault(source, _SourceCounts())

    def record_link(self, source: Source, student: StudentId | str, status: LinkStatus) -> None:
        """Record whether a student is linked to a source; replaces the student's earlier status."""
        self._counts_of(source).links[student] = status

    def record_answers(self, source: Source, calls: int, answers: Answers) -> None:
        """Record the answers of a source and how many requests they took."""
        counts = self._counts_of(source)
        errors = [answer.value for answer in answers.values() if isinstance(answer.value, AdapterError)]
        counts.calls += calls
        counts.failures += bool(errors)
        outage = next((error for error in errors if error.code in OUTAGE_CODES), None)
        if outage is not None:
            counts.reachable, counts.last_error_code = False, outage.code
        elif answers or calls:
            counts.reachable, counts.last_error_code = True, None
        counts.unmapped += _count_unmapped_codes(answer.value for answer in answers.values())

    def health(self, source: Source) -> Health:
        """The state and the counts of a source."""
        counts = self._counts_of(source)
        links = list(counts.links.values())
        return Health(
            reachable=counts.reachable,
            last_error_code=counts.last_error_code,
            calls=counts.calls,
            failures=counts.failures,
            matched=links.count(LinkStatus.MATCHED),
            unmatched=links.count(LinkStatus.UNMATCHED),
            conflicted=links.count(LinkStatus.CONFLICTED),
            unmapped=counts.unmapped,
            unexpected_responses=getattr(source.adapter.http, "unexpected_responses", 0),
            concurrency=getattr(source.adapter.http, "concurrency", None),
        )


OUTAGE_CODES = frozenset(
    {"SOURCE_UNAVAILABLE", "SOURCE_AUTH", "SOURCE_BAD_RESPONSE", "RATE_LIMITED", "DEADLINE", "INTERNAL"}
)
"""Error codes that concern the source as a whole, not one key."""


def _count_unmapped_codes(values: Iterable[Any]) -> int:
    """The number of coded values in answers' records for which the model has no enum member."""
    records = [record for value in values for record in records_in(value)]
    return sum(
        [attrgetter(name)(record) for record in records if type(record) is cls].count(unmapped)
        for cls in set(map(type, records))
        for name, unmapped in _coded_attributes(cls)
    )


@cache
def _coded_attributes(record: Any) -> tuple[tuple[str, Enum], ...]:
    """The attributes of a record class that hold a code, each with the enum member for unknown codes."""
    return tuple(
        (name, hint.__members__["UNMAPPED"])
        for name, hint in get_type_hints(record).items()
        if isinstance(hint, type) and issubclass(hint, Enum) and "UNMAPPED" in hint.__members__
    )


def traced(fetch: Fetch, telemetry: Telemetry) -> Fetch:
    """Record the answers of each source and how many requests they took."""

    async def fetch_traced(source: Source, ask: Ask[Any], /) -> Answers:
        counter = CallCounter()
        with counting_calls(counter):
            answers = await fetch(source, ask)
        telemetry.record_answers(source, counter.count, answers)
        return answers

    return fetch_traced
