"""Grades, academic records and assessments."""

from datetime import date, datetime
from enum import Enum
from typing import NewType

from student_graph.adapters.model.codes import (
    AcademicSubject,
    GradeLevel,
    LmsCourseId,
    SchoolId,
    SectionId,
    StudentId,
)
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity, internal, record, value

AssessmentId = NewType("AssessmentId", str)
"""Id of an assessment: one opaque text that the source builds; for Ed-Fi, from identifier and namespace."""


class GradeType(Enum):
    """The kind of a grade."""

    GRADING_PERIOD = "Grading Period"
    MID_TERM = "Mid-Term Grade"
    PROGRESS = "Progress Report"
    EXAM = "Exam"
    SEMESTER = "Semester"
    FINAL = "Final"
    CONDUCT = "Conduct"
    COMPUTED_CURRENT = "Computed, graded work only"
    COMPUTED_FINAL = "Computed, ungraded work as zero"
    UNMAPPED = "UNMAPPED"


class GradeSource(Enum):
    """The system that produced a grade. Grades of the two systems are never merged."""

    SIS = "Posted in the student information system"
    LMS = "Computed by the learning management system"


class ResultDatatype(Enum):
    """The format of a score's text."""

    INTEGER = "Integer"
    DECIMAL = "Decimal"
    PERCENTAGE = "Percentage"
    PERCENTILE = "Percentile"
    RANGE = "Range"
    LEVEL = "Level"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"


@value
class GradingPeriod:
    """A part of the school year that ends with grades."""

    name: str | None = None
    """Name; null if the vendor has none."""
    descriptor: Descriptor
    """Kind of grading period, such as First Six Weeks."""
    sequence: int | None = None
    """Position in the school year, starting at 1; null if not recorded."""
    school_year: int
    """School year, named by the calendar year in which it ends: 2022 is 2021-22."""


@record(Sensitivity.OPEN, about="student_id")
class CourseGrade(Record):
    """A student's grade in a course: numeric, letter, or both."""

    student_id: StudentId = internal()
    section_id: SectionId | None = internal(default=None)
    lms_course_id: LmsCourseId | None = internal(default=None)
    school_id: SchoolId | None = internal(default=None)
    """School of the section; None if the source does not name it with the grade."""
    school_year: int | None = internal(default=None)
    source: GradeSource
    """Whether the grade was posted in the SIS or computed by the LMS."""
    grade_type: GradeType
    """The kind of grade."""
    grade_type_descriptor: Descriptor | None = None
    """The kind of grade as the vendor's code; null if the vendor has no code for it."""
    grading_period: GradingPeriod | None = None
    """The grading period; null for a grade that belongs to none."""
    course_name: str | None = None
    """Name of the course; null if the source does not send it with the grade."""
    letter: str | None = None
    """Letter grade; null if there is none."""
    numeric: float | None = None
    """Numeric grade on the source's own scale, usually 0 to 100; null if there is none."""
    current: bool | None = None
    """Whether the source marks this as the current grade; null if it does not say."""
    as_of: date | None = None
    """The date of the grade; null if not recorded."""


@value
class GradePointAverage:
    """A grade point average as the source recorded it; it is never recomputed."""

    type: Descriptor | None = None
    """Kind of average, such as Weighted or Unweighted; null if not recorded."""
    value: float
    """The average, on the scale of `maxValue`."""
    max_value: float | None = None
    """Highest possible average; null if not recorded."""
    cumulative: bool | None = None
    """Whether the average covers all years so far; null if not recorded."""


@record(Sensitivity.OPEN, about="student_id")
class AcademicRecord(Record):
    """A student's credits and grade point averages at the end of a term."""

    student_id: StudentId = internal()
    school_year: int
    """School year, named by the calendar year in which it ends: 2022 is 2021-22."""
    term: Descriptor
    """Kind of term, such as Fall Semester."""
    cumulative_earned_credits: float | None = None
    """Credits earned in all terms so far; null if not recorded."""
    cumulative_attempted_credits: float | None = None
    """Credits attempted in all terms so far; null if not recorded."""
    session_earned_credits: float | None = None
    """Credits earned in this term; null if not recorded."""
    session_attempted_credits: float | None = None
    """Credits attempted in this term; null if not recorded."""
    grade_point_averages: list[GradePointAverage]
    """Averages as the source recorded them; empty if none is recorded."""


@record(Sensitivity.OPEN)
class Assessment(Record):
    """A test, independent of the students who take it."""

    assessment_id: AssessmentId = internal()
    assessment_identifier: str
    """The vendor's identifier of the test, such as `MAP-Mathematics`."""
    namespace: str | None = None
    """Namespace of the identifier; null if the vendor has none."""
    title: str
    """Title."""
    family: str | None = None
    """Family of tests, such as ACT; null if not recorded."""
    subjects: list[AcademicSubject]
    """Subjects of the test."""
    subject_descriptors: list[Descriptor]
    """Subjects as the vendor's codes."""
    version: int | None = None
    """Version or year of the test; null if not recorded."""


@value
class Score:
    """One score of a test."""

    reporting_method: Descriptor
    """What the score measures, such as Scale score or Percentile."""
    result: str
    """The score as the text that the vendor sent."""
    numeric: float | None = None
    """The score as a number; null if the text is not a number."""
    datatype: ResultDatatype
    """The format of the text."""


@value
class PerformanceLevel:
    """A performance level. Compare different tests by level, never by raw score."""

    reporting_method: Descriptor | None = None
    """What the level measures; null if not recorded."""
    level: Descriptor
    """The level, such as Met Standard."""


@value
class ObjectiveResult:
    """Scores and levels for one part of a test."""

    identification_code: str
    """The vendor's identifier of the part."""
    scores: list[Score]
    """Scores for this part."""
    performance_levels: list[PerformanceLevel]
    """Levels for this part."""


@record(Sensitivity.OPEN, about="student_id")
class AssessmentResult(Record):
    """A student's result in a test on one occasion."""

    student_id: StudentId = internal()
    assessment_id: AssessmentId = internal()
    administration_date: datetime | None = None
    """When the test was taken, in UTC; a time without a zone is read as UTC. Null if not recorded."""
    school_year: int | None = None
    """School year, named by the calendar year in which it ends; null if not recorded."""
    grade_level_when_assessed: GradeLevel | None = None
    """The student's grade level at that time; null if not recorded."""
    retest: bool | None = None
    """Whether this was a retest; null if not recorded."""
    norm_year: int | None = None
    """
    Year of the norms of its percentiles, as the source states it; null if the source does not say.

    Compare percentiles within one norm year only.
    """
    scores: list[Score]
    """Scores for the complete test."""
    performance_levels: list[PerformanceLevel]
    """Levels for the complete test."""
    objectives: list[ObjectiveResult]
    """Results for the parts of the test."""
