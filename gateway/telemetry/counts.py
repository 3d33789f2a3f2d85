"""
Counts by source, since the gateway took it up: vendor calls, failures, identity links, and what cannot be read.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from typing import Any

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.interface import Counts, LinkCounts, LookupResult
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.model import DistrictId, Sensitivity, StudentId
from student_graph.adapters.model.code_mapping import Code, count_unmapped_codes
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.telemetry.calls import CallCounter, counting_calls
from student_graph.gateway.telemetry.histogram import AGE_SECONDS, REQUEST_SECONDS, Histogram
from student_graph.resolvers.context import Health, UnmappedCode
from student_graph.resolvers.metrics.meanings import DEFAULT_MEANINGS, CodeMeanings

MAX_REASONS = 100
"""Reasons why rows of a source could not be read that are counted apart; further ones count as `OTHER_REASON`."""
OTHER_REASON = "another reason"


class LinkStatus(Enum):
    """Whether a student of the district is linked to a student of a source."""

    MATCHED = "matched"
    UNMATCHED = "unmatched"
    CONFLICTED = "conflicted"


@dataclass(slots=True)
class LookupCounts:
    """The counts of one lookup of a source."""

    calls: int = 0
    """Requests to the vendor."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """How often it was asked for, by `complete`, `partial` and `failed`."""
    seconds: Histogram = field(default_factory=partial(Histogram, REQUEST_SECONDS))


@dataclass(slots=True)
class _SourceCounts:
    """The state and the counts of one source."""

    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the gateway took the source up with its present settings."""
    last_lookup_at: datetime | None = None
    """When it was last asked; None before."""
    reachable: bool | None = None
    last_error_code: str | None = None
    calls: int = 0
    failures: int = 0
    unmapped_codes: Counter[Code] = field(default_factory=Counter)
    links: dict[StudentId | str, LinkStatus] = field(default_factory=dict)
    link_counts: Counter[LinkStatus] = field(default_factory=Counter)
    asks: int = 0
    failed_asks: int = 0
    answers: int = 0
    failures_by_code: Counter[str] = field(default_factory=Counter)
    results: dict[str, LookupResult] = field(default_factory=dict)
    records: int = 0
    unreadable_rows: Counter[str] = field(default_factory=Counter)
    served: int = 0
    stale: int = 0
    oldest_seconds: float = 0.0
    ages: Histogram = field(default_factory=partial(Histogram, AGE_SECONDS))
    lookups: dict[str, LookupCounts] = field(default_factory=dict)

    def add_result(self, lookup: Lookup, answers: Answers, errors: Sequence[AdapterError]) -> None:
        """Count a lookup with the errors among its answers; one that once had records is known to have some."""
        codes = {error.code for error in errors if not isinstance(error, NotOfferedError)}
        records = sum(len(records_in(answer.value)) for answer in answers.values())
        self.asks += 1
        self.answers += len(answers) - len(errors)
        self.failed_asks += bool(codes)
        self.failures_by_code.update(codes)
        is_open = lookup.sensitivity is Sensitivity.OPEN
        self.records += records if is_open else 0
        if self.results.get(lookup.name) is not LookupResult.RECORDS:
            self.results[lookup.name] = _result_of(answers, errors, records, is_open=is_open)

    def add_unreadable_rows(self, lookup: Lookup, reasons: Iterable[str]) -> None:
        """Count rows that could not be read, by reason; those of a class that needs a grant count as one."""
        is_open = lookup.sensitivity is Sensitivity.OPEN
        for reason in reasons:
            is_counted_apart = reason in self.unreadable_rows or len(self.unreadable_rows) < MAX_REASONS
            key = reason if is_counted_apart else OTHER_REASON
            self.unreadable_rows[key] = (
                self.unreadable_rows[key] + 1 if is_open else max(self.unreadable_rows[key], 1)
            )


