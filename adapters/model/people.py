"""Records of students, their identifiers, contacts and enrollments, and of staff and their work."""

from dataclasses import field
from datetime import date

from student_graph.adapters.model.codes import (
    CaseloadId,
    ContactId,
    GradeLevel,
    SchoolId,
    StaffClassification,
    StaffId,
    StudentId,
)
from student_graph.adapters.model.record import (
    Descriptor,
    PersonName,
    Record,
    Sensitivity,
    internal,
    record,
    value,
)


@record(Sensitivity.OPEN, about="student_id")
class Student(Record):
    """A person who is recorded as a student in the district's system of record."""

    student_id: StudentId
    """The district's unique number of the student; never a vendor's internal id."""
    name: PersonName
    """Name as in the system of record."""
    preferred_name: PersonName | None = None
    """Name that the student prefers; null if not recorded."""


@value
class StudentIdentifier:
    """A number or a name that identifies a student in one system."""

    system: str
    """Kind of identifier, such as `District`, `State` or `Email`."""
    value: str
    """The identifier."""
    assigning_organization: str | None = None
    """Organization that assigned it; null if not recorded."""


@record(Sensitivity.PII, about="student_id")
class StudentIdentity(Record):
    """All identifiers of a student in other systems. Social security numbers never leave the adapter."""

    student_id: StudentId = internal()
    identifiers: list[StudentIdentifier]
    """Identification codes and e-mail addresses, in the order of the system of record."""
    birth_date: date | None = internal(default=None)
    """Confirms a link between two systems; None if not recorded."""
    family_name: str | None = internal(default=None)
    """Confirms a link between two systems, and never creates one; None if not recorded."""


@value
class StudentLanguage:
    """A language of a student."""

    language: Descriptor
    """The language as the vendor's code."""
    uses: list[Descriptor]
    """What it is used for, such as Home language or Dominant language; empty if not recorded."""


@record(Sensitivity.DEMOGRAPHIC, about="student_id")
class Demographics(Record):
    """A student's birth date, sex, races, ethnicity and languages."""

    student_id: StudentId = internal()
    birth_date: date | None = None
    """Birth date; null if not recorded."""
    sex: Descriptor | None = None
    """Sex as recorded; null if not recorded."""
    races: list[Descriptor]
    """Races as recorded; empty if none is recorded."""
    hispanic_latino_ethnicity: bool | None = None
    """Whether the student is Hispanic or Latino; null if not recorded."""
    languages: list[StudentLanguage] = field(default_factory=list)
    """Languages of the student and the home, in the order of their codes; empty if none is recorded."""


@record(Sensitivity.PROGRAM, about="student_id")
class EnglishProficiency(Record):
    """
    Whether a student's English is limited, as the district states it.

    It says who may be in a program of language instruction, and so belongs to the same class of data.
    """

    student_id: StudentId = internal()
    status: Descriptor
    """The status as the vendor's code, such as Limited, Limited Monitored 1 or NotLimited."""


@record(Sensitivity.LOCATION, about="student_id")
class StudentAddress(Record):
    """
    An address of a student.

    Addresses that must not be published are left out, as are those whose kind tells where a homeless student
    stays.
    """

    student_id: StudentId = internal()
    kind: Descriptor
    """What the address is, such as Home, Mailing or Mother Address."""
    street: str
    """Number and name of the street, or the post office box."""
    apartment: str | None = None
    """Number of the apartment, room or suite; null if not recorded."""
    city: str
    """City."""
    state: str
    """Code of the state, such as `TX`."""
    postal_code: str
    """Postal code."""
    begin_date: date | None = None
    """First day; null if not recorded, as with a date before 1900."""
    end_date: date | None = None
    """Last day; null if there is no end, as with a date of the year 9999."""


@record(Sensitivity.CONTACT, about="student_id")
class StudentContact(Record):
    """A parent, guardian or other contact of a student."""

    student_id: StudentId = internal()
    contact_id: ContactId
    """The district's unique number of the contact."""
    name: PersonName
    """Name as in the system of record."""
    relation: Descriptor | None = None
    """Relation to the student, such as Mother; null if not recorded."""
    primary: bool | None = None
    """Whether this is a primary contact; null if not recorded."""
    emergency: bool | None = None
    """Whether this is an emergency contact; null if not recorded."""
    lives_with: bool | None = None
    """Whether the student lives with the contact; null if not recorded."""
    legal_guardian: bool | None = None
    """Whether the contact is a legal guardian and so has the rights of a parent; null if not recorded."""
    restricted: bool = internal(default=False)
    """Whether the system of record restricts contact, for example by court order; the text is not read."""
    emails: list[str]
    """E-mail addresses, without those marked as not to be published."""
    phones: list[str]
    """Telephone numbers as recorded, without those marked as not to be published."""


@record(Sensitivity.OPEN, about="student_id")
class SchoolEnrollment(Record):
    """
    A student's enrollment at a school. A student may have several: after a re-entry, or at two schools at once.
    """

    student_id: StudentId = internal()
    school_id: SchoolId = internal()
    school_year: int | None = None
    """School year, named by the calendar year in which it ends; null if not recorded."""
    entry_date: date
    """First day of enrollment, as a date at the school."""
    exit_withdraw_date: date | None = None
    """First day on which the student is no longer enrolled; null while the enrollment lasts."""
    entry_type: Descriptor | None = None
    """How the enrollment began, or that it was derived from other records; null if not recorded."""
    exit_type: Descriptor | None = None
    """How the enrollment ended; null if not recorded."""
    grade_level: GradeLevel
    """Grade level at entry."""
    grade_level_descriptor: Descriptor
    """Grade level as the vendor's code."""
    primary_school: bool | None = None
    """Whether this is the student's primary school; null if not recorded."""
    full_time_equivalency: float | None = None
    """Share of full-time enrollment, from 0 to 1; null if not recorded."""
    calendar_code: str | None = internal(default=None)
    """The school's calendar that applies to the student; None for the school's default calendar."""


@record(Sensitivity.OPEN, about="staff_id")
class Staff(Record):
    """A person employed by the district."""

    staff_id: StaffId
    """The district's unique number of the person."""
    name: PersonName
    """Name as in the system of record."""
    emails: tuple[str, ...] = internal(default=())
    """E-mail addresses with which the person may sign in; they are never shown."""


@record(Sensitivity.OPEN, about="staff_id")
class StaffAssignment(Record):
    """The employment of a staff member in a position at a school or agency."""

    staff_id: StaffId = internal()
    education_organization_id: str
    """Number of the school or agency, as text."""
    classification: StaffClassification
    """The position."""
    classification_descriptor: Descriptor
    """The position as the vendor's code."""
    position_title: str | None = None
    """Title of the position; null if not recorded."""
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null if there is no end."""


@record(Sensitivity.OPEN, about="staff_id")
class CaseloadStaff(Record):
    """A staff member's assignment to a caseload, which gives access to the records of its students."""

    staff_id: StaffId = internal()
    caseload_id: CaseloadId = internal()
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null if there is no end."""


@record(Sensitivity.PROGRAM, about="student_id")
class CaseloadStudent(Record):
    """
    A student's place in a caseload, such as a special education program.

    It is used only to decide which students a viewer may see, and is never shown. It does not hold the kind of
    caseload.
    """

    student_id: StudentId = internal()
    caseload_id: CaseloadId = internal()
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null if there is no end."""
