"""Conditions and orders of students as clients write them."""

from __future__ import annotations

from datetime import date
from enum import Enum

import strawberry

from student_graph.adapters.model import AcademicSubject, GradeLevel
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.metrics.groups import MealStatus
from student_graph.resolvers.metrics.measure import Level, Metric
from student_graph.resolvers.metrics.presets.preset import WindowKind


class ProgramKind(Enum):
    """A kind of program. Each kind has the class of data of its records."""

    LANGUAGE_INSTRUCTION = "English language instruction"
    TITLE_I = "Title I Part A"
    MIGRANT = "Migrant Education"
    GIFTED_AND_TALENTED = "Gifted and Talented"
    CAREER_AND_TECHNICAL = "Career and Technical Education"
    OTHER = "Another program"
    SPECIAL_EDUCATION = "Special education"
    SECTION_504 = "Section 504"
    HOMELESS = "Program for homeless children"


class SortDirection(Enum):
    """The direction of an order. Students without a value are last in each of them."""

    ASCENDING = "Lowest values first"
    DESCENDING = "Highest values first"
    RISK_FIRST = "Most at risk first"
    """High absences first, but low averages first: as the preset judges them."""


for _enum in (AcademicSubject, GradeLevel, MealStatus, Level, Metric, WindowKind, ProgramKind, SortDirection):
    described_enum(_enum)


@described
@strawberry.input
class EnrollmentCondition:
    """
    An enrollment at a school that meets all of this.

    Without dates of entry or exit it is one that lasts on the day of the list.
    """

    school: strawberry.ID | None = None
    """At this school, given as its id or as the district's own number of it."""
    grade_levels: list[GradeLevel] | None = None
    """In one of these grade levels at entry."""
    entered_from: date | None = None
    """Entered on this day or later."""
    entered_to: date | None = None
    """Entered on this day or earlier."""
    left_from: date | None = None
    """Left on this day or later. The day of exit is the first day no longer enrolled."""
    left_to: date | None = None
    """Left on this day or earlier."""


@described
@strawberry.input
class ProgramCondition:
    """Participation in a program on the day of the list."""

    kind: ProgramKind
    """The kind of program."""


@described
@strawberry.input
class MealCondition:
    """What the student pays for meals on the day of the list."""

    statuses: list[MealStatus]
    """One of these."""


@described
@strawberry.input
class BusCondition:
    """A bus that the student takes, as it is recorded now; any bus if nothing is named."""

    routes: list[str] | None = None
    """On one of these routes, by code."""
    buses: list[str] | None = None
    """One of these buses, by number."""


@described
@strawberry.input
class MetricCondition:
    """
    A metric of attendance, behavior, courses, work or tests: its level, its value, or both.

    A student without a value meets no bound; the level is then `NOT_EVALUATED`.
    """

    metric: Metric
    """The metric."""
    preset: str | None = None
    """Name of the preset that defines and judges it; that of the district if omitted."""
    level: list[Level] | None = None
    """The preset's level is one of these."""
    at_least: float | None = None
    """This value or more. Shares are from 0 to 1: 10 % is `0.1`."""
    at_most: float | None = None
    """This value or less."""
    above: float | None = None
    """More than this value."""
    below: float | None = None
    """Less than this value."""
    window: WindowKind | None = None
    """The days that count; those of the preset if omitted."""
    subject: AcademicSubject | None = None
    """Only courses or tests of this subject."""
    family: str | None = None
    """Only tests of this family, such as `ACT`."""


@described
@strawberry.input
class AssessmentCondition:
    """
    The student's latest result in a family of tests and a subject.

    A student without such a result does not meet it.
    Levels and percentiles are those that the source states. Levels of two families are never compared.
    """

    family: str
    """The family of tests, such as `ACT`."""
    subject: AcademicSubject | None = None
    """Only tests of this subject."""
    proficient: bool | None = None
    """Whether the level counts as proficient in the family."""
    rank_at_least: int | None = None
    """The level has this rank in the family, or a higher one; the lowest rank is 1."""
    rank_at_most: int | None = None
    """The level has this rank in the family, or a lower one."""
    percentile_at_least: float | None = None
    """The percentile is this one or a higher one."""
    percentile_below: float | None = None
    """The percentile is lower than this one."""


@described
@strawberry.input(one_of=True)
class StudentCondition:
    """
    A condition that a student meets or not: exactly one of these.

    A condition on data of a class that the viewer is not granted is refused, whatever the data hold. At most 20
    conditions, with `all`, `any` and `not` at most five levels deep.
    """

    all: list[StudentCondition] | None = strawberry.UNSET
    """Students who meet all of these."""
    any: list[StudentCondition] | None = strawberry.UNSET
    """Students who meet at least one of these."""
    not_: StudentCondition | None = strawberry.field(name="not", default=strawberry.UNSET)
    """Students who do not meet this. Students whose data could not be read are undecided, and not listed."""
    enrollment: EnrollmentCondition | None = strawberry.UNSET
    """Students with such an enrollment at a school."""
    grade_levels: list[GradeLevel] | None = strawberry.UNSET
    """Students who are in one of these grade levels on the day of the list."""
    section: strawberry.ID | None = strawberry.UNSET
    """Students who are enrolled in this section on the day of the list."""
    program: ProgramCondition | None = strawberry.UNSET
    """Students in a program."""
    meals: MealCondition | None = strawberry.UNSET
    """Students by what they pay for meals."""
    bus: BusCondition | None = strawberry.UNSET
    """Students who take a bus."""
    metric: MetricCondition | None = strawberry.UNSET
    """Students by a metric of attendance, behavior, courses, work or tests."""
    assessment: AssessmentCondition | None = strawberry.UNSET
    """Students by their latest result in a family of tests."""


@described
@strawberry.input
class StudentOrder:
    """
    The order of a list: by a metric, and by student number where values are equal.

    Students without a value are last, and after them those whose value could not be read.
    """

    metric: Metric
    """The metric."""
    preset: str | None = None
    """Name of the preset that defines it; that of the district if omitted."""
    direction: SortDirection = SortDirection.RISK_FIRST
    """The direction."""
    window: WindowKind | None = None
    """The days that count; those of the preset if omitted."""
    subject: AcademicSubject | None = None
    """Only courses or tests of this subject."""
    family: str | None = None
    """Only tests of this family, such as `ACT`."""
