"""What a metric may read about one student, and how a metric is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from enum import Enum, auto
from typing import Any

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
from student_graph.resolvers.metrics.default_families import DEFAULT_FAMILIES
from student_graph.resolvers.metrics.families import AssessmentFamily
from student_graph.resolvers.metrics.meanings import DEFAULT_MEANINGS, CodeMeanings
from student_graph.resolvers.metrics.measure import DataQuality, Measure, Metric
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, WindowKind


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
    """The student's enrollments in sections."""
    NAMED_SECTIONS = auto()
    """The sections that the other parts name."""
    COURSES = auto()
    """The courses of these sections."""
    WORK = auto()
    ENGAGEMENT = auto()
    RESULTS = auto()


@dataclass(frozen=True, slots=True)
class SessionDays:
    """A session (term) of a school, as the calendar sees it."""

    name: str
    first: date
    """First day, included."""
    last: date
    """Last day, included."""
    stated: int | None = None
    """Days of instruction that the session states; None if it states none."""
    covered: bool = True
    """Whether the calendar covers the session; otherwise its days are estimated."""


@dataclass(frozen=True, slots=True, eq=False)
class SchoolDays:
    """
    The days of instruction of one school in one school year. `attendance.calendar.school_days` builds it.

    Days of sessions that the calendar does not cover are weekdays on which the district recorded attendance. They
    can be counted in windows; only a complete session may use the number of days that it states.
    """

    days: tuple[date, ...]
    """Days of instruction, earliest first."""
    sessions: tuple[SessionDays, ...] = ()
    """Sessions that do not overlap, earliest first; empty if none is recorded."""
    covered: bool = True
    """Whether the calendar covers the days that belong to no session."""
    by_calendar: Mapping[str, SchoolDays] = field(default_factory=dict)
    """By the code of a calendar; a student may have another calendar than the school's first."""
    last_recorded: date | None = None
    """Day of the latest attendance record of the school, of any student; None if nobody read it."""
    never_recorded: bool = False
    """Whether the school has recorded no attendance at all in the year."""

    @property
    def is_estimated(self) -> bool:
        """Whether some days come from recorded attendance, because the calendar does not cover the year."""
        return not self.covered or any(not session.covered for session in self.sessions)


@dataclass(slots=True)
class StudentFacts:
    """The records of one student that the requested metrics need. Parts that were not read are empty."""

    student_id: StudentId
    enrollments: Sequence[SchoolEnrollment] = ()
    school_days: Mapping[SchoolId, SchoolDays] = field(default_factory=dict)
    """
    By school: those of the student's enrollments, or of the events if no enrollment is recorded, or of all schools
    of the district if there are none either.
    """
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
    derived_entry_types: frozenset[str] = frozenset({"Derived from other records"})
    """Entry types of enrollments that other records show: their school is known, their dates are not."""
    positive_attendance: frozenset[SchoolId] = frozenset()
    """Schools that record presence too: there a day without a record is not a day of presence."""
    failing_below: float | None = None
    """Numeric grade below which a course is failed; None if nobody configured it."""
    failing_letters: frozenset[str] = frozenset()
    """Letter grades that mean failed; all others mean passed. Empty if nobody configured them."""
    first_periods: frozenset[str] = frozenset({"1", "01", "first", "period 1", "1st"})
    """Names of class periods that are the first of a day, without case."""
    state_offenses: frozenset[str] = frozenset({"State Offense"})
    """Behavior codes that are offenses against state law."""
    conduct_violations: frozenset[str] = frozenset({"School Code of Conduct", "School Violation"})
    """Behavior codes that are violations of a school's code of conduct."""
    perpetrators: frozenset[str] = frozenset({"Perpetrator"})
    """Participation codes of those who did it. An empty text stands for an incident without a recorded part."""
    suspensions: frozenset[str] = frozenset({"In School Suspension", "Out of School Suspension"})
    """Discipline codes that are suspensions."""
    grade_scale: Mapping[str, float] = field(default_factory=dict)
    """Numeric value of each letter grade; empty if nobody configured it."""
    gpa_types: tuple[str, ...] = ("Unweighted", "Weighted")
    """Kinds of grade point average, the preferred one first; other kinds come after them."""
    families: tuple[AssessmentFamily, ...] = DEFAULT_FAMILIES
    """Families of tests: the order of their levels and which of them are proficient."""
    meanings: CodeMeanings = DEFAULT_MEANINGS
    """What the district's codes of meals, demographics and discipline mean."""


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """One metric with all its choices resolved."""

    metric: Metric
    preset: Preset
    as_of: date
    """The day of the computation, in the district's calendar."""
    year_start: date
    """First day of the school year of the window."""
    now: datetime | None = None
    """
    The time of the computation: work that is due later is not missing. None for a day in the past, whose work is
    that which was due, or else handed in or graded, by its end.
    """
    rule: Rule | None = None
    """The rule of the preset, for a preset that has several for the metric; the first that fits if None."""
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
    zone: tzinfo = UTC
    """The district's time zone, in which work belongs to a day."""
    memo: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)
    """Values that are the same for all students of the request, such as the windows of a school."""

    def __post_init__(self) -> None:
        """Begin with an empty memo: a changed copy of a request must not share the memo of the original."""
        object.__setattr__(self, "memo", {})

    @property
    def latest_date(self) -> date:
        """
        The latest date of a record that counts: the day of the computation, or today's date in UTC if it is later.

        Vendors that state a time give records a date in UTC. On an evening in America that is the next day.
        """
        return self.as_of if self.now is None else max(self.as_of, self.now.astimezone(UTC).date())


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric: what it needs, whose class of data it is, and its function."""

    metric: Metric
    parts: frozenset[Part]
    sensitivity: Sensitivity
    measure: Callable[[StudentFacts, MetricRequest], Measure]
    """Pure: equal facts and requests give equal measures."""
    rule: Rule
    """How the metric is measured where the preset has no rule for it: without thresholds, unless it says more."""
    school_parts: frozenset[Part] = frozenset()
    """The subset of `parts` that only a request about one school needs."""
    subject_parts: frozenset[Part] = frozenset()
    """The subset of `parts` that only a request about some subjects needs."""

    def parts_for(self, request: MetricRequest) -> frozenset[Part]:
        """Return the parts that a request needs."""
        rules = (self.rule, *(request.preset.rules if request.rule is None else (request.rule,)))
        has_subjects = any(rule.subjects for rule in rules if rule.metric is self.metric)
        unneeded = frozenset[Part]()
        if request.school is None:
            unneeded |= self.school_parts
        if request.subject is None and not has_subjects:
            unneeded |= self.subject_parts
        return self.parts - unneeded
