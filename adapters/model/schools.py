"""Records of schools, their sessions, calendars, sections and courses."""

from dataclasses import field
from datetime import date, time

from student_graph.adapters.model.codes import AcademicSubject, GradeLevel, SchoolId, SectionId, StaffId, StudentId
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity, internal, record, value


@record(Sensitivity.OPEN)
class LocalEducationAgency(Record):
    """A school district, as its system of record describes it."""

    local_education_agency_id: str
    """The agency's number, as text, such as `255901`."""
    name: str
    """Official name."""


@record(Sensitivity.OPEN)
class School(Record):
    """A school of the district."""

    school_id: SchoolId
    """The district's school number, as text."""
    name: str
    """Official name."""
    short_name: str | None = None
    """Short name; null if not recorded."""
    grade_levels: list[GradeLevel]
    """Grade levels of the school, as recorded."""


@record(Sensitivity.OPEN)
class Session(Record):
    """A term of one school."""

    school_id: SchoolId = internal()
    school_year: int
    """School year, named by the calendar year in which it ends: 2022 is 2021-22."""
    session_name: str
    """Name; unique in its school and school year."""
    term: Descriptor
    """Kind of term, such as Fall Semester."""
    begin_date: date
    """First day, as a date at the school."""
    end_date: date
    """Last day, as a date at the school."""
    total_instructional_days: int | None = None
    """Planned number of days of instruction; null if not recorded."""


@record(Sensitivity.OPEN)
class CalendarDay(Record):
    """A day of a school's calendar."""

    school_id: SchoolId = internal()
    calendar_code: str
    """Code of the calendar; a school may have several."""
    date: date
    """The date at the school."""
    events: list[Descriptor]
    """Kinds of day, such as Instructional day or Holiday."""
    instructional: bool
    """Whether it is a day of instruction, perhaps an abbreviated one or a Make-up day."""


@value
class MeetingTime:
    """A time of day at which a class period meets."""

    start_time: time
    """Local time at the school at which it begins."""
    end_time: time
    """Local time at the school at which it ends; before `startTime` if it meets past midnight."""


@record(Sensitivity.OPEN)
class ClassPeriod(Record):
    """A class period of a school: a part of the school day in which sections meet."""

    school_id: SchoolId = internal()
    name: str
    """Name, such as `Period 1`; unique in its school."""
    meeting_times: list[MeetingTime]
    """Times of day at which it meets, the earliest first; empty if not recorded, several if they differ by day."""
    official_attendance: bool | None = None
    """Whether the school takes its official attendance in this period; null if not recorded."""


@record(Sensitivity.OPEN)
class Section(Record):
    """A class: one course, taught to one group of students in one session."""

    section_id: SectionId = internal()
    school_id: SchoolId = internal()
    section_identifier: str
    """The district's identifier of the section; unique only together with course, school and session."""
    section_name: str | None = None
    """Title; null if not recorded."""
    session_name: str
    """Name of its session (term)."""
    school_year: int
    """School year, named by the calendar year in which it ends: 2022 is 2021-22."""
    local_course_code: str
    """The school's code of the course."""
    class_periods: list[str] = field(default_factory=list)
    """Names of the class periods in which it meets, each once and sorted; empty if not recorded."""
    room: str | None = None
    """Number or name of the room in which it meets; null if not recorded."""


@record(Sensitivity.OPEN)
class Course(Record):
    """The course that a section teaches."""

    section_id: SectionId = internal()
    course_code: str
    """The district's code of the course."""
    course_title: str
    """Title."""
    subjects: list[AcademicSubject]
    """Subjects of the course."""
    subject_descriptors: list[Descriptor]
    """Subjects as the vendor's codes."""


@record(Sensitivity.OPEN, about="student_id")
class SectionEnrollment(Record):
    """A student's enrollment in a section."""

    student_id: StudentId = internal()
    section_id: SectionId = internal()
    begin_date: date | None = None
    """First day; null if not recorded."""
    end_date: date | None = None
    """Last day; null if there is no end."""
    homeroom: bool | None = None
    """Whether the section is the student's homeroom; null if not recorded."""


@record(Sensitivity.OPEN, about="staff_id")
class SectionStaff(Record):
    """A staff member's assignment to teach a section or to help in it."""

    staff_id: StaffId = internal()
    section_id: SectionId = internal()
    position: Descriptor | None = None
    """Position in the section, such as Teacher of Record; null if not recorded."""
    begin_date: date | None = None
    """First day; null if not recorded."""
    end_date: date | None = None
    """Last day; null if there is no end."""
