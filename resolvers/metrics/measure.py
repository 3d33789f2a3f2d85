"""What a metric returns: a number, and everything that one must know to act on it."""

from collections.abc import Sequence
from datetime import date
from enum import Enum
from fractions import Fraction

from student_graph.adapters.model import Record, internal, value


class Metric(Enum):
    """A number about one student."""

    ATTENDANCE_RATE = "Attendance rate"
    """Share of the enrolled days on which the student was present, from 0 to 1."""
    ABSENT_DAYS = "Absent days"
    """Days of absence, excused or not. A part of a day counts as recorded."""
    EXCUSED_ABSENT_DAYS = "Excused absent days"
    """Days of excused absence."""
    UNEXCUSED_ABSENT_DAYS = "Unexcused absent days"
    """Days of unexcused absence."""
    TARDIES = "Tardies"
    """Days with a tardy arrival at school; a tardy student is not absent."""
    CHRONIC_ABSENCE = "Chronic absence"
    """Share of the enrolled days on which the student was absent, from 0 to 1, judged as chronic or not."""
    ABSENCE_STREAK = "Absence streak"
    """Instructional days in a row, up to the last one, on which the student was absent."""
    MAX_ABSENCE_STREAK = "Longest streak of absence"
    """The longest run of instructional days on which the student was absent."""
    ATTENDANCE_TREND = "Attendance trend"
    """Attendance rate of the window minus that of the window before it, from -1 to 1."""
    FIRST_WEEKS_ABSENCE = "Absence in the first weeks"
    """Share of the first days of the school year on which the student was absent, from 0 to 1."""
    NEWLY_ABSENT = "Newly absent"
    """1 if the student reached the threshold of chronic absence within the last four weeks, else 0."""
    AFFORDABLE_DAYS = "Days still affordable"
    """Whole days that the student may still miss this year without being chronically absent."""
    PERIOD_ABSENCE_RATE = "Class period absence rate"
    """Share of the class periods from which the student was absent, from 0 to 1."""
    PERIOD_TARDIES = "Class period tardies"
    """Tardy arrivals at class periods."""
    FIRST_PERIOD_TARDIES = "First period tardies"
    """Tardy arrivals at the first class period of a day."""
    INCIDENTS = "Incidents"
    """Distinct discipline incidents in which the student is recorded as a perpetrator."""
    STATE_OFFENSES = "State offenses"
    """Distinct incidents as a perpetrator with a behavior that is an offense against state law."""
    CONDUCT_VIOLATIONS = "Violations of the code of conduct"
    """Distinct incidents as a perpetrator with a behavior that violates the code of conduct."""
    INCIDENT_DAY_SHARE = "Share of days with an incident"
    """Share of the enrolled days with an incident in which the student is a perpetrator, from 0 to 1."""
    SUSPENSIONS = "Suspensions"
    """Suspensions, each counted once for a student, an incident, a kind and a date; expulsions do not count."""
    SUSPENSION_DAYS_IMPOSED = "Days of suspension imposed"
    """Days of suspension that were decided."""
    SUSPENSION_DAYS_SERVED = "Days of suspension served"
    """Days of suspension that were served."""
    CURRENT_AVERAGE = "Current average"
    """Mean of the student's current numeric grades, on the scale of the source."""
    GRADING_PERIOD_AVERAGE = "Average of the grading periods"
    """Mean of the posted numeric grades of all grading periods of the year, on the scale of the source."""
    FAILING_COURSES = "Failing courses"
    """Courses whose current grade is failing, by the district's grade scale."""
    FAILED_SEMESTER_COURSES = "Failed semester courses"
    """Courses of the year whose posted semester or final grade is failing, by the district's grade scale."""
    GRADE_POINT_AVERAGE = "Grade point average"
    """Latest cumulative average as the SIS states it."""
    CREDITS_EARNED = "Credits earned"
    """Credits earned in all terms so far, as the SIS states them."""
    ON_TRACK = "On track"
    """1 if the student is on track to graduate by the rule that the preset names, else 0."""
    MISSING_WORK = "Missing work"
    """Assignments that are missing and not excused. The preset says whose mark counts."""
    LATE_WORK = "Late work"
    """Assignments that were handed in late."""
    GRADED_WORK = "Graded work"
    """Assignments with a score."""
    WORK_AVERAGE = "Average of graded work"
    """Mean share of the possible points over graded assignments, from 0; above 1 with extra credit."""
    ASSESSMENT_LEVEL = "Assessment level"
    """Rank of the latest stated performance level in its family of tests, the lowest is 1."""
    ASSESSMENT_PROFICIENT = "Proficient in the assessment"
    """1 if the latest stated performance level counts as proficient in its family of tests, else 0."""
    OBJECTIVES_NOT_MET = "Objectives not met"
    """Parts of the latest test whose stated level does not count as proficient."""
    ASSESSMENT_PERCENTILE = "Assessment percentile"
    """Latest stated percentile, from 0 to 100, within the norm year of the result."""
    ASSESSMENT_GROWTH = "Assessment growth"
    """Growth between tests as the vendor states it."""
    PAGE_VIEWS = "Page views"
    """Pages that the student viewed in all courses of the LMS."""
    PARTICIPATIONS = "Participations"
    """Actions of the student in all courses of the LMS, such as submissions and posts."""
    SCHOOL_CHANGES = "Changes of school"
    """Changes from one school to another within the window."""


