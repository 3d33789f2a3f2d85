"""Records of attendance and behavior."""

from dataclasses import field
from datetime import date
from datetime import time as time_of_day
from enum import Enum

from student_graph.adapters.model.codes import SchoolId, SectionId, StudentId
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity, internal, record


class AttendanceScope(Enum):
    """Whether an attendance event is about the school day or about one section."""

    SCHOOL = "School"
    SECTION = "Section"


class AttendanceCategory(Enum):
    """The recorded kind of attendance. A tardy student is not absent."""

    IN_ATTENDANCE = "In Attendance"
    EXCUSED_ABSENCE = "Excused Absence"
    UNEXCUSED_ABSENCE = "Unexcused Absence"
    TARDY = "Tardy"
    EARLY_DEPARTURE = "Early departure"
    PARTIAL = "Partial"
    UNMAPPED = "UNMAPPED"


class Excusal(Enum):
    """Whether an absence is excused."""

    EXCUSED = "Excused"
    UNEXCUSED = "Unexcused"


@record(Sensitivity.OPEN, about="student_id")
class AttendanceEvent(Record):
    """An entry about a student's attendance on a day; a day may have several entries."""

    student_id: StudentId = internal()
    school_id: SchoolId = internal()
    section_id: SectionId | None = internal(default=None)
    date: date
    """The date at the school."""
    scope: AttendanceScope
    """Whether the event is about the school day or about one section."""
    category: AttendanceCategory
    """The kind of attendance; UNMAPPED is not counted."""
    raw: Descriptor
    """The kind of attendance as the vendor's code."""
    duration: float | None = None
    """Share of the school day, from 0 to 1; null if not recorded."""
    excusal: Excusal | None = None
    """Whether the absence is excused; null if the category does not say."""
    arrival_time: time_of_day | None = None
    """Local time at which the student arrived; null if not recorded."""
    departure_time: time_of_day | None = None
    """Local time at which the student left; null if not recorded."""
    reason: str | None = None
    """Reason as recorded; null if none is recorded."""
    school_year: int
    """School year, named by the calendar year in which it ends: 2022 is 2021-22."""
    session_name: str
    """Name of the session (term) of the day."""
    class_periods: list[str] = field(default_factory=list)
    """
    Names of the section's class periods that the event is about, each once and sorted.

    Empty if not recorded: then it is about all class periods of the section, or about the school day.
    """


@record(Sensitivity.DISCIPLINE, about="student_id")
class DisciplineIncident(Record):
    """A discipline incident in which a student was involved. Other students in it are never named."""

    student_id: StudentId = internal()
    school_id: SchoolId = internal()
    incident_identifier: str
    """The school's identifier of the incident."""
    date: date
    """The date at the school."""
    time: time_of_day | None = None
    """Local time at the school; null if not recorded."""
    location: Descriptor | None = None
    """Location; null if not recorded."""
    behaviors: list[Descriptor]
    """This student's behaviors; several behaviors are still one incident."""
    participation: list[Descriptor]
    """This student's part in it, such as Perpetrator; empty if not recorded."""


@record(Sensitivity.DISCIPLINE, about="student_id")
class DisciplineAction(Record):
    """An action taken with a student after one or more discipline incidents."""

    student_id: StudentId = internal()
    school_id: SchoolId | None = internal(default=None)
    """The school that is responsible for the student's discipline; None if not recorded."""
    discipline_action_identifier: str
    """The district's identifier of the action."""
    date: date
    """The date of the decision, at the school."""
    disciplines: list[Descriptor]
    """Kinds of action, such as In School Suspension."""
    length: float | None = None
    """Length that was decided, in days; null if not recorded."""
    actual_length: float | None = None
    """Length that was served, in days; null if not recorded."""
    incident_identifiers: list[str]
    """Identifiers of the incidents that led to it."""
