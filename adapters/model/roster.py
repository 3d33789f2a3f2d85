"""Who is where: districts, schools, students, staff, sections, and the links between them."""

from datetime import date
from enum import Enum
from typing import NewType

from adapters.model.record import Descriptor, PersonName, Record, Sensitivity, internal, record, value

StudentId = NewType("StudentId", str)
"""The district's `studentUniqueId`, at most 32 characters; to other systems a key in their own terms."""
SchoolId = NewType("SchoolId", str)
"""The district's school number as text, such as `255901001`."""
StaffId = NewType("StaffId", str)
"""The district's `staffUniqueId`."""
SectionId = NewType("SectionId", str)
"""A section of one session, in one opaque text made by the system of record."""


class GradeLevel(Enum):
    """Grade levels, youngest first."""

    INFANT_TODDLER = "Infant/toddler"
    PRESCHOOL = "Preschool/Prekindergarten"
    KINDERGARTEN = "Kindergarten"
    FIRST = "First grade"
    SECOND = "Second grade"
    THIRD = "Third grade"
    FOURTH = "Fourth grade"
    FIFTH = "Fifth grade"
    SIXTH = "Sixth grade"
    SEVENTH = "Seventh grade"
    EIGHTH = "Eighth grade"
    NINTH = "Ninth grade"
    TENTH = "Tenth grade"
    ELEVENTH = "Eleventh grade"
    TWELFTH = "Twelfth grade"
    GRADE_13 = "Grade 13"
    POSTSECONDARY = "Postsecondary"
    ADULT = "Adult Education"
    UNGRADED = "Ungraded"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"


class AcademicSubject(Enum):
    """Subjects that courses and assessments are about."""

    MATHEMATICS = "Mathematics"
    ENGLISH_LANGUAGE_ARTS = "English Language Arts"
    READING = "Reading"
    WRITING = "Writing"
    SCIENCE = "Science"
    SOCIAL_STUDIES = "Social Studies"
    FINE_ARTS = "Fine and Performing Arts"
    FOREIGN_LANGUAGE = "Foreign Language and Literature"
    PHYSICAL_EDUCATION = "Physical, Health, and Safety Education"
    CAREER_AND_TECHNICAL = "Career and Technical Education"
    COMPUTER_SCIENCE = "Computer and Information Sciences"
    COMPOSITE = "Composite"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"


class StaffClassification(Enum):
    """What a member of staff is employed as."""

    TEACHER = "Teacher"
    PRINCIPAL = "Principal"
    ASSISTANT_PRINCIPAL = "Assistant Principal"
    SUPERINTENDENT = "Superintendent"
    ASSISTANT_SUPERINTENDENT = "Assistant Superintendent"
    LEA_ADMINISTRATOR = "LEA Administrator"
    SCHOOL_ADMINISTRATOR = "School Administrator"
    COUNSELOR = "Counselor"
    SUPPORT = "Support Services Staff"
    OTHER = "Other"
    UNMAPPED = "UNMAPPED"


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


@record(Sensitivity.OPEN, about="student_id")
class Student(Record):
    """A person that the district's system of record keeps as a student."""

    student_unique_id: StudentId
    """The district's unique number of the student; never a vendor's internal id."""
    name: PersonName
    """Name as the system of record spells it."""
    preferred_name: PersonName | None = None
    """Name the student goes by; null when not recorded."""

    @property
    def student_id(self) -> StudentId:
        """The student that the record is about."""
        return self.student_unique_id


@value
class StudentIdentifier:
    """A number or name by which one system knows a student."""

    system: str
    """Which kind of identifier, such as `District`, `State` or `Email`."""
    value: str
    """The identifier itself."""
    assigning_organization: str | None = None
    """Who assigned it; null when not recorded."""


@record(Sensitivity.PII, about="student_id")
class StudentIdentity(Record):
    """Everything by which other systems may know a student; social security numbers never leave the adapter."""

    student_id: StudentId = internal()
    identifiers: list[StudentIdentifier]
    """Identification codes and e-mail addresses, in the order of the system of record."""
    birth_date: date | None = internal(default=None)
    """Confirms a link between two systems."""
    family_name: str | None = internal(default=None)
    """Confirms a link between two systems; never matched on."""


@record(Sensitivity.DEMOGRAPHIC, about="student_id")
class Demographics(Record):
    """Birth date, sex and ethnicity of a student."""

    student_id: StudentId = internal()
    birth_date: date | None = None
    """Birth date; null when not recorded."""
    sex: Descriptor | None = None
    """Sex as recorded; null when not recorded."""
    races: list[Descriptor]
    """Races as recorded; empty when none is."""
    hispanic_latino_ethnicity: bool | None = None
    """Whether Hispanic or Latino; null when not recorded."""


@record(Sensitivity.CONTACT, about="student_id")
class StudentContact(Record):
    """A parent, guardian or other contact of a student."""

    student_id: StudentId = internal()
    contact_unique_id: str
    """The district's unique number of the contact."""
    name: PersonName
    """Name as the system of record spells it."""
    relation: Descriptor | None = None
    """Relation to the student, such as Mother; null when not recorded."""
    primary: bool | None = None
    """Whether to be contacted first; null when not recorded."""
    emergency: bool | None = None
    """Whether an emergency contact; null when not recorded."""
    lives_with: bool | None = None
    """Whether the student lives with the contact; null when not recorded."""
    emails: list[str]
    """E-mail addresses."""
    phones: list[str]
    """Telephone numbers, as recorded."""


@record(Sensitivity.OPEN, about="student_id")
class SchoolEnrollment(Record):
    """A stay of a student at a school. A child may have several: re-entry, or two schools at once."""

    student_id: StudentId = internal()
    school_id: SchoolId = internal()
    school_year: int | None = None
    """School year by the calendar year in which it ends; null when not recorded."""
    entry_date: date
    """First day, in the school's calendar."""
    exit_withdraw_date: date | None = None
    """First day no longer enrolled; null while the stay lasts."""
    entry_type: Descriptor | None = None
    """How the stay began; says so when the stay was derived from other records. Null when not recorded."""
    exit_type: Descriptor | None = None
    """How the stay ended; null when not recorded."""
    grade_level: GradeLevel
    """Grade level at entry."""
    grade_level_descriptor: Descriptor
    """Grade level as the vendor spells it."""
    primary_school: bool | None = None
    """Whether this is the student's main school; null when not recorded."""
    full_time_equivalency: float | None = None
    """Share of full-time attendance, 0 to 1; null when not recorded."""
    calendar_code: str | None = internal(default=None)
    """Which of the school's calendars counts; None for the school's own."""


@record(Sensitivity.OPEN, about="staff_id")
class Staff(Record):
    """A person employed by the district."""

    staff_unique_id: StaffId
    """The district's unique number of the person."""
    name: PersonName
    """Name as the system of record spells it."""

    @property
    def staff_id(self) -> StaffId:
        """The person that the record is about."""
        return self.staff_unique_id


@record(Sensitivity.OPEN, about="staff_id")
class StaffAssignment(Record):
    """What a member of staff is employed as, and where."""

    staff_id: StaffId = internal()
    education_organization_id: str
    """Number of the school or agency."""
    classification: StaffClassification
    """What the person is employed as."""
    classification_descriptor: Descriptor
    """The same as the vendor spells it."""
    position_title: str | None = None
    """Title of the position; null when not recorded."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null while it lasts."""


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