class Domain(Enum):
    """What an early-warning indicator is about."""

    ATTENDANCE = "Attendance"
    BEHAVIOR = "Behavior"
    COURSES = "Course performance"
    ASSESSMENT = "Assessment"
    MOBILITY = "Mobility"


class Unit(Enum):
    """What a metric counts once."""

    STUDENT = "Student"
    """A student counts once, over all schools of the district."""
    STUDENT_SCHOOL = "Student at a school"
    """A student counts once at each school."""


class Level(Enum):
    """How a preset judges a value."""

    ON_TRACK = "On track"
    WATCH = "Watch"
    AT_RISK = "At risk"
    NOT_EVALUATED = "Not evaluated"
    """There is no value, too little data for the preset, or no threshold."""


class DataQuality(Enum):
    """What limits how far a value can be trusted."""

    ESTIMATED_CALENDAR = "Estimated calendar"
    """The calendar does not cover the window: weekdays with recorded attendance count as days of school."""
    ESTIMATED_DENOMINATOR = "Estimated denominator"
    """The number of days is the one that the school's sessions state."""
    ENROLLMENT_UNKNOWN = "Enrollment unknown"
    """The student's enrollment is not recorded: the whole window counts as enrolled."""
    EVENTS_OUTSIDE_ENROLLMENT = "Events outside the enrollment"
    """Events before the first or after the last enrolled day were left out."""
    GRADES_OUTSIDE_ENROLLMENT = "Grades outside the enrollment"
    """Grades at a school where the student has no enrollment were left out."""
    EVENTS_WITHOUT_SCHOOL = "Events on days without school"
    """Absences on days without instruction, such as a Sunday, were left out."""
    NO_ATTENDANCE_RECORDED = "No attendance recorded"
    """The school has recorded no attendance this year: whether the student was present is not known."""
    DAYS_WITHOUT_RECORD = "Days without a record"
    """The school records presence too: days without a record were left out."""
    DURATION_MISSING = "Duration missing"
    """A partial absence without a usable duration does not count as an absence."""
    UNMAPPED_CODES = "Unmapped codes"
    """Events whose code has no canonical value were left out."""
    PERIOD_UNKNOWN = "Class period unknown"
    """Events of sections without a known class period were left out."""
    REPEATED_RECORDS = "Repeated records"
    """Several records of one day, or of one thing, were counted once."""
    TOO_FEW_DAYS = "Too few days"
    """The student was enrolled for fewer days than the preset asks for."""
    PARTICIPATION_MISSING = "Participation missing"
    """Incidents that do not record the student's part in them were left out."""
    LENGTH_MISSING = "Length missing"
    """Suspensions without a length, or with a negative one, are not in the days."""
    NOT_NUMERIC = "Not numeric"
    """Scores or grades that are no numbers were left out."""
    NO_GRADE_SCALE = "No grade scale"
    """Some grades were not judged: nobody configured which ones are failing."""
    SUBJECT_UNKNOWN = "Subject unknown"
    """Courses or tests without a known subject were left out."""
    DATE_MISSING = "Date missing"
    """Records without a date were left out, or count as the oldest."""
    LEVEL_UNKNOWN = "Level unknown"
    """The stated performance level is not among those of its family of tests."""
    NORM_YEAR_UNKNOWN = "Norm year unknown"
    """The source does not state the year of the norms: compare percentiles with care."""
    LEVEL_NOT_STATED = "Level not stated"
    """The result states no performance level."""
    SOURCE_MISSING = "Source missing"
    """One of several sources failed: its records are not in the value."""
    NOT_OFFERED = "Not offered"
    """No source of the district has data that the value needs."""
    NOT_GRANTED = "Not granted"
    """The viewer has no grant for data that the value needs."""


@value
class Window:
    """The days that a value is about."""

    first: date
    """First day, included."""
    last: date
    """Last day, included."""
    instructional_days: int | None = None
    """
    Days of instruction in the window at the student's school; null if the metric does not count days, or if the
    student has several schools.
    """


@value
class Parameter:
    """A parameter of a definition, such as a threshold."""

    name: str
    """Name, such as `atRiskFrom`."""
    value: str
    """Value as text, such as `10 %`; an edge says whether equality belongs to it."""


@value
class Definition:
    """How a value is defined. Two values with different definitions cannot be compared."""

    preset: str
    """Name of the preset, such as `federal_10pct`."""
    description: str
    """The definition as text."""
    parameters: list[Parameter]
    """Thresholds and minimums."""
    source: str
    """Who published the definition, and where."""


@value
class Measure:
    """A value of a metric for one student, with its definition."""

    metric: Metric
    """The metric."""
    value: float | None = None
    """The value; null if there is none, `reasons` says why."""
    numerator: float | None = None
    """What was counted; null for a metric that is not a share."""
    denominator: float | None = None
    """Out of how many; null for a metric that is not a share."""
    level: Level
    """How the preset judges the value."""
    unit: Unit
    """What the metric counts once."""
    window: Window
    """The days that the value is about."""
    definition: Definition
    """How the value is defined."""
    as_of: date
    """The day on which it was computed, in the district's calendar."""
    data_quality: list[DataQuality]
    """What limits how far the value can be trusted; empty if nothing does."""
    reasons: list[str]
    """Why the value has its level, or why there is none, as short sentences."""
    evidence: Sequence[Record] = internal(default=())
    """The vendors' records that were counted."""
    exact: Fraction | None = internal(default=None)
    """The value as a fraction: it is compared and sorted exactly."""
