"""
Payloads of people, enrollments and staff assignments in the Ed-Fi API (ODS/API 5 to 7, Data Standards 3.3 to 5.2).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents.
"""

from __future__ import annotations

from datetime import date

from pydantic import AliasChoices, Field

from student_graph.adapters.edfi.api.payload import (
    EducationOrganizationReference,
    Item,
    Many,
    Payload,
    Resource,
    SchoolReference,
    SchoolYearTypeReference,
    SectionReference,
    StaffReference,
    StudentReference,
)


class Person(Item):
    """A row with the name of a person."""

    firstName: str
    middleName: str | None = None
    lastSurname: str
    generationCodeSuffix: str | None = None


class Student(Person):
    """A row of `students`; Data Standard 5 added the preferred names."""

    studentUniqueId: str
    birthDate: date | None = None
    birthSexDescriptor: str | None = None
    preferredFirstName: str | None = None
    preferredLastSurname: str | None = None


class ElectronicMail(Payload):
    """An e-mail address."""

    electronicMailAddress: str
    doNotPublishIndicator: bool | None = None


class Staff(Person):
    """A row of `staffs`."""

    staffUniqueId: str
    electronicMails: Many[ElectronicMail]


class Telephone(Payload):
    """A telephone number."""

    telephoneNumber: str
    doNotPublishIndicator: bool | None = None


class IdentificationCode(Payload):
    """The code of a student in an identification system."""

    studentIdentificationSystemDescriptor: str
    assigningOrganizationIdentificationCode: str | None = None
    identificationCode: str


class Race(Payload):
    """A recorded race."""

    raceDescriptor: str


class StudentEducationOrganizationAssociation(Item):
    """A row of `studentEducationOrganizationAssociations`: one of a student with the agency or with a school."""

    studentReference: StudentReference
    educationOrganizationReference: EducationOrganizationReference
    sexDescriptor: str | None = None
    hispanicLatinoEthnicity: bool | None = None
    races: Many[Race]
    electronicMails: Many[ElectronicMail]
    studentIdentificationCodes: Many[IdentificationCode]


class Contact(Person):
    """A row of `contacts`, or of `parents` up to Data Standard 4."""

    contactUniqueId: str = Field(validation_alias=AliasChoices("contactUniqueId", "parentUniqueId"))
    electronicMails: Many[ElectronicMail]
    telephones: Many[Telephone]


class ContactReference(Payload):
    """Names a contact."""

    contactUniqueId: str = Field(validation_alias=AliasChoices("contactUniqueId", "parentUniqueId"))


class StudentContactAssociation(Item):
    """A row of `studentContactAssociations`, or of `studentParentAssociations` up to Data Standard 4."""

    studentReference: StudentReference
    contactReference: ContactReference = Field(
        validation_alias=AliasChoices("contactReference", "parentReference")
    )
    relationDescriptor: str | None = None
    primaryContactStatus: bool | None = None
    emergencyContactStatus: bool | None = None
    livesWith: bool | None = None
    legalGuardian: bool | None = None
    contactRestrictions: str | None = None
    contactPriority: int | None = None


class CalendarReference(Payload):
    """Names a calendar of a school."""

    calendarCode: str
    schoolYear: int | None = None


class StudentSchoolAssociation(Item):
    """A row of `studentSchoolAssociations`; its key is student, school and entry date."""

    studentReference: StudentReference
    schoolReference: SchoolReference
    schoolYearTypeReference: SchoolYearTypeReference | None = None
    calendarReference: CalendarReference | None = None
    entryDate: date
    exitWithdrawDate: date | None = None
    entryTypeDescriptor: str | None = None
    exitWithdrawTypeDescriptor: str | None = None
    entryGradeLevelDescriptor: str
    primarySchool: bool | None = None
    fullTimeEquivalency: float | None = None


class StudentSectionAssociation(Item):
    """A row of `studentSectionAssociations`."""

    studentReference: StudentReference
    sectionReference: SectionReference
    beginDate: date | None = None
    endDate: date | None = None
    homeroomIndicator: bool | None = None


class StaffSectionAssociation(Item):
    """A row of `staffSectionAssociations`; its begin date is required from Data Standard 5 on."""

    staffReference: StaffReference
    sectionReference: SectionReference
    classroomPositionDescriptor: str | None = None
    beginDate: date | None = None
    endDate: date | None = None


class StaffAssignment(Item):
    """A row of `staffEducationOrganizationAssignmentAssociations`."""

    staffReference: StaffReference
    educationOrganizationReference: EducationOrganizationReference
    staffClassificationDescriptor: str
    positionTitle: str | None = None
    beginDate: date
    endDate: date | None = None


STUDENTS = Resource.of("students", Student)
STAFFS = Resource.of("staffs", Staff)
STUDENT_ORGANIZATIONS = Resource.of(
    "studentEducationOrganizationAssociations", StudentEducationOrganizationAssociation
)
CONTACTS = Resource.of("contacts", Contact)
PARENTS = Resource.of("parents", Contact)
STUDENT_CONTACTS = Resource.of("studentContactAssociations", StudentContactAssociation)
STUDENT_PARENTS = Resource.of("studentParentAssociations", StudentContactAssociation)
STUDENT_SCHOOLS = Resource.of("studentSchoolAssociations", StudentSchoolAssociation)
STUDENT_SECTIONS = Resource.of("studentSectionAssociations", StudentSectionAssociation)
STAFF_SECTIONS = Resource.of("staffSectionAssociations", StaffSectionAssociation)
STAFF_ASSIGNMENTS = Resource.of("staffEducationOrganizationAssignmentAssociations", StaffAssignment)