class Telemetry:
    """Counts by source, since the source has its present settings."""

    def __init__(
        self, meanings: Mapping[DistrictId, CodeMeanings] | None = None, *, measure_ages: bool = False
    ) -> None:
        """
        Count from now on; `meanings` says what codes mean in districts that say so themselves.

        With `measure_ages`, each use of cached answers is counted by their age.
        """
        self._meanings = meanings or {}
        self._measure_ages = measure_ages
        self._counts: dict[Source, _SourceCounts] = {}

    def count_sources(self, sources: Iterable[Source], meanings: Mapping[DistrictId, CodeMeanings]) -> None:
        """Count these sources from now on, unless they are counted already; `meanings` are the present ones."""
        self._meanings = meanings
        for source in sources:
            self._counts_of(source)

    def forget(self, sources: Iterable[Source]) -> None:
        """Forget the counts of sources that are no longer configured."""
        for source in sources:
            self._counts.pop(source, None)

    def _counts_of(self, source: Source) -> _SourceCounts:
        return self._counts.get(source) or self._counts.setdefault(source, _SourceCounts())

    def record_link(self, source: Source, student: StudentId | str, status: LinkStatus) -> None:
        """Record whether a student is linked to a source; replaces the student's earlier status."""
        counts = self._counts_of(source)
        earlier = counts.links.get(student)
        if earlier is not None:
            counts.link_counts[earlier] -= 1
        counts.links[student] = status
        counts.link_counts[status] += 1

    def record_answers(
        self, source: Source, lookup: Lookup, counter: CallCounter, answers: Answers, seconds: float
    ) -> None:
        """Record the answers of a source to a lookup, with the requests and unreadable rows of a counter."""
        counts, calls = self._counts_of(source), counter.count
        errors = [answer.value for answer in answers.values() if isinstance(answer.value, AdapterError)]
        counts.last_lookup_at = datetime.now(UTC)
        counts.calls += calls
        counts.failures += bool(errors)
        outage = next((error for error in errors if error.code in OUTAGE_CODES), None)
        if outage is not None:
            counts.reachable, counts.last_error_code = False, outage.code
        elif answers or calls:
            counts.reachable, counts.last_error_code = True, None
        rows = [row for answer in answers.values() for row in records_in(answer.value)]
        _add_codes(counts.unmapped_codes, count_unmapped_codes(rows))
        meanings = self._meanings.get(source.district, DEFAULT_MEANINGS)
        _add_codes(counts.unmapped_codes, Counter(meanings.unknown_codes(rows)))
        counts.add_result(lookup, answers, errors)
        counts.add_unreadable_rows(lookup, counter.unreadable_rows)
        of_lookup = counts.lookups.get(lookup.name) or counts.lookups.setdefault(lookup.name, LookupCounts())
        of_lookup.calls += calls
        failed = sum(not isinstance(error, NotOfferedError) for error in errors)
        of_lookup.outcomes["complete" if not failed else "partial" if failed < len(answers) else "failed"] += 1
        of_lookup.seconds.add(seconds)

    def record_served(self, source: Source, answers: int, stale: int, oldest_seconds: float) -> None:
        """Record that cached answers of a source were served, and how old the oldest of them was."""
        counts = self._counts_of(source)
        counts.served += answers
        counts.stale += stale
        counts.oldest_seconds = max(counts.oldest_seconds, oldest_seconds)
        if self._measure_ages:
            counts.ages.add(oldest_seconds)

    def ages(self, source: Source) -> Histogram:
        """The age of the oldest cached answer, each time that some of a source were served; if it is measured."""
        return self._counts_of(source).ages

    def last_lookup_at(self, source: Source) -> datetime | None:
        """When this process last asked a source; None if it has not yet."""
        return self._counts_of(source).last_lookup_at

    def lookups(self, source: Source) -> Mapping[str, LookupCounts]:
        """The counts of a source's lookups, by name."""
        return self._counts_of(source).lookups

    def health(self, source: Source) -> Health:
        """The state and the counts of a source."""
        counts = self._counts_of(source)
        links = LinkCounts(
            matched=counts.link_counts[LinkStatus.MATCHED],
            unmatched=counts.link_counts[LinkStatus.UNMATCHED],
            conflicted=counts.link_counts[LinkStatus.CONFLICTED],
        )
        return Health(
            reachable=counts.reachable,
            last_error_code=counts.last_error_code,
            calls=counts.calls,
            failures=counts.failures,
            matched=links.matched,
            unmatched=links.unmatched,
            conflicted=links.conflicted,
            unmapped=counts.unmapped_codes.total(),
            unmapped_codes=tuple(
                UnmappedCode(kind=code.kind, code=code.value, count=count)
                for code, count in counts.unmapped_codes.most_common()
            ),
            unexpected_responses=getattr(source.adapter.http, "unexpected_responses", 0),
            concurrency=getattr(source.adapter.http, "concurrency", None),
            counts=Counts(
                since=counts.since,
                calls=counts.calls,
                links=links,
                asks=counts.asks,
                failed_asks=counts.failed_asks,
                answers=counts.answers,
                failures_by_code=dict(counts.failures_by_code),
                throttled=getattr(source.adapter.http, "throttled_responses", 0),
                results=dict(counts.results),
                records=counts.records,
                unreadable_rows=dict(counts.unreadable_rows),
                unmapped_codes={
                    f"{code.kind}: {code.value or 'a code that is not kept'}": count
                    for code, count in counts.unmapped_codes.items()
                },
                served=counts.served,
                stale=counts.stale,
                oldest_served=timedelta(seconds=counts.oldest_seconds),
            ),
        )


