"""Grades, averages, credits and being on track."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from student_graph.adapters.model import AcademicSubject, CourseGrade, GradeLevel, GradeSource, GradeType
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from tests.resolvers.metrics.records.oracle.common import Value, number, subjects_of

MATH = {AcademicSubject.MATHEMATICS}
ENGLISH = {AcademicSubject.ENGLISH_LANGUAGE_ARTS, AcademicSubject.READING, AcademicSubject.WRITING}
CORE = MATH | ENGLISH | {AcademicSubject.SCIENCE, AcademicSubject.SOCIAL_STUDIES}
LETTER_VALUES = {"A": 95, "B": 85, "C": 75, "D": 65, "F": 55}
TERMS = ("Odd", "Fall Semester", "Spring Semester", "Summer")


def in_year(facts: StudentFacts, request: MetricRequest, subjects: set[AcademicSubject]) -> list[CourseGrade]:
    """The grades of the year up to the day, in the subjects."""
    rows = []
    for row in facts.grades:
        section = facts.sections.get(row.section_id) if row.section_id else None
        if row.school_year == 2021 or (row.as_of is not None and row.as_of > request.as_of):
            continue
        if facts.enrollments and row.school_id and row.school_id not in {e.school_id for e in facts.enrollments}:
            continue
        school = row.school_id or (section and section.school_id)
        if request.school is not None and school != request.school:
            continue
        if subjects and not subjects & subjects_of(facts, row.section_id):
            continue
        rows.append(row)
    return rows


def course_of(row: CourseGrade) -> str:
    """A name of the grade's course."""
    for name in (row.section_id, row.lms_course_id, row.course_name):
        if name:
            return name
    return row.vendor_id


def later(rows: list[CourseGrade]) -> CourseGrade:
    """The grade that counts among several."""
    marked = [row for row in rows if row.current] or rows
    newest = max(row.as_of or date.min for row in marked)
    marked = [row for row in marked if (row.as_of or date.min) == newest]
    sequence = max((row.grading_period.sequence or 0) if row.grading_period else 0 for row in marked)
    marked = [r for r in marked if ((r.grading_period.sequence or 0) if r.grading_period else 0) == sequence]
    return max(marked, key=lambda row: row.vendor_id)


def current(facts: StudentFacts, request: MetricRequest, subjects: set[AcademicSubject]) -> list[CourseGrade]:
    """The current grade of each course."""
    never = (GradeType.CONDUCT, GradeType.EXAM, GradeType.COMPUTED_FINAL, GradeType.UNMAPPED)
    rows = [r for r in in_year(facts, request, subjects) if r.grade_type not in never]
    whenever = replace(request, as_of=date.max, school=None, subject=None, memo={})
    in_any_course = [r for r in in_year(facts, whenever, set()) if r.grade_type not in never]
    if any(row.source == GradeSource.SIS for row in in_any_course):
        rows = [row for row in rows if row.source == GradeSource.SIS]
    by_course = [[row for row in rows if course_of(row) == name] for name in {course_of(row) for row in rows}]
    return [later([row for row in course if row.current is not False] or course) for course in by_course]


def posted(
    facts: StudentFacts, request: MetricRequest, subjects: set[AcademicSubject], kind: GradeType
) -> list[CourseGrade]:
    """The posted grades of a type, one for each course and grading period."""
    rows = [r for r in in_year(facts, request, subjects) if r.source == GradeSource.SIS and r.grade_type == kind]

    def period(row: CourseGrade) -> tuple[str, str]:
        return course_of(row), repr(row.grading_period)

    return [later([row for row in rows if period(row) == key]) for key in {period(row) for row in rows}]


def semesters(facts: StudentFacts, request: MetricRequest, subjects: set[AcademicSubject]) -> list[CourseGrade]:
    """Semester grades, and final grades of courses without one."""
    rows = posted(facts, request, subjects, GradeType.SEMESTER)
    courses = {course_of(row) for row in rows}
    finals = posted(facts, request, subjects, GradeType.FINAL)
    return rows + [row for row in finals if course_of(row) not in courses]


