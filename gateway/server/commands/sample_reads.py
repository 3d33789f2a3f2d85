"""
One real read of each kind that a district needs, for `student-graph check` and `student-graph scorecard`.

A source may accept the credentials and still show nobody, refuse one kind of record, or refuse the size of a page.
Each lookup that a source offers is therefore asked for a few students, sections, staff or schools of the district.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, IdentityError, NotOfferedError, RefusedError
from student_graph.adapters.lookup import Lookup, Window, lookup_of
from student_graph.adapters.model import Session
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.commands.end_dates import remarks_on_terms
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.context import Health

SAMPLE_KEYS = 5
"""Students, schools, sections and staff of a district whose records are asked for."""
ENGAGEMENT_DAYS = 30
"""How many days back the LMS activity is asked for."""

STUDENTS = lookup_of(Adapter.students_by_district)
SCHOOLS = lookup_of(Adapter.schools_by_district)
SECTIONS = lookup_of(Adapter.sections_by_school)
SECTION_STAFF = lookup_of(Adapter.section_staff_by_section)
REFUSED_REQUEST = "unexpected status (400)"
"""The reason of the error for a request that a vendor refuses as it is."""
LISTS_OF_SCHOOLS = frozenset({"schools_by_id", "sessions_by_school", "calendar_days_by_school"})
"""Lookups by school that are asked for; the other ones are long lists of what is also asked for by student."""


@dataclass(slots=True)
class Findings:
    """Results of the sample reads of one source. Each text names what to change."""

    errors: dict[str, AdapterError] = field(default_factory=dict)
    """The first error of each lookup that answered no key."""
    empty: list[str] = field(default_factory=list)
    """Lookups that answered without a record."""
    terms: list[Session] = field(default_factory=list)
    """Terms of some schools, whose days show how end dates are to be read."""
    health: Health | None = None
    """Counts of the reads; None before they have ended."""

    @property
    def failures(self) -> list[str]:
        """Problems that make the source unusable, or that its settings do not allow for. They fail `check`."""
        texts = []
        if STUDENTS.name in self.empty:
            texts.append("the list of students is empty: let the credentials see the students of the district")
        if unlinked := [name for name, error in self.errors.items() if isinstance(error, IdentityError)]:
            texts.append(f"no account for the sampled students ({_names(unlinked)}): correct the identity rules")
        by_reason: dict[str, list[str]] = {}
        for name, error in self.errors.items():
            if not isinstance(error, IdentityError | NotOfferedError):
                by_reason.setdefault(f"{error.code}: {error.reason}{_advice(error)}", []).append(name)
        return texts + [f"{_names(names)} failed ({reason})" for reason, names in by_reason.items()]

    @property
    def remarks(self) -> list[str]:
        """Missing parts that are no failure."""
        missing = [name for name, error in self.errors.items() if isinstance(error, NotOfferedError)]
        empty = [name for name in self.empty if name != STUDENTS.name]
        unmapped = () if self.health is None else self.health.unmapped_codes
        codes = [f"{code.kind} {code.code}" for code in unmapped if code.code is not None]
        texts = {"not there": missing, "empty": empty, "codes to map in `districts.codes`": codes}
        return [f"{text}: {_names(names)}" for text, names in texts.items() if names] + remarks_on_terms(
            self.terms
        )


def _advice(error: AdapterError) -> str:
    """Advice for an operator about an error; empty if there is none."""
    if isinstance(error, RefusedError):
        return ": allow it, or leave it out of `lookups`"
    if error.reason == REFUSED_REQUEST:
        return ": if the server refuses the size of a page, lower `page_size`"
    return ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


async def read_samples(district: District, sources: Sequence[Source]) -> Mapping[str, Findings]:
    """Read a few keys of each kind from some sources of a district; return the results by name of the source."""
    pipeline = FetchPipeline([district], HmacSigner(os.urandom(32)), Limits(memory=0))
    fetch, _ = pipeline.background_fetch(is_awaited=True)
    reads = _SampleReads(district, fetch, sources, {source.name: Findings() for source in sources})
    try:
        await reads.run()
        for source in sources:
            reads.findings[source.name].health = pipeline.telemetry.health(source)
    finally:
        await pipeline.close()
    return reads.findings


@dataclass(slots=True)
class _SampleReads:
    """The reads of one district."""

    district: District
    fetch: Fetch
    sources: Sequence[Source]
    findings: dict[str, Findings]

    async def run(self) -> None:
        """Read the lists that name keys, and then every lookup by these keys."""
        students, schools = await asyncio.gather(
            self._first(STUDENTS, [self.district.id], "student_id"),
            self._first(SCHOOLS, [self.district.id], "school_id"),
        )
        sections = await self._first(SECTIONS, schools, "section_id")
        staff = await self._first(SECTION_STAFF, sections, "staff_id")
        keys_of = {"student": students, "section": sections, "staff": staff, "school": schools}
        done = {STUDENTS.name, SCHOOLS.name, SECTIONS.name, SECTION_STAFF.name}
        # One lookup after the other: a check must not wait for the load that it makes itself.
        await asyncio.gather(*(self._read_all(source, keys_of, done) for source in self.sources))

    async def _read_all(self, source: Source, keys_of: Mapping[str, list[Any]], done: Collection[str]) -> None:
        """Ask a source for the keys of each kind, with every other lookup that it offers."""
        for lookup in source.adapter.capabilities():
            is_sampled = lookup.key_kind != "school" or lookup.name in LISTS_OF_SCHOOLS
            if is_sampled and source.offers(lookup) and lookup.name not in done:
                await self._read(source, lookup, keys_of.get(lookup.key_kind, []))

    async def _first(self, lookup: Lookup, keys: Sequence[Any], attribute: str) -> list[Any]:
        """Some values of an attribute, from the first source with the district's ids that has records."""
        offering = [s for s in self.sources if s.offers(lookup) and s.identity is None]
        answers = await asyncio.gather(*(self._read(source, lookup, keys) for source in offering))
        values = (
            [getattr(record, attribute) for answer in of_source.values() for record in records_in(answer.value)]
            for of_source in answers
        )
        return list(dict.fromkeys(next(filter(None, values), [])))[:SAMPLE_KEYS]

    async def _read(self, source: Source, lookup: Lookup, keys: Sequence[Any]) -> Answers:
        """The answers of a source to keys; what they show is recorded. Nothing is asked without a key."""
        if not keys:
            return {}
        window = Window(SAMPLE_KEYS) if lookup.paged else None
        answers = await self.fetch(source, Ask(lookup, tuple(keys), self._arguments(lookup), window))
        errors = [answer.value for answer in answers.values() if isinstance(answer.value, AdapterError)]
        findings = self.findings[source.name]
        if errors and len(errors) == len(answers):
            findings.errors[lookup.name] = errors[0]
        elif not any(records_in(answer.value) for answer in answers.values()):
            findings.empty.append(lookup.name)
        elif lookup.record_type is Session:
            records = (record for answer in answers.values() for record in records_in(answer.value))
            findings.terms += [record for record in records if isinstance(record, Session)]
        return answers

    def _arguments(self, lookup: Lookup) -> dict[str, Any]:
        today = self.district.today()
        values = {
            "school_year": self.district.school_year(today),
            "since": today - timedelta(days=ENGAGEMENT_DAYS),
        }
        return {name: value for name, value in values.items() if name in lookup.argument_names}
