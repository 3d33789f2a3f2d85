"""Conditions on enrollment, programs, meals and buses, made from what clients write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.model import (
    FoodService,
    GradeLevel,
    ProgramType,
    SchoolEnrollment,
    SchoolId,
    SectionEnrollment,
    SectionId,
    Transportation,
)
from student_graph.resolvers.cohorts.conditions.inputs import (
    BusCondition,
    EnrollmentCondition,
    MealCondition,
    ProgramCondition,
    ProgramKind,
)
from student_graph.resolvers.cohorts.conditions.leaves import RecordLeaf
from student_graph.resolvers.cohorts.conditions.requests import DistrictDay
from student_graph.resolvers.cohorts.conditions.tree import Leaf, RecordList
from student_graph.resolvers.fields.dates import is_active, is_within
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.metrics.groups import MealStatus, grade_level, meal_status, participates

GRADE_LEVEL_SHARE = 1 / 13
"""About which share of students is in one grade level: from kindergarten to twelfth grade."""
SCHOOL_SHARE = 0.1
SECTION_SHARE = 0.01
PROGRAM_SHARE = 0.1
MEAL_STATUS_SHARE = 0.4
BUS_SHARE = 0.3

_OWN_PROGRAMS: dict[ProgramKind, tuple[Any, Any]] = {
    ProgramKind.SPECIAL_EDUCATION: (Adapter.special_education_by_student, Adapter.special_education_by_district),
    ProgramKind.SECTION_504: (Adapter.section_504_by_student, Adapter.section_504_by_district),
    ProgramKind.HOMELESS: (Adapter.homelessness_by_student, Adapter.homelessness_by_district),
}
"""The lookups of programs that have a class of data of their own: of a student, and of a district."""


def school_leaf(school: SchoolId, day: date, grade_levels: Sequence[GradeLevel] | None = None) -> Leaf:
    """Return the condition that a student is enrolled at a school on a day, in one of some grade levels if any."""
    text = f"enrolled at school {school} on {day}"
    return _enrollment_leaf(text, _matching(school, grade_levels, lambda row: _lasts(row, day)), school)


def grade_level_leaf(grade_levels: Sequence[GradeLevel], day: date) -> Leaf:
    """Return the condition that a student's grade level on a day is one of some."""
    levels = frozenset(grade_levels)

    def matches(rows: Sequence[SchoolEnrollment]) -> bool:
        return grade_level(rows, day) in levels

    return RecordLeaf(
        text=f"grade level {', '.join(level.name for level in grade_levels)} on {day}",
        method=Adapter.school_enrollments_by_student,
        matches=matches,
        share=min(1.0, len(levels) * GRADE_LEVEL_SHARE),
        needs_one=False,
    )


def enrollment_leaf(condition: EnrollmentCondition, school: SchoolId | None, day: date) -> Leaf:
    """
    Return the condition of an enrollment.

    Raises:
        GraphQLError: its dates contradict each other, or it names no grade level.
    """
    entered, left = (condition.entered_from, condition.entered_to), (condition.left_from, condition.left_to)
    for name, (first, last) in (("entered", entered), ("left", left)):
        if first is not None and last is not None and last < first:
            raise bad_input(f"enrollment.{name}To: it is before {name}From; no enrollment has such a day.")
    require_some("enrollment.gradeLevels", condition.grade_levels)
    has_dates = any(bound is not None for bound in (*entered, *left))

    def in_time(row: SchoolEnrollment) -> bool:
        if not has_dates:
            return _lasts(row, day)
        has_left = row.exit_withdraw_date is not None and is_within(row.exit_withdraw_date, *left)
        return is_within(row.entry_date, *entered) and (left == (None, None) or has_left)

    parts = [f"at school {school}" if school else "at a school"]
    parts += [f"in {', '.join(level.name for level in condition.grade_levels)}"] if condition.grade_levels else []
    parts += ["with dates of entry or exit" if has_dates else f"on {day}"]
    return _enrollment_leaf(
        f"enrolled {' '.join(parts)}", _matching(school, condition.grade_levels, in_time), school
    )


def section_leaf(section: SectionId, day: date) -> Leaf:
    """Return the condition that a student is enrolled in a section on a day."""

    def matches(rows: Sequence[SectionEnrollment]) -> bool:
        return any(row.section_id == section and is_active(row.begin_date, row.end_date, day) for row in rows)

    return RecordLeaf(
        text=f"enrolled in a section on {day}",
        method=Adapter.section_enrollments_by_student,
        matches=matches,
        share=SECTION_SHARE,
        record_list=RecordList(Adapter.section_enrollments_by_section, section),
    )


