"""The students of a cohort: of a section, of a school or of a district."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import TypeAlias, cast

from student_graph.adapters.answers import Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Window, lookup_of
from student_graph.adapters.model import SchoolEnrollment, SchoolId, SectionId, StudentId
from student_graph.adapters.sources import District, Key
from student_graph.resolvers.cohorts.conditions.candidates import all_students
from student_graph.resolvers.cohorts.conditions.planner import STUDENTS_PER_PAGE
from student_graph.resolvers.cohorts.conditions.tree import Reading
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.fields.load import load_many, load_page

MAX_LISTED_STUDENTS = 1_000_000
"""Maximum length of the list of a district's students, which also has those without an enrollment."""
SCHOOLS_PER_READ = 8
"""Number of schools whose enrollments are read at once: about a megabyte."""
MAX_REMEMBERED_STUDENTS = 5_000
"""Maximum size of a cohort whose records the operation keeps, so that its response can be cached."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """A fixed group of students: all of a section, of a school or of a district."""

    district: District
    school: SchoolId | None = None
    """The school; None for a section or the district."""
    section: SectionId | None = None
    """The section; None for a school or the district."""

    @property
    def is_district(self) -> bool:
        """Whether these are all students of the district."""
        return self.school is None and self.section is None


Members = Mapping[StudentId, tuple[SchoolId, ...]]
"""The students of a cohort with their schools, the main school first; without schools if none is recorded."""
_Rank: TypeAlias = tuple[bool, date, SchoolId]
"""Decides which school of a student is the main one: the one that the source marks, or else the last entry."""


def counting_info(info: Info, *, everybody: bool, forget: bool) -> Info:
    """
    Return the same field of the same operation with a context for a part of the students.

    With `everybody` it reads all students, for counts only. With `forget`, the operation holds none of its
    records.
    """
    counting = info.context.counting
    if counting is None:
        return info
    context = counting(everybody=everybody, forget=forget)
    return cast("Info", SimpleNamespace(context=context, path=info.path))


async def members_of(info: Info, cohort: Cohort, day: date, *, for_counts: bool) -> Members:
    """
    Return the students who are enrolled in a cohort on a day, ordered by main school.

    In a district, students without any recorded enrollment belong to it too. Members who are read `for_counts` may
    be students that the viewer does not see.

    Raises:
        AdapterError: a list of students could not be read: a count of some of them would pass for all.
    """
    district, viewer_info = cohort.district, info
    if for_counts:
        info = counting_info(viewer_info, everybody=True, forget=False)
    if cohort.section is not None:
        rows = await load_many(info, Adapter.section_enrollments_by_section, Key(district.id, cohort.section))
        students = sorted({row.student_id for row in rows if is_active(row.begin_date, row.end_date, day)})
        hint(info, district, students, Ref("section", cohort.section))
        return dict.fromkeys(students, ())
    if cohort.school is not None:
        enrollments = await _enrollments(info, district, cohort.school)
        students = sorted({row.student_id for row in enrollments if _lasts(row, day)})
        hint(info, district, students, Ref("school", cohort.school))
        return dict.fromkeys(students, (cohort.school,))

    def forgetting() -> Info:
        return counting_info(viewer_info, everybody=for_counts, forget=True)

    return await _members_of_district(info, district, day, forgetting)


async def _members_of_district(
    info: Info, district: District, day: date, forgetting: Callable[[], Info]
) -> Members:
    """The students of a district; what is read of many students is read with `forgetting` contexts."""
    schools = await load_many(info, Adapter.schools_by_district, Key(district.id, district.id))
    enrolled: dict[StudentId, tuple[_Rank, ...]] = {}
    known: set[StudentId] = set()
    shared: dict[tuple[_Rank, ...], tuple[_Rank, ...]] = {}  # most students of a school entered on one day
    names = sorted({school.school_id for school in schools})
    for start in range(0, len(names), SCHOOLS_PER_READ):
        reader = info if len(known) <= MAX_REMEMBERED_STUDENTS else forgetting()
        part = names[start : start + SCHOOLS_PER_READ]
        lists = await asyncio.gather(*(_enrollments(reader, district, school) for school in part))
        for school, rows in zip(part, lists, strict=True):
            known.update(row.student_id for row in rows)
            current = [row for row in rows if _lasts(row, day)]
            for row in current:
                ranks = (*enrolled.get(row.student_id, ()), (bool(row.primary_school), row.entry_date, school))
                enrolled[row.student_id] = shared.setdefault(ranks, ranks)
            hint(info, district, [row.student_id for row in current], Ref("school", school))
    schools_of = {ranks: _schools(ranks) for ranks in shared}
    ordered = sorted(enrolled, key=lambda student: (schools_of[enrolled[student]][0], student))
    members = {student: schools_of[enrolled[student]] for student in ordered}
    others = await _students_besides(info, district, known, forgetting)
    return members | dict.fromkeys(sorted(others), ())


def _schools(ranks: Sequence[_Rank]) -> tuple[SchoolId, ...]:
    """A student's schools, the main one first: the primary school, or else where the enrollment began last."""
    return tuple(dict.fromkeys(school for _, _, school in sorted(ranks, reverse=True)))


async def _enrollments(info: Info, district: District, school: SchoolId) -> Sequence[SchoolEnrollment]:
    return await load_many(info, Adapter.school_enrollments_by_school, Key(district.id, school))


async def _students_besides(
    info: Info, district: District, known: Collection[StudentId], forgetting: Callable[[], Info]
) -> set[StudentId]:
    """
    The students of the district without those who are `known`; none if no source lists the students.

    The list of a large district is read page by page: a source may refuse so long a list, and no page is held.
    """
    is_paged = bool(district.sources_for(lookup_of(Adapter.students_by_district)))
    if is_paged and len(known) > MAX_REMEMBERED_STUDENTS:
        return await _students_by_page(district, known, forgetting)
    if not is_paged and not district.sources_for(lookup_of(Adapter.roster_by_district)):
        return set()
    reader = info if len(known) <= MAX_REMEMBERED_STUDENTS else forgetting()
    return set(await all_students(Reading(reader, district), None, None, MAX_LISTED_STUDENTS)).difference(known)


async def _students_by_page(
    district: District, known: Collection[StudentId], forgetting: Callable[[], Info]
) -> set[StudentId]:
    students: set[StudentId] = set()
    after: str | None = None
    while True:
        page = await load_page(
            forgetting(),
            Adapter.students_by_district,
            Key(district.id, district.id),
            Window(STUDENTS_PER_PAGE, after),
        )
        students.update(record.student_id for record in page.items if record.student_id not in known)
        after = page.after
        if after is None:
            return students


def _lasts(row: SchoolEnrollment, day: date) -> bool:
    """Whether an enrollment lasts on a day; the exit is the first day no longer enrolled."""
    return row.entry_date <= day and (row.exit_withdraw_date is None or day < row.exit_withdraw_date)


def hint(info: Info, district: District, students: Sequence[StudentId], ref: Ref) -> None:
    """Tell the operation that a school or section has these students: a source may answer for all at once."""
    info.context.operation.access_hints.add(district.id, "student", students, ref)
