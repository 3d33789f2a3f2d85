"""The students of a cohort: of a section, of a school or of a district."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from student_graph.adapters.answers import Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import SchoolEnrollment, SchoolId, SectionId, StudentId
from student_graph.adapters.sources import District, Key
from student_graph.resolvers.cohorts.conditions.candidates import all_students
from student_graph.resolvers.cohorts.conditions.tree import Reading
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.fields.load import load_many

MAX_COUNTED_STUDENTS = 1_000_000
"""Students of a district that are counted."""


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


async def members_of(info: Info, cohort: Cohort, day: date) -> Members:
    """
    Return the students who are enrolled in a cohort on a day, ordered by main school.

    In a district, students without any recorded enrollment belong to it too.

    Raises:
        AdapterError: a list of students could not be read: a count of some of them would pass for all.
    """
    district = cohort.district
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
    return await _members_of_district(info, district, day)


async def _members_of_district(info: Info, district: District, day: date) -> Members:
    schools = await load_many(info, Adapter.schools_by_district, Key(district.id, district.id))
    enrolled: dict[StudentId, list[tuple[bool, date, SchoolId]]] = {}
    known: set[StudentId] = set()
    for school in sorted({school.school_id for school in schools}):
        rows = await _enrollments(info, district, school)
        known.update(row.student_id for row in rows)
        current = [row for row in rows if _lasts(row, day)]
        for row in current:
            enrolled.setdefault(row.student_id, []).append((bool(row.primary_school), row.entry_date, school))
        hint(info, district, [row.student_id for row in current], Ref("school", school))
    members = {student: _schools(rows) for student, rows in enrolled.items()}
    ordered = dict(sorted(members.items(), key=lambda item: (item[1][0], item[0])))
    return ordered | dict.fromkeys(sorted(set(await _roster(info, district)) - known), ())


def _schools(rows: Sequence[tuple[bool, date, SchoolId]]) -> tuple[SchoolId, ...]:
    """A student's schools, the main one first: the primary school, or else where the enrollment began last."""
    return tuple(dict.fromkeys(school for _, _, school in sorted(rows, reverse=True)))


async def _enrollments(info: Info, district: District, school: SchoolId) -> Sequence[SchoolEnrollment]:
    return await load_many(info, Adapter.school_enrollments_by_school, Key(district.id, school))


async def _roster(info: Info, district: District) -> Sequence[StudentId]:
    """All students of the district; none if no source lists them."""
    lookups = (Adapter.roster_by_district, Adapter.students_by_district)
    if not any(district.sources_for(lookup_of(method)) for method in lookups):
        return []
    return await all_students(Reading(info, district), None, None, MAX_COUNTED_STUDENTS)


def _lasts(row: SchoolEnrollment, day: date) -> bool:
    """Whether an enrollment lasts on a day; the exit is the first day no longer enrolled."""
    return row.entry_date <= day and (row.exit_withdraw_date is None or day < row.exit_withdraw_date)


def hint(info: Info, district: District, students: Sequence[StudentId], ref: Ref) -> None:
    """Tell the operation that a school or section has these students: a source may answer for all at once."""
    info.context.operation.access_hints.add(district.id, "student", students, ref)
