"""Tests of the keyword arguments of lookups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, Page, StudentFilter
from student_graph.adapters.model import GradeLevel, Record, Student, StudentId
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.harness import open_adapter, run_lookup

DISTANT_PAST, DISTANT_FUTURE = date(1990, 1, 1), date(2990, 1, 1)


class Arguments:
    """Tests of every keyword argument of the contract, in every lookup that takes it."""

    kind: type[Adapter]
    yearless: ClassVar[frozenset[str]] = frozenset()
    """Lookups that answer the same for every school year, because the vendor has no school years."""

    async def test_another_school_year_has_other_records(self, yearly_lookup: Lookup, sandbox: Sandbox) -> None:
        """A school year without data has no records, and no records of another year."""
        keys = sandbox.known_keys(yearly_lookup.key_kind)
        arguments = sandbox.arguments()
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            current = await run_lookup(adapter, yearly_lookup, keys, arguments)
            future_arguments = arguments | {"school_year": DISTANT_FUTURE.year}
            future = await run_lookup(adapter, yearly_lookup, keys, future_arguments)

        if yearly_lookup.name in self.yearless:
            assert future == current
        else:
            assert [record for answer in future.values() for record in records_in(answer)] == []

    async def test_since_counts_from_that_day_on(self, since_lookup: Lookup, sandbox: Sandbox) -> None:
        """
        A date in the distant past counts everything, one in the distant future nothing; no record is left out.
        """
        keys = sandbox.known_keys(since_lookup.key_kind)[:12]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            without_date, past, future = [
                await run_lookup(adapter, since_lookup, keys, sandbox.arguments() | {"since": day})
                for day in (None, DISTANT_PAST, DISTANT_FUTURE)
            ]

        assert past == without_date
        assert [r for answer in future.values() for r in records_in(answer) if _has_activity(r)] == []
        assert [r for answer in without_date.values() for r in records_in(answer) if _has_activity(r)]

    async def test_an_applied_filter_is_applied(self, filtered_lookup: Lookup, sandbox: Sandbox) -> None:
        """A page that claims to be filtered holds all students who match, and no others."""
        key = sandbox.known_keys(filtered_lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            unfiltered = await run_lookup(adapter, filtered_lookup, [key], sandbox.arguments())
            for student_filter in filters(records_in(unfiltered[key])):
                arguments = sandbox.arguments() | {"filter": student_filter}
                page = (await run_lookup(adapter, filtered_lookup, [key], arguments))[key]

                assert isinstance(page, Page)
                if "ids" in page.applied and student_filter.ids:
                    assert set(student_filter.ids) == {getattr(r, "student_id", None) for r in page.items}
                if "name" in page.applied and student_filter.name:
                    assert page.items
                    assert all(_has_name(record, student_filter.name) for record in page.items)

    async def test_no_filter_is_applied_without_a_filter(self, filtered_lookup: Lookup, sandbox: Sandbox) -> None:
        """A page of an unfiltered list does not claim to be filtered."""
        key = sandbox.known_keys(filtered_lookup.key_kind)[0]
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            page = (await run_lookup(adapter, filtered_lookup, [key], sandbox.arguments()))[key]

        assert page.applied == frozenset()


def filters(records: Sequence[Record]) -> list[StudentFilter]:
    """Filters by one id, by two ids, by a name, and by a grade level."""
    students = [record for record in records if isinstance(record, Student)]
    ids = tuple(StudentId(student.student_id) for student in students)
    names = [StudentFilter(name=student.name.last_name) for student in students[:1]]
    by_grade = StudentFilter(grade_levels=(GradeLevel.NINTH,))
    return [StudentFilter(ids=ids[:1]), StudentFilter(ids=ids[:2]), *names, by_grade]


def _has_name(record: Record, text: str) -> bool:
    """Whether one of a student's names begins with a text."""
    assert isinstance(record, Student)
    names = (record.name.first_name, record.name.middle_name or "", record.name.last_name)
    preferred = record.preferred_name
    all_names = (*names, *((preferred.first_name, preferred.last_name) if preferred else ()))
    return any(name.casefold().startswith(text.casefold()) for name in all_names)


def _has_activity(record: Record) -> bool:
    """Whether a record counts any page view or participation."""
    return bool(getattr(record, "page_views", None) or getattr(record, "participations", None))
