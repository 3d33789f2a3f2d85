"""
Payloads of people, enrollments and staff assignments in the Ed-Fi API (Data Standards 3.3 to 6.1).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AliasChoices, Field

from student_graph.adapters.edfi.api.payload import (
    EducationOrganizationReference,
    Item,
    Many,
    Resource,
    SchoolReference,
    SchoolYearTypeReference,
    SectionReference,
    StaffReference,
    StudentReference,
)
from student_graph.adapters.reading import Day, Deciding, Integer, Number, OptionalDay, Payload


class Person(Item):
    """A row with the name of a person."""

    firstName: str
    middleName: str | None = None
    lastSurname: str
    generationCodeSuffix: str | None = None


class Student(Person):
    """A row of `students`; Data Standard 5 added the preferred names."""

    studentUniqueId: str
    birthDate: OptionalDay = None
    birthSexDescriptor: str | None = None
    preferredFirstName: str | None = None
    preferredLastSurname: str | None = None


class ElectronicMail(Payload):
    """An e-mail address."""

    electronicMailAddress: str
    doNotPublishIndicator: Deciding[bool | None] = None


class Staff(Person):
    """A row of `staffs`; up to Data Standard 5 it has the e-mail addresses."""

    staffUniqueId: str
    electronicMails: Many[ElectronicMail]


class StaffDirectory(Item):
    """A row of `staffDirectories`: how a school or agency reaches a member of staff, from Data Standard 6 on."""

    staffReference: StaffReference
    educationOrganizationReference: EducationOrganizationReference
    electronicMails: Many[ElectronicMail]


class Telephone(Payload):
    """A telephone number."""

    telephoneNumber: str
    doNotPublishIndicator: Deciding[bool | None] = None


class IdentificationCode(Payload):
    """The code of a student in an identification system."""

    studentIdentificationSystemDescriptor: str
    assigningOrganizationIdentificationCode: str | None = None
    identificationCode: str


class Race(Payload):
    """A recorded race."""

    raceDescriptor: str


class LanguageUse(Payload):
    """What a language is used for."""

    languageUseDescriptor: str


class Language(Payload):
    """A language of a student."""

    languageDescriptor: str
    uses: Many[LanguageUse]


class StudentDetails(Item):
    """What an agency or a school has recorded about a student; each resource holds some of it."""

    studentReference: StudentReference
    educationOrganizationReference: EducationOrganizationReference

    @property
    def codes(self) -> Sequence[IdentificationCode]:
        """The student's codes in identification systems, as far as this resource holds them."""
        return ()

    @property
    def mails(self) -> Sequence[ElectronicMail]:
        """The student's e-mail addresses, as far as this resource holds them."""
        return ()


class StudentDemographics(StudentDetails):
    """A row of `studentDemographics`, or of `studentEducationOrganizationAssociations` up to Data Standard 5."""

    sexDescriptor: str | None = None
    hispanicLatinoEthnicity: bool | None = None
    races: Many[Race]
    languages: Many[Language]
    limitedEnglishProficiencyDescriptor: str | None = None


class StudentEducationOrganizationAssociation(StudentDetails):
    """A row of `studentEducationOrganizationAssociations` up to Data Standard 5: identifiers."""

    electronicMails: Many[ElectronicMail]
    studentIdentificationCodes: Many[IdentificationCode]

    @property
    def codes(self) -> Sequence[IdentificationCode]:
        """Ed-Fi `studentIdentificationCodes`."""
        return self.studentIdentificationCodes

    @property
    def mails(self) -> Sequence[ElectronicMail]:
        """Ed-Fi `electronicMails`."""
        return self.electronicMails


class StudentIdentificationCode(StudentDetails, IdentificationCode):
    """A row of `studentIdentificationCodes`: one code, from Data Standard 6 on."""

    @property
    def codes(self) -> Sequence[IdentificationCode]:
        """The code of the row."""
        return (self,)


