"""What keyword arguments promise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, Page, StudentFilter
from student_graph.adapters.model import GradeLevel, Record, Student, StudentId
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import ask, built, records_of

LONG_AGO, FAR_OFF = date(1990, 1, 1), date(2990, 1, 1)


class Arguments:
    """Every keyword argument of the contract, in every lookup that takes it."""

    kind: type[Adapter]
    yearless: ClassVar[frozenset[str]] = frozenset()
    """Lookups that answer the same for every school year, because the vendor keeps none."""

    async def test_another_school_year_has_other_records(self, yearly: Lookup, sandbox: Sandbox) -> None:
        """A year of which the vendor has nothing has no records; nothing of another year stands in for it."""
        keys = sandbox.known_keys(yearly.key_kind)
        arguments = sandbox.arguments()
        async with built(sandbox, kind=self.kind) as adapter:
            now = await ask(adapter, yearly, keys, arguments)
            then = await ask(adapter, yearly, keys, arguments | {"school_year": FAR_OFF.year})

        if yearly.name in self.yearless:
            assert then == now
        else:
            assert [record for answer in then.values() for record in records_of(answer)] == []

    async def test_since_counts_from_that_day_on(self, dated: Lookup, sandbox: Sandbox) -> None:
        """From long ago on everything counts, from the far future on nothing does; nobody is left out for it."""
        keys = sandbox.known_keys(dated.key_kind)[:12]
        async with built(sandbox, kind=self.kind) as adapter:
            always, ever, never = [
                await ask(adapter, dated, keys, sandbox.arguments() | {"since": day})
                for day in (None, LONG_AGO, FAR_OFF)
            ]

        assert ever == always
        assert [record for told in never.values() for record in records_of(told) if _counts(record)] == []
        assert [record for told in always.values() for record in records_of(told) if _counts(record)]

    async def test_an_applied_filter_is_applied(self, filtered: Lookup, sandbox: Sandbox) -> None:
        """What the vendor is said to have filtered by, it has: everybody who fits, and nobody else."""
        key = sandbox.known_keys(filtered.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            everybody = records_of((await ask(adapter, filtered, [key], sandbox.arguments()))[key])
            for wanted in filters(everybody):
                arguments = sandbox.arguments() | {"filter": wanted}
                page = (await ask(adapter, filtered, [key], arguments))[key]

                assert isinstance(page, Page)
                if "ids" in page.applied and wanted.ids:
                    assert set(wanted.ids) == {getattr(record, "student_id", None) for record in page.items}
                if "name" in page.applied and wanted.name:
                    assert page.items
                    assert all(_is_named(record, wanted.name) for record in page.items)

    async def test_only_filters_that_were_given_are_applied(self, filtered: Lookup, sandbox: Sandbox) -> None:
        """Without a filter nothing is claimed to have been filtered by."""
        key = sandbox.known_keys(filtered.key_kind)[0]
        async with built(sandbox, kind=self.kind) as adapter:
            page = (await ask(adapter, filtered, [key], sandbox.arguments()))[key]

        assert page.applied == frozenset()


def filters(everybody: Sequence[Record]) -> list[StudentFilter]:
    """Filters by one id, by two, by a name, and by a grade level."""
    some = [record for record in everybody if isinstance(record, Student)]
    ids = tuple(StudentId(student.student_id) for student in some)
    names = [StudentFilter(name=student.name.last_name) for student in some[:1]]
    by_grade = StudentFilter(grade_levels=(GradeLevel.NINTH,))
    return [StudentFilter(ids=ids[:1]), StudentFilter(ids=ids[:2]), *names, by_grade]


def _is_named(record: Record, text: str) -> bool:
    """Whether a student's family name begins so; other parts of a name may fit as well."""
    assert isinstance(record, Student)
    parts = (record.name.first_name, record.name.middle_name or "", record.name.last_name)
    preferred = record.preferred_name
    known = (*parts, *((preferred.first_name, preferred.last_name) if preferred else ()))
    return any(part.casefold().startswith(text.casefold()) for part in known)


def _counts(record: Record) -> bool:
    """Whether a record counts any page view or participation."""
    return bool(getattr(record, "page_views", None) or getattr(record, "participations", None))