def average(rows: Iterable[CourseGrade], *, with_letters: bool) -> Value:
    """The mean of the grades that are numbers."""
    numbers = []
    for row in rows:
        if row.numeric is not None:
            numbers.append(number(row.numeric))
        elif with_letters and (row.letter or "").strip() in LETTER_VALUES:
            numbers.append(Fraction(LETTER_VALUES[(row.letter or "").strip()]))
    return sum(numbers, Fraction(0)) / len(numbers) if numbers else None


def fails(row: CourseGrade, request: MetricRequest) -> bool | None:
    """Whether a grade is failing; the generated districts have a limit, letters, both or neither, and no scale."""
    limit, letters = request.settings.failing_below, request.settings.failing_letters
    if row.numeric is not None and limit is not None:
        return row.numeric < limit
    if row.letter is not None and letters:
        return row.letter.strip().upper() in letters
    return None


def failing(rows: list[CourseGrade], request: MetricRequest) -> Value:
    """How many of the grades are failing; None if none can be judged."""
    verdicts = [verdict for row in rows if (verdict := fails(row, request)) is not None]
    return Fraction(verdicts.count(True)) if verdicts else None


def academic_records(facts: StudentFacts) -> list[Any]:
    """The records up to this year, the latest first."""
    rows = [row for row in facts.academic_records if row.school_year <= 2022]
    numbered = list(enumerate(rows))
    numbered.sort(key=lambda pair: (pair[1].school_year, TERMS.index(pair[1].term.code_value), pair[0]))
    return [row for _, row in reversed(numbered)]


def gpa(facts: StudentFacts, _: MetricRequest) -> Value:
    """The latest cumulative average, unweighted before weighted before others."""
    for record in academic_records(facts):
        for kinds in (("unweighted",), ("weighted",), ("other", "")):
            for row in record.grade_point_averages:
                if row.cumulative and (row.type.code_value.lower() if row.type else "") in kinds:
                    return number(row.value)
    return None


def credits_earned(facts: StudentFacts, _: MetricRequest) -> Value:
    """The latest credits that are stated."""
    stated = [row.cumulative_earned_credits for row in academic_records(facts)]
    return next((number(value) for value in stated if value is not None), None)


def grade_now(facts: StudentFacts, request: MetricRequest) -> GradeLevel | None:
    """The grade level on the day."""
    rows = [
        row
        for row in facts.enrollments
        if row.entry_date <= request.as_of
        and (not row.exit_withdraw_date or request.as_of < row.exit_withdraw_date)
    ]
    rows = [row for row in rows if row.primary_school] or rows
    newest = [row for row in rows if row.entry_date == max(other.entry_date for other in rows)]
    return newest[0].grade_level if newest else None


def freshman(facts: StudentFacts, request: MetricRequest) -> Value:
    """On track in ninth grade; the generated year has ended on its last day only."""
    earned = credits_earned(facts, request)
    if grade_now(facts, request) != GradeLevel.NINTH:
        return None
    verdicts = [fails(row, request) for row in semesters(facts, request, CORE)]
    if verdicts.count(True) > 1:
        return Fraction(0)
    if verdicts.count(True) + verdicts.count(None) > 1 or earned is None:
        return None
    if earned >= 5:
        return Fraction(1)
    return Fraction(0) if request.as_of >= date(2022, 5, 27) else None


def fayette(facts: StudentFacts, request: MetricRequest) -> Value:
    """On track by credits of the block schedule."""
    due = {GradeLevel.NINTH: 5, GradeLevel.TENTH: 12, GradeLevel.ELEVENTH: 18, GradeLevel.TWELFTH: 26}
    earned, grade = credits_earned(facts, request), grade_now(facts, request)
    order = [GradeLevel.EIGHTH, *due]
    if grade is None or earned is None:
        return None
    if request.as_of < date(2022, 5, 27):
        grade = order[order.index(grade) - 1] if grade != GradeLevel.EIGHTH else None
    return Fraction(int(earned >= due[grade])) if grade in due else None
