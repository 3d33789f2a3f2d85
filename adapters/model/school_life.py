"""What happens at school: attendance and behavior."""

from datetime import date
from datetime import time as time_of_day
from enum import Enum

from student_graph.adapters.model.codes import SchoolId, SectionId, StudentId
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity, internal, record


class AttendanceScope(Enum):
    """What an attendance event is about."""

    SCHOOL = "School"
    SECTION = "Section"


class AttendanceCategory(Enum):
    """What was recorded. Tardy is not absent."""

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
    """Something recorded about a student's attendance on a day; several a day are possible."""

    student_id: StudentId = internal()
    school_id: SchoolId = internal()
    section_id: SectionId | None = internal(default=None)
    date: date
    """The day, in the school's calendar."""
    scope: AttendanceScope
    """Whether the event is about the school day or about one section."""
    category: AttendanceCategory
    """What was recorded; UNMAPPED counts as nothing."""
    raw: Descriptor
    """The category as the vendor spells it."""
    duration: float | None = None
    """Share of the day, 0 to 1; null when not recorded."""
    excusal: Excusal | None = None
    """Whether excused; null where the category does not say."""
    reason: str | None = None
    """Reason as recorded; null when none is."""
    school_year: int
    """School year by the calendar year in which it ends."""
    session_name: str
    """The session that the day belongs to."""


@record(Sensitivity.DISCIPLINE, about="student_id")
class DisciplineIncident(Record):
    """An incident that a student had a part in. Others who had a part are never named."""

    student_id: StudentId = internal()
    school_id: SchoolId = internal()
    incident_identifier: str
    """The school's number of the incident."""
    date: date
    """The day, in the school's calendar."""
    time: time_of_day | None = None
    """Time of the day at the school; null when not recorded."""
    location: Descriptor | None = None
    """Where; null when not recorded."""
    behaviors: list[Descriptor]
    """This student's behaviors; one incident, however many behaviors."""
    participation: list[Descriptor]
    """This student's part, such as Perpetrator; empty when not recorded."""


@record(Sensitivity.DISCIPLINE, about="student_id")
class DisciplineAction(Record):
    """What followed for a student from one or more incidents."""

    student_id: StudentId = internal()
    discipline_action_identifier: str
    """The district's number of the action."""
    date: date
    """The day it was decided, in the school's calendar."""
    disciplines: list[Descriptor]
    """Such as In School Suspension."""
    length: float | None = None
    """Days imposed; null when not recorded."""
    actual_length: float | None = None
    """Days served; null when not recorded."""
    incident_identifiers: list[str]
    """Numbers of the incidents it followed from."""
