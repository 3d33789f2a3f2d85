"""Grades, academic records and assessments."""

from datetime import date, datetime
from enum import Enum
from typing import NewType

from student_graph.adapters.model.codes import AcademicSubject, GradeLevel, SectionId, StudentId
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity, internal, record, value

AssessmentId = NewType("AssessmentId", str)
"""An assessment in one opaque text made by the source; for Ed-Fi, identifier and namespace."""


class GradeType(Enum):
    """What a grade stands for."""

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
    """Who made a grade. The two are never merged."""

    SIS = "Posted in the student information system"
    LMS = "Computed by the learning management system"


class ResultDatatype(Enum):
    """How the text of a score is to be read."""

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
    """A part of the school year at whose end grades are given."""

    name: str | None = None
    """Name; null in vendors' versions that have none."""
    descriptor: Descriptor
    """Kind of period, such as First Six Weeks."""
    sequence: int | None = None
    """Position in the year, from 1; null when not recorded."""
    school_year: int
    """School year by the calendar year in which it ends."""


@record(Sensitivity.OPEN, about="student_id")
class CourseGrade(Record):
    """A grade of a student in a course: numeric, letter or both."""

    student_id: StudentId = internal()
    section_id: SectionId | None = internal(default=None)
    source: GradeSource
    """Posted in the SIS, or computed by the LMS."""
    grade_type: GradeType
    """What the grade stands for."""
    grade_type_descriptor: Descriptor | None = None
    """The same as the vendor spells it; null where the vendor has no such code."""
    grading_period: GradingPeriod | None = None
    """The period graded; null for grades that belong to none."""
    course_name: str | None = None
    """Name of the course where the source has it beside the grade."""
    letter: str | None = None
    """Letter grade; null when not given."""
    numeric: float | None = None
    """Numeric grade in the source's own scale, mostly 0 to 100; null when not given."""
    current: bool | None = None
    """Whether the source calls this the current grade; null when it does not say."""
    as_of: date | None = None
    """The day the grade stands for; null when not recorded."""


@value
class GradePointAverage:
    """A grade point average, as recorded; never recomputed."""

    type: Descriptor | None = None
    """Such as Weighted or Unweighted; null when not recorded."""
    value: float
    """The average."""
    max_value: float | None = None
    """Highest value possible; null when not recorded."""
    cumulative: bool | None = None
    """Whether over all years so far; null when not recorded."""


@record(Sensitivity.OPEN, about="student_id")
class AcademicRecord(Record):
    """Credits and grade point averages of a student at the end of a term."""

    student_id: StudentId = internal()
    school_year: int
    """School year by the calendar year in which it ends."""
    term: Descriptor
    """Kind of term."""
    cumulative_earned_credits: float | None = None
    """Credits earned so far; null when not recorded."""
    cumulative_attempted_credits: float | None = None
    """Credits attempted so far; null when not recorded."""
    session_earned_credits: float | None = None
    """Credits earned in the term; null when not recorded."""
    session_attempted_credits: float | None = None
    """Credits attempted in the term; null when not recorded."""
    grade_point_averages: list[GradePointAverage]
    """Averages as recorded; empty when none is."""


@record(Sensitivity.OPEN)
class Assessment(Record):
    """A test as such, whoever took it."""

    assessment_id: AssessmentId = internal()
    assessment_identifier: str
    """The vendor's name of the test."""
    namespace: str | None = None
    """Whose name it is; null where the vendor has none."""
    title: str
    """Title for people."""
    family: str | None = None
    """Family the test belongs to, such as ACT; null when not recorded."""
    subjects: list[AcademicSubject]
    """What the test is about."""
    subject_descriptors: list[Descriptor]
    """The same as the vendor spells it."""
    version: int | None = None
    """Version or year; null when not recorded."""


@value
class Score:
    """One score; its text is what the vendor sent."""

    reporting_method: Descriptor
    """What is scored, such as Scale score or Percentile."""
    result: str
    """The score as the vendor sent it."""
    numeric: float | None = None
    """The score as a number; null when it is not one."""
    datatype: ResultDatatype
    """How the text is to be read."""


@value
class PerformanceLevel:
    """A level reached; compare levels, never raw scores, across tests."""

    reporting_method: Descriptor | None = None
    """What the level is about; null when not recorded."""
    level: Descriptor
    """The level, such as Met Standard."""


@value
class ObjectiveResult:
    """Scores and levels on one part of a test."""

    identification_code: str
    """The vendor's name of the part."""
    scores: list[Score]
    """Scores on the part."""
    performance_levels: list[PerformanceLevel]
    """Levels on the part."""


@record(Sensitivity.OPEN, about="student_id")
class AssessmentResult(Record):
    """What a student reached in a test on one occasion."""

    student_id: StudentId = internal()
    assessment_id: AssessmentId = internal()
    administration_date: datetime | None = None
    """When the test was taken (UTC; vendors that send no zone are read as UTC); null when not recorded."""
    school_year: int | None = None
    """School year by the calendar year in which it ends; null when not recorded."""
    grade_level_when_assessed: GradeLevel | None = None
    """Grade level at the time; null when not recorded."""
    retest: bool | None = None
    """Whether a retest; null when not recorded."""
    scores: list[Score]
    """Scores of the whole test."""
    performance_levels: list[PerformanceLevel]
    """Levels of the whole test."""
    objectives: list[ObjectiveResult]
    """Results by part of the test."""
