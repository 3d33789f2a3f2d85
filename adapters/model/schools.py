"""Schools: their sessions and calendars, their sections, and what is taught in them."""

from datetime import date

from student_graph.adapters.model.codes import AcademicSubject, GradeLevel, SchoolId, SectionId, StaffId, StudentId
from student_graph.adapters.model.record import Descriptor, Record, Sensitivity, internal, record


@record(Sensitivity.OPEN)
class LocalEducationAgency(Record):
    """A school district, as its system of record describes it."""

    local_education_agency_id: str
    """The agency's number as text, such as `255901`."""
    name: str
    """Official name."""


@record(Sensitivity.OPEN)
class School(Record):
    """A school of the district."""

    school_id: SchoolId
    """The district's school number as text."""
    name: str
    """Official name."""
    short_name: str | None = None
    """Short name; null when not recorded."""
    grade_levels: list[GradeLevel]
    """Grade levels that the school serves, as recorded."""


@record(Sensitivity.OPEN)
class Session(Record):
    """A term of one school."""

    school_id: SchoolId = internal()
    school_year: int
    """School year by the calendar year in which it ends: 2022 is 2021-22."""
    session_name: str
    """Name, unique in its school and year."""
    term: Descriptor
    """Kind of term, such as Fall Semester."""
    begin_date: date
    """First day, in the school's calendar."""
    end_date: date
    """Last day, in the school's calendar."""
    total_instructional_days: int | None = None
    """Days of instruction planned; null when not recorded."""


@record(Sensitivity.OPEN)
class CalendarDay(Record):
    """A day of a school's calendar."""

    school_id: SchoolId = internal()
    calendar_code: str
    """Which of the school's calendars."""
    date: date
    """The day."""
    events: list[Descriptor]
    """What the day is, such as Instructional day or Holiday."""
    instructional: bool
    """Whether it counts as a day of instruction: an Instructional day or a Make-up day."""


@record(Sensitivity.OPEN)
class Section(Record):
    """A class: one course taught to one group of students in one session."""

    section_id: SectionId = internal()
    school_id: SchoolId = internal()
    section_identifier: str
    """The district's name of the section; unique only with course, school and session."""
    section_name: str | None = None
    """Title for people; null when not recorded."""
    session_name: str
    """The session it is taught in."""
    school_year: int
    """School year by the calendar year in which it ends."""
    local_course_code: str
    """The school's code of the course."""


@record(Sensitivity.OPEN)
class Course(Record):
    """What a section teaches."""

    section_id: SectionId = internal()
    course_code: str
    """The district's code of the course."""
    course_title: str
    """Title for people."""
    subjects: list[AcademicSubject]
    """What the course is about."""
    subject_descriptors: list[Descriptor]
    """The same as the vendor spells it."""


@record(Sensitivity.OPEN, about="student_id")
class SectionEnrollment(Record):
    """A student's place in a section."""

    student_id: StudentId = internal()
    section_id: SectionId = internal()
    begin_date: date | None = None
    """First day; null when not recorded."""
    end_date: date | None = None
    """Last day; null while it lasts."""
    homeroom: bool | None = None
    """Whether the section is the student's homeroom; null when not recorded."""


@record(Sensitivity.OPEN, about="staff_id")
class SectionStaff(Record):
    """A member of staff who teaches a section or helps to."""

    staff_id: StaffId = internal()
    section_id: SectionId = internal()
    position: Descriptor | None = None
    """Such as Teacher of Record; null when not recorded."""
    begin_date: date | None = None
    """First day; null when not recorded."""
    end_date: date | None = None
    """Last day; null while it lasts."""
