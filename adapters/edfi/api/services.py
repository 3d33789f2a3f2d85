"""
Payloads of programs, school meals and transportation in the Ed-Fi API (Data Standards 3.3 to 6.1).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents. Properties
that reveal more than their class of data allows (requirements, public expense eligibility, diagnoses) are not
declared.
"""

from __future__ import annotations

from pydantic import AliasChoices, Field

from student_graph.adapters.edfi.api.payload import (
    EducationOrganizationReference,
    Item,
    Many,
    Resource,
    StaffReference,
    StudentReference,
)
from student_graph.adapters.reading import Day, Deciding, Integer, Number, OptionalDay, Payload


class ProgramReference(Payload):
    """Names a program."""

    programName: str
    programTypeDescriptor: str


class FullProgramReference(ProgramReference):
    """Names a program and its education organization."""

    organization_id: Integer = Field(
        validation_alias=AliasChoices("educationOrganizationId", "programEducationOrganizationId")
    )
    """Ed-Fi `educationOrganizationId`; the filter of the same value is `programEducationOrganizationId`."""


class ProgramAssociation(Item):
    """The common properties of all associations of students with programs."""

    studentReference: StudentReference
    programReference: ProgramReference
    beginDate: Day
    endDate: Deciding[OptionalDay] = None


class StaffProgramAssociation(Item):
    """A row of `staffProgramAssociations`."""

    staffReference: StaffReference
    programReference: FullProgramReference
    beginDate: Day
    endDate: Deciding[OptionalDay] = None
    studentRecordAccess: bool | None = None
    """Whether the person may see the records of the program's students, as the district interprets FERPA."""


class CaseloadProgramAssociation(ProgramAssociation):
    """The properties of a program association of any kind that caseloads need."""

    programReference: FullProgramReference


class ServiceProvider(Payload):
    """A member of staff who serves a student in a program."""

    staffReference: StaffReference


class ProvidedService(Payload):
    """The providers of one special education service of a student, and when they provide it."""

    providers: Many[ServiceProvider]
    serviceBeginDate: Deciding[OptionalDay] = None
    serviceEndDate: Deciding[OptionalDay] = None


class ProviderAssociation(Item):
    """The properties of a special education association that say who serves the student."""

    studentReference: StudentReference
    beginDate: Day
    endDate: Deciding[OptionalDay] = None
    serviceProviders: Many[ServiceProvider]
    specialEducationProgramServices: Many[ProvidedService]


class CohortReference(Payload):
    """Names a cohort: a group of students who get a service together, apart from sections."""

    educationOrganizationId: Integer
    cohortIdentifier: str


class StaffCohortAssociation(Item):
    """A row of `staffCohortAssociations`."""

    staffReference: StaffReference
    cohortReference: CohortReference
    beginDate: Day
    endDate: Deciding[OptionalDay] = None
    studentRecordAccess: bool | None = None
    """Whether the person may see the records of the cohort's students, as the district interprets FERPA."""


class StudentCohortAssociation(Item):
    """A row of `studentCohortAssociations`."""

    studentReference: StudentReference
    cohortReference: CohortReference
    beginDate: Day
    endDate: Deciding[OptionalDay] = None


class ProgramService(Payload):
    """A service that a student receives; each kind of program has its own name for the property."""

    serviceDescriptor: str = Field(
        validation_alias=AliasChoices(
            "serviceDescriptor",
            "languageInstructionProgramServiceDescriptor",
            "titleIPartAProgramServiceDescriptor",
            "migrantEducationProgramServiceDescriptor",
        )
    )


class StudentProgramAssociation(ProgramAssociation):
    """A row of `studentProgramAssociations`, or of those for language instruction, Title I Part A or migrants."""

    services: Many[ProgramService]
    languageInstructionProgramServices: Many[ProgramService]
    titleIPartAProgramServices: Many[ProgramService]
    migrantEducationProgramServices: Many[ProgramService]


class Disability(Payload):
    """A disability."""

    disabilityDescriptor: str


class SpecialEducationService(Payload):
    """A special education service; its providers are not read."""

    specialEducationProgramServiceDescriptor: str


class SpecialEducationAssociation(ProgramAssociation):
    """A row of `studentSpecialEducationProgramAssociations`."""

    ideaEligibility: bool | None = None
    specialEducationExitDate: Deciding[OptionalDay] = None
    disabilities: Many[Disability]
    specialEducationSettingDescriptor: str | None = None
    specialEducationProgramServices: Many[SpecialEducationService]


class HomelessAssociation(ProgramAssociation):
    """A row of `studentHomelessProgramAssociations`."""

    homelessPrimaryNighttimeResidenceDescriptor: str | None = None
    homelessUnaccompaniedYouth: bool | None = None


class Section504Association(ProgramAssociation):
    """A row of `studentSection504ProgramAssociations`, from Data Standard 6 on."""

    accommodationPlan: bool | None = None
    section504Eligibility: bool | None = None
    section504DisabilityDescriptor: str | None = None


class FoodServiceService(Payload):
    """A service of a school meals program, such as a free breakfast."""

    schoolFoodServiceProgramServiceDescriptor: str


class FoodServiceAssociation(ProgramAssociation):
    """A row of `studentSchoolFoodServiceProgramAssociations`."""

    directCertification: bool | None = None
    schoolFoodServiceProgramServices: Many[FoodServiceService]


class TravelDay(Payload):
    """A day of the week on which a student travels."""

    travelDayofWeekDescriptor: str


class TravelDirection(Payload):
    """The direction of a trip: to school or from school."""

    travelDirectionDescriptor: str


class BusDetails(Payload):
    """A student's bus and trips."""

    busNumber: str | None = None
    busRouteDescriptor: str | None = None
    mileage: Number | None = None
    travelDayofWeeks: Many[TravelDay]
    travelDirections: Many[TravelDirection]


class StudentTransportation(Item):
    """A row of `studentTransportations`, from Data Standard 5.1 on."""

    studentReference: StudentReference
    transportationEducationOrganizationReference: EducationOrganizationReference
    transportationTypeDescriptor: str | None = None
    studentBusDetails: BusDetails | None = None


PROGRAMS = Resource.of("studentProgramAssociations", StudentProgramAssociation)
LANGUAGE_INSTRUCTION = Resource.of("studentLanguageInstructionProgramAssociations", StudentProgramAssociation)
TITLE_I = Resource.of("studentTitleIPartAProgramAssociations", StudentProgramAssociation)
MIGRANT = Resource.of("studentMigrantEducationProgramAssociations", StudentProgramAssociation)
SPECIAL_EDUCATION = Resource.of("studentSpecialEducationProgramAssociations", SpecialEducationAssociation)
SERVICE_PROVIDERS = Resource.of(SPECIAL_EDUCATION.name, ProviderAssociation)
HOMELESS = Resource.of("studentHomelessProgramAssociations", HomelessAssociation)
SECTION_504 = Resource.of("studentSection504ProgramAssociations", Section504Association)
FOOD_SERVICE = Resource.of("studentSchoolFoodServiceProgramAssociations", FoodServiceAssociation)
TRANSPORTATION = Resource.of("studentTransportations", StudentTransportation)
STAFF_PROGRAMS = Resource.of("staffProgramAssociations", StaffProgramAssociation)
STAFF_COHORTS = Resource.of("staffCohortAssociations", StaffCohortAssociation)
STUDENT_COHORTS = Resource.of("studentCohortAssociations", StudentCohortAssociation)