def program_lookup(kind: ProgramKind) -> LookupMethod:
    """Return the lookup of a student's participations in a kind of program."""
    method: LookupMethod = _OWN_PROGRAMS.get(kind, (Adapter.program_participations_by_student,))[0]
    return method


def program_leaf(condition: ProgramCondition, at: DistrictDay) -> Leaf:
    """Return the condition of a program."""
    kind, day = condition.kind, at.day
    program_type = None if kind in _OWN_PROGRAMS else ProgramType[kind.name]
    own = (Adapter.program_participations_by_student, Adapter.program_participations_by_district)
    of_student, of_district = _OWN_PROGRAMS.get(kind, own)

    def matches(rows: Sequence[Any]) -> bool:
        return any(
            participates(row, day) for row in rows if program_type is None or row.program_type is program_type
        )

    return RecordLeaf(
        text=f"program {kind.name} on {day}",
        method=of_student,
        matches=matches,
        share=PROGRAM_SHARE,
        record_list=RecordList(of_district, at.district.id),
    )


def meal_leaf(condition: MealCondition, at: DistrictDay) -> Leaf:
    """
    Return the condition of a meal status.

    Raises:
        GraphQLError: it names no status.
    """
    require_some("meals.statuses", condition.statuses)
    statuses, day = frozenset(condition.statuses), at.day
    of_district = RecordList(Adapter.food_service_by_district, at.district.id)

    def matches(rows: Sequence[FoodService]) -> bool:
        return meal_status(rows, day, at.settings.meanings) in statuses

    return RecordLeaf(
        text=f"meals {', '.join(status.name for status in condition.statuses)} on {day}",
        method=Adapter.food_service_by_student,
        matches=matches,
        share=MEAL_STATUS_SHARE,
        # Students without a record are in no list.
        record_list=None if MealStatus.NONE_RECORDED in statuses else of_district,
        needs_one=False,
    )


def bus_leaf(condition: BusCondition, at: DistrictDay) -> Leaf:
    """
    Return the condition of a bus.

    Raises:
        GraphQLError: it names no route or no bus in an empty list.
    """
    require_some("bus.routes", condition.routes)
    require_some("bus.buses", condition.buses)
    routes, buses = frozenset(condition.routes or ()), frozenset(condition.buses or ())

    def takes(row: Transportation) -> bool:
        route = row.bus_route.code_value if row.bus_route else None
        if not routes and not buses:
            return bool(route or row.bus_number)
        return (not routes or route in routes) and (not buses or row.bus_number in buses)

    return RecordLeaf(
        text="takes a bus" if not routes and not buses else "takes one of some buses",
        method=Adapter.transportation_by_student,
        matches=lambda rows: any(map(takes, rows)),
        share=BUS_SHARE,
        record_list=RecordList(Adapter.transportation_by_district, at.district.id),
    )


def require_some(name: str, values: Sequence[Any] | None) -> None:
    """
    Check that a list that is named holds something.

    Raises:
        GraphQLError: it is empty.
    """
    if values is not None and not values:
        raise bad_input(f"{name}: name at least one, or omit it.")


def _lasts(row: SchoolEnrollment, day: date) -> bool:
    """Whether an enrollment lasts on a day; the exit is the first day no longer enrolled."""
    return row.entry_date <= day and (row.exit_withdraw_date is None or day < row.exit_withdraw_date)


def _matching(
    school: SchoolId | None, grade_levels: Sequence[GradeLevel] | None, in_time: Callable[[SchoolEnrollment], bool]
) -> Callable[[Sequence[SchoolEnrollment]], bool]:
    """Whether one of a student's enrollments is at a school, in some grade levels, and in time."""

    def matches(rows: Sequence[SchoolEnrollment]) -> bool:
        return any(
            (school is None or row.school_id == school)
            and (grade_levels is None or row.grade_level in grade_levels)
            and in_time(row)
            for row in rows
        )

    return matches


def _enrollment_leaf(
    text: str, matches: Callable[[Sequence[SchoolEnrollment]], bool], school: SchoolId | None
) -> Leaf:
    return RecordLeaf(
        text=text,
        method=Adapter.school_enrollments_by_student,
        matches=matches,
        share=0.9 if school is None else SCHOOL_SHARE,
        record_list=None if school is None else RecordList(Adapter.school_enrollments_by_school, school),
    )