OUTAGE_CODES = frozenset(
    {"SOURCE_UNAVAILABLE", "SOURCE_AUTH", "SOURCE_BAD_RESPONSE", "RATE_LIMITED", "DEADLINE", "INTERNAL"}
)
"""Error codes that concern the source as a whole, not one key."""


def _result_of(answers: Answers, errors: Sequence[AdapterError], records: int, *, is_open: bool) -> LookupResult:
    """What the answers to a lookup show about it; whether there are records of a class with grants is not kept."""
    if records:
        return LookupResult.RECORDS if is_open else LookupResult.ANSWERED
    if not errors or len(errors) < len(answers):
        return LookupResult.EMPTY if is_open else LookupResult.ANSWERED
    is_missing = all(isinstance(error, NotOfferedError) for error in errors)
    return LookupResult.NOT_THERE if is_missing else LookupResult.FAILED


MAX_UNMAPPED_CODES = 100
"""Codes without a meaning that are named for each source; further ones count as codes that are not known."""
MAX_CODE_CHARACTERS = 60
"""Characters of a code that are shown."""


def _add_codes(totals: Counter[Code], counts: Counter[Code]) -> None:
    """Add counts of codes, with the codes in a form that can be shown."""
    for code, count in counts.items():
        shown = code._replace(value=None if code.value is None else _shown_code(code.value))
        is_named = shown in totals or len(totals) < MAX_UNMAPPED_CODES
        key = shown if is_named else code._replace(value=None)
        totals[key] = totals[key] + count if code.is_open else 1


def _shown_code(code: str) -> str:
    r"""The beginning of a code, with control and formatting characters as escapes such as `\u0007`."""
    text = code if len(code) <= MAX_CODE_CHARACTERS else f"{code[: MAX_CODE_CHARACTERS - 1]}…"
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def traced(fetch: Fetch, telemetry: Telemetry) -> Fetch:
    """Record the answers of each source and how many requests they took."""

    async def fetch_traced(source: Source, ask: Ask[Any], /) -> Answers:
        counter, started_at = CallCounter(), time.monotonic()
        with counting_calls(counter):
            answers = await fetch(source, ask)
        telemetry.record_answers(source, ask.lookup, counter, answers, time.monotonic() - started_at)
        return answers

    return fetch_traced
