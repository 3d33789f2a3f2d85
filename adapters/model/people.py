"""People: students and what tells them apart, their contacts and stays at schools; staff and their work."""

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
    """A person that the district's system of record keeps as a student."""

    student_id: StudentId
    """The district's unique number of the student; never a vendor's internal id."""
    name: PersonName
    """Name as the system of record spells it."""
    preferred_name: PersonName | None = None
    """Name the student goes by; null when not recorded."""


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
    contact_id: ContactId
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
    legal_guardian: bool | None = None
    """Whether a legal guardian, who has the rights of a parent; null when not recorded."""
    restricted: bool = internal(default=False)
    """Whether the system of record notes that contact is restricted, as a court may order; never what it says."""
    emails: list[str]
    """E-mail addresses, save those that are not to be published."""
    phones: list[str]
    """Telephone numbers as recorded, save those that are not to be published."""


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

    staff_id: StaffId
    """The district's unique number of the person."""
    name: PersonName
    """Name as the system of record spells it."""
    emails: tuple[str, ...] = internal(default=())
    """Addresses by which the person may sign in; never shown."""


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


@record(Sensitivity.OPEN, about="staff_id")
class CaseloadStaff(Record):
    """That a member of staff answers for the students of a caseload, and may see their records."""

    staff_id: StaffId = internal()
    caseload_id: CaseloadId = internal()
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null while it lasts."""


@record(Sensitivity.PROGRAM, about="student_id")
class CaseloadStudent(Record):
    """
    A student's place in a caseload, such as a program of special education.

    It is asked for scope alone and shown to nobody: of the kind of caseload it says nothing that could be shown.
    """

    student_id: StudentId = internal()
    caseload_id: CaseloadId = internal()
    begin_date: date
    """First day."""
    end_date: date | None = None
    """Last day; null while it lasts."""