class StudentDirectory(StudentDetails):
    """A row of `studentDirectories`: how a school or agency reaches a student, from Data Standard 6 on."""

    electronicMails: Many[ElectronicMail]

    @property
    def mails(self) -> Sequence[ElectronicMail]:
        """Ed-Fi `electronicMails`."""
        return self.electronicMails


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
    contactRestrictions: Deciding[str | None] = None
    contactPriority: Integer | None = None


class CalendarReference(Payload):
    """Names a calendar of a school."""

    calendarCode: str
    schoolYear: Integer | None = None


class StudentSchoolAssociation(Item):
    """A row of `studentSchoolAssociations`; its key is student, school and entry date."""

    studentReference: StudentReference
    schoolReference: SchoolReference
    schoolYearTypeReference: SchoolYearTypeReference | None = None
    calendarReference: CalendarReference | None = None
    entryDate: Day
    exitWithdrawDate: Deciding[OptionalDay] = None
    entryTypeDescriptor: str | None = None
    exitWithdrawTypeDescriptor: str | None = None
    entryGradeLevelDescriptor: str
    primarySchool: bool | None = None
    fullTimeEquivalency: Number | None = None


class StudentSectionAssociation(Item):
    """A row of `studentSectionAssociations`."""

    studentReference: StudentReference
    sectionReference: SectionReference
    beginDate: Deciding[OptionalDay] = None
    endDate: Deciding[OptionalDay] = None
    homeroomIndicator: bool | None = None


class StaffSectionAssociation(Item):
    """A row of `staffSectionAssociations`; its begin date is required from Data Standard 5 on."""

    staffReference: StaffReference
    sectionReference: SectionReference
    classroomPositionDescriptor: str | None = None
    beginDate: Deciding[OptionalDay] = None
    endDate: Deciding[OptionalDay] = None


class StaffAssignment(Item):
    """A row of `staffEducationOrganizationAssignmentAssociations`."""

    staffReference: StaffReference
    educationOrganizationReference: EducationOrganizationReference
    staffClassificationDescriptor: str
    positionTitle: str | None = None
    beginDate: Day
    endDate: Deciding[OptionalDay] = None


STUDENTS = Resource.of("students", Student)
STAFFS = Resource.of("staffs", Staff)
STAFF_DIRECTORIES = Resource.of("staffDirectories", StaffDirectory)
STUDENT_ORGANIZATIONS: Resource[StudentDetails] = Resource.of(
    "studentEducationOrganizationAssociations", StudentEducationOrganizationAssociation
)
STUDENT_ORGANIZATION_DEMOGRAPHICS = Resource.of("studentEducationOrganizationAssociations", StudentDemographics)
STUDENT_DEMOGRAPHICS = Resource.of("studentDemographics", StudentDemographics)
STUDENT_CODES: Resource[StudentDetails] = Resource.of("studentIdentificationCodes", StudentIdentificationCode)
STUDENT_DIRECTORIES: Resource[StudentDetails] = Resource.of("studentDirectories", StudentDirectory)
CONTACTS = Resource.of("contacts", Contact)
PARENTS = Resource.of("parents", Contact)
STUDENT_CONTACTS = Resource.of("studentContactAssociations", StudentContactAssociation)
STUDENT_PARENTS = Resource.of("studentParentAssociations", StudentContactAssociation)
MAX_ENROLLMENTS = 200_000
"""
Rows of the longest list of enrollments in schools that is read. Their records are small.

A district of 100,000 students has more than 100,000 of them: students who moved within the year have two.
"""
STUDENT_SCHOOLS = Resource.of("studentSchoolAssociations", StudentSchoolAssociation, max_rows=MAX_ENROLLMENTS)
STUDENT_SECTIONS = Resource.of("studentSectionAssociations", StudentSectionAssociation)
STAFF_SECTIONS = Resource.of("staffSectionAssociations", StaffSectionAssociation)
STAFF_ASSIGNMENTS = Resource.of("staffEducationOrganizationAssignmentAssociations", StaffAssignment)
