"""Which grades count: the current one of each course, of one source, in the subjects of a request."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from student_graph.adapters.model import (
    AcademicSubject,
    CourseGrade,
    GradeSource,
    GradeType,
    SchoolEnrollment,
    SchoolId,
    SectionId,
)
from student_graph.resolvers.metrics.exact import exact
from student_graph.resolvers.metrics.facts import MetricSettings, StudentFacts
from student_graph.resolvers.metrics.meanings import comparable
from student_graph.resolvers.metrics.measure import DataQuality
from student_graph.resolvers.metrics.tally import Scope

_NEVER_CURRENT = frozenset({GradeType.CONDUCT, GradeType.EXAM, GradeType.COMPUTED_FINAL, GradeType.UNMAPPED})
"""Types that say nothing about the present standing in the course."""
_SEMESTER_TYPES = (GradeType.SEMESTER, GradeType.FINAL)
_DAYS_TO_MIDDLE_OF_YEAR = timedelta(days=200)


@dataclass(slots=True)
class Grades:
    """Grades of one student that count."""

    rows: list[CourseGrade]
    quality: set[DataQuality] = field(default_factory=set)

    @property
    def source(self) -> str:
        """The source of the grades, as a sentence."""
        return _SOURCES[self.rows[0].source] if self.rows else "No grade is recorded."


_SOURCES = {
    GradeSource.SIS: "Grades posted in the student information system.",
    GradeSource.LMS: "Grades computed by the learning management system.",
}


def school_year_of(year_start: date) -> int:
    """The school year that begins on a day, named by the calendar year in which it ends."""
    return (year_start + _DAYS_TO_MIDDLE_OF_YEAR).year


def current_grades(facts: StudentFacts, scope: Scope) -> Grades:
    """
    The current grade of each course.

    It is the grade that the source marks as current, or else the latest one by date and then by grading period.
    One that is marked as not current counts only in a course without another: in Ed-Fi the mark says that a grade
    is interim, and final grades do not have it. Conduct, exams and grades that count ungraded work as zero are
    never current. If the SIS posts any for the student in the year, those of the LMS do not count: the two are
    never merged.
    """
    grades = _in_scope(facts, scope)
    rows = list(filter(_may_be_current, grades.rows))
    if has_posted_grade(facts.grades, facts.enrollments, school_year_of(scope.request.year_start)):
        rows = [row for row in rows if row.source is GradeSource.SIS]
    by_course: dict[object, CourseGrade] = {}
    for row in rows:
        known = by_course.get(_course_of(row))
        if known is None or _current_order(row) > _current_order(known):
            by_course[_course_of(row)] = row
    return Grades(list(by_course.values()), grades.quality)


def has_posted_grade(
    grades: Iterable[CourseGrade], enrollments: Iterable[SchoolEnrollment], school_year: int
) -> bool:
    """Return whether the SIS posts a grade of a student that may be current, in whatever course it is."""
    enrolled = {enrollment.school_id for enrollment in enrollments}
    return any(
        row.source is GradeSource.SIS
        and row.school_year in (None, school_year)
        and _may_be_current(row)
        and not _is_elsewhere(row, enrolled)
        for row in grades
    )


def _may_be_current(row: CourseGrade) -> bool:
    return row.grade_type not in _NEVER_CURRENT


def _is_elsewhere(row: CourseGrade, enrolled: Collection[SchoolId]) -> bool:
    """Whether a grade is at a school where the student has no enrollment; never if none is recorded."""
    return bool(enrolled) and row.school_id is not None and row.school_id not in enrolled


def grading_period_grades(facts: StudentFacts, scope: Scope) -> Grades:
    """The posted grades of grading periods, the latest one of each course and period."""
    return _posted(facts, scope, (GradeType.GRADING_PERIOD,))


def semester_grades(facts: StudentFacts, scope: Scope) -> Grades:
    """The posted grades of semesters; final grades for courses without a grade of a semester."""
    grades = _posted(facts, scope, _SEMESTER_TYPES)
    with_semester = {_course_of(row) for row in grades.rows if row.grade_type is GradeType.SEMESTER}
    rows = [
        row for row in grades.rows if row.grade_type is GradeType.SEMESTER or _course_of(row) not in with_semester
    ]
    return Grades(rows, grades.quality)


def is_failing(grade: CourseGrade, settings: MetricSettings) -> bool | None:
    """
    Whether a grade is failing by the district's settings; None if they do not say.

    A number counts before a letter. A letter that the grade scale does not have, such as an incomplete, is not
    judged.
    """
    limit, number = exact(settings.failing_below), exact(grade.numeric)
    if limit is not None and number is not None:
        return number < limit
    if grade.letter is None:
        return None
    letter = comparable(grade.letter)
    if letter in {comparable(failing) for failing in settings.failing_letters}:
        return True
    scale = {comparable(name): exact(value) for name, value in settings.grade_scale.items()}
    if scale:
        value, is_configured = scale.get(letter), limit is not None or bool(settings.failing_letters)
        return _is_below(value, limit) if value is not None and is_configured else None
    return False if settings.failing_letters else None


def number_of(grade: CourseGrade, letter_values: Sequence[tuple[str, Fraction]]) -> Fraction | None:
    """A grade as a number: the numeric grade, else what its letter counts in the rule; else None."""
    number = exact(grade.numeric)
    return number if number is not None else dict(letter_values).get((grade.letter or "").strip())


def _is_below(value: Fraction, limit: Fraction | None) -> bool:
    return limit is not None and value < limit


def _posted(facts: StudentFacts, scope: Scope, types: Iterable[GradeType]) -> Grades:
    """The grades of some types from the SIS, the latest one of each course, type and grading period."""
    grades = _in_scope(facts, scope)
    by_period: dict[object, CourseGrade] = {}
    for row in grades.rows:
        if row.source is GradeSource.SIS and row.grade_type in types:
            key = (_course_of(row), row.grade_type, _period_of(row))
            known = by_period.get(key)
            if known is not None:
                grades.quality.add(DataQuality.REPEATED_RECORDS)
            if known is None or _order(row) > _order(known):
                by_period[key] = row
    return Grades(list(by_period.values()), grades.quality)


def _in_scope(facts: StudentFacts, scope: Scope) -> Grades:
    """
    The grades of the school year up to the day, at the school and in the subjects of the request.

    A grade at a school where the student has no enrollment, not even an ended one, is left out. If no enrollment
    is recorded, all grades count. A grade that names no school always counts.
    """
    request = scope.request
    school_year, latest = school_year_of(request.year_start), request.latest_date
    enrolled = {enrollment.school_id for enrollment in facts.enrollments}
    rows: list[CourseGrade] = []
    quality: set[DataQuality] = set()
    for row in facts.grades:
        if row.school_year not in (None, school_year) or (row.as_of is not None and row.as_of > latest):
            continue
        if _is_elsewhere(row, enrolled):
            quality.add(DataQuality.GRADES_OUTSIDE_ENROLLMENT)
            continue
        if request.school is not None and _school_of(facts, row) != request.school:
            continue
        if is_in_subjects(facts, row.section_id, scope, quality):
            rows.append(row)
    return Grades(rows, quality)


def is_in_subjects(
    facts: StudentFacts, section_id: SectionId | None, scope: Scope, quality: set[DataQuality]
) -> bool:
    """Whether a section is in a requested subject. An unknown subject is added to `quality`."""
    if not scope.subjects:
        return True
    course = None if section_id is None else facts.courses.get(section_id)
    subjects = frozenset(course.subjects if course else ()) - {AcademicSubject.UNMAPPED}
    if not subjects:
        quality.add(DataQuality.SUBJECT_UNKNOWN)
    return not subjects.isdisjoint(scope.subjects)


def _school_of(facts: StudentFacts, row: CourseGrade) -> SchoolId | None:
    """The school of a grade: the one that it names, else that of its section; None if neither is known."""
    section = None if row.section_id is None else facts.sections.get(row.section_id)
    return row.school_id or (None if section is None else section.school_id)


def _course_of(row: CourseGrade) -> object:
    """What identifies the course of a grade: its section, or else the LMS's course, or else its name."""
    return row.section_id or row.lms_course_id or row.course_name or row.vendor_id


def _period_of(row: CourseGrade) -> object:
    period = row.grading_period
    return period and (period.school_year, period.sequence, period.name, period.descriptor.code_value)


def _current_order(row: CourseGrade) -> tuple[bool, bool, date, int, str]:
    """Marked as not current after all others, else in the order of `_order`."""
    return (row.current is not False, *_order(row))


def _order(row: CourseGrade) -> tuple[bool, date, int, str]:
    """Marked as current before all others, then by date, by grading period, and by the vendor's id."""
    sequence = row.grading_period.sequence if row.grading_period else None
    return (row.current is True, row.as_of or date.min, sequence or 0, row.vendor_id)
