"""What a metric may read about one student, and how a metric is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

from student_graph.adapters.model import (
    AcademicRecord,
    AcademicSubject,
    Assessment,
    AssessmentResult,
    AssignmentWork,
    AttendanceEvent,
    Course,
    CourseEngagement,
    CourseGrade,
    DisciplineAction,
    DisciplineIncident,
    SchoolEnrollment,
    SchoolId,
    Section,
    SectionEnrollment,
    SectionId,
    Sensitivity,
    StudentId,
)
from student_graph.resolvers.metrics.meanings import DEFAULT_MEANINGS, CodeMeanings
from student_graph.resolvers.metrics.measure import DataQuality, Measure, Metric
from student_graph.resolvers.metrics.presets.preset import Preset, WindowKind


class Part(Enum):
    """A part of a student's record that a metric needs. The loader reads each part once, for all students."""

    ENROLLMENTS = auto()
    CALENDAR = auto()
    SCHOOL_ATTENDANCE = auto()
    CLASS_ATTENDANCE = auto()
    INCIDENTS = auto()
    ACTIONS = auto()
    GRADES = auto()
    ACADEMIC_RECORDS = auto()
    SECTIONS = auto()
    WORK = auto()
    ENGAGEMENT = auto()
    RESULTS = auto()


@dataclass(frozen=True, slots=True)
class SchoolDays:
    """The days of instruction of one school in one school year, earliest first."""

    days: tuple[date, ...]
    """Days with instruction, from the calendar or estimated."""
    stated_days: int | None = None
    """Days of instruction that the school's sessions state for the whole year; None if they do not."""
    quality: frozenset[DataQuality] = frozenset()
    """`ESTIMATED_CALENDAR` if the calendar does not cover the year."""
    terms: tuple[tuple[date, date], ...] = ()
    """First and last day of each session, earliest first."""
    by_calendar: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    """Days of each calendar by its code; a student may have another calendar than the school's first."""
    last_recorded: date | None = None
    """Day of the school's latest attendance record; None if there is none."""


@dataclass(slots=True)
class StudentFacts:
    """The records of one student that the requested metrics need. Parts that were not read are empty."""

    student_id: StudentId
    enrollments: Sequence[SchoolEnrollment] = ()
    school_days: Mapping[SchoolId, SchoolDays] = field(default_factory=dict)
    """By school: those of the student's enrollments, or of the events if no enrollment is recorded."""
    school_attendance: Sequence[AttendanceEvent] = ()
    class_attendance: Sequence[AttendanceEvent] = ()
    incidents: Sequence[DisciplineIncident] = ()
    actions: Sequence[DisciplineAction] = ()
    grades: Sequence[CourseGrade] = ()
    academic_records: Sequence[AcademicRecord] = ()
    section_enrollments: Sequence[SectionEnrollment] = ()
    sections: Mapping[SectionId, Section] = field(default_factory=dict)
    courses: Mapping[SectionId, Course] = field(default_factory=dict)
    work: Sequence[AssignmentWork] = ()
    engagement: Sequence[CourseEngagement] = ()
    results: Sequence[AssessmentResult] = ()
    assessments: Mapping[tuple[str, str], Assessment] = field(default_factory=dict)
    """The tests of the results, by source and assessment id."""
    quality: frozenset[DataQuality] = frozenset()
    """What limits the records, such as a source that failed."""


@dataclass(frozen=True, slots=True)
class MetricSettings:
    """What a district says about its data, beyond its presets."""

    default_presets: tuple[str, ...] = ("federal_10pct", "ews_sample")
    """Names of the presets that are used where a query names none, first match first."""
    own_presets: tuple[Preset, ...] = ()
    positive_attendance: frozenset[SchoolId] = frozenset()
    """Schools that record presence too: there a day without a record is not a day of presence."""
    failing_below: float | None = None
    """Numeric grade below which a course is failed; None if nobody configured it."""
    failing_letters: frozenset[str] = frozenset({"F"})
    """Letter grades that mean failed."""
    first_periods: frozenset[str] = frozenset({"1", "01", "first", "period 1", "1st"})
    """Names of class periods that are the first of a day, without case."""
    state_offenses: frozenset[str] = frozenset({"State Offense"})
    """Behavior codes that are offenses against state law."""
    conduct_violations: frozenset[str] = frozenset({"School Code of Conduct", "School Violation"})
    """Behavior codes that are violations of a school's code of conduct."""
    perpetrators: frozenset[str] = frozenset({"Perpetrator"})
    """Participation codes of those who did it."""
    suspensions: frozenset[str] = frozenset({"In School Suspension", "Out of School Suspension"})
    """Discipline codes that are suspensions."""
    grade_scale: Mapping[str, float] = field(default_factory=dict)
    """Numeric value of each letter grade; empty if nobody configured it."""
    meanings: CodeMeanings = DEFAULT_MEANINGS
    """What the district's codes of meals, races and sexes mean."""


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """One metric with all its choices resolved."""

    metric: Metric
    preset: Preset
    as_of: date
    """The day of the computation, in the district's calendar."""
    year_start: date
    """First day of the school year of the window."""
    window: WindowKind | None = None
    """The window; that of the preset's rule if None."""
    first: date | None = None
    """First day of an explicit window; replaces `window`."""
    last: date | None = None
    """Last day of an explicit window."""
    school: SchoolId | None = None
    """Only at this school; None for the whole district."""
    subject: AcademicSubject | None = None
    """Only courses or tests of this subject; None for all."""
    family: str | None = None
    """Only tests of this family, ignoring case; None for all."""
    settings: MetricSettings = MetricSettings()


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric: what it needs, whose class of data it is, and its function."""

    metric: Metric
    parts: frozenset[Part]
    sensitivity: Sensitivity
    measure: Callable[[StudentFacts, MetricRequest], Measure]
    """Pure: equal facts and requests give equal measures."""
