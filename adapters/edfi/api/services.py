"""
Programs, meals and transport in the Ed-Fi API (ODS/API 5 to 7, Data Standards 3.3 to 5.2).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents. Properties
that tell of more than their class of data (accommodations, public expense eligibility, diagnoses) are not read.
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
    StaffReference,
    StudentReference,
)


class ProgramReference(Payload):
    """Names a program."""

    programName: str
    programTypeDescriptor: str


class ProgramKey(ProgramReference):
    """The same, with whose program it is; a filter calls that by the second name."""

    organization_id: int = Field(
        validation_alias=AliasChoices("educationOrganizationId", "programEducationOrganizationId")
    )


class ProgramAssociation(Item):
    """What all associations between students and programs have in common."""

    studentReference: StudentReference
    programReference: ProgramReference
    beginDate: date
    endDate: date | None = None


class StaffProgramAssociation(Item):
    """`staffProgramAssociations`."""

    staffReference: StaffReference
    programReference: ProgramKey
    beginDate: date
    endDate: date | None = None
    studentRecordAccess: bool | None = None
    """Whether the records of the program's students are open to the person, as the district reads FERPA."""


class ProgramMember(ProgramAssociation):
    """What caseloads read of the associations between students and programs, whatever their kind."""

    programReference: ProgramKey


class CohortReference(Payload):
    """Names a cohort: students who are served together, beside classes."""

    educationOrganizationId: int
    cohortIdentifier: str


class StaffCohortAssociation(Item):
    """`staffCohortAssociations`."""

    staffReference: StaffReference
    cohortReference: CohortReference
    beginDate: date
    endDate: date | None = None
    studentRecordAccess: bool | None = None
    """Whether the records of the cohort's students are open to the person, as the district reads FERPA."""


class StudentCohortAssociation(Item):
    """`studentCohortAssociations`."""

    studentReference: StudentReference
    cohortReference: CohortReference
    beginDate: date
    endDate: date | None = None


class ProgramService(Payload):
    """A service received; each kind of program spells the property in its own way."""

    serviceDescriptor: str = Field(
        validation_alias=AliasChoices(
            "serviceDescriptor",
            "languageInstructionProgramServiceDescriptor",
            "titleIPartAProgramServiceDescriptor",
            "migrantEducationProgramServiceDescriptor",
        )
    )


class StudentProgramAssociation(ProgramAssociation):
    """`studentProgramAssociations`, and those of language instruction, Title I Part A and migrant education."""

    services: Many[ProgramService]
    languageInstructionProgramServices: Many[ProgramService]
    titleIPartAProgramServices: Many[ProgramService]
    migrantEducationProgramServices: Many[ProgramService]


class Disability(Payload):
    """A disability."""

    disabilityDescriptor: str


class SpecialEducationService(Payload):
    """A service of special education; its providers are not read."""

    specialEducationProgramServiceDescriptor: str


class SpecialEducationAssociation(ProgramAssociation):
    """`studentSpecialEducationProgramAssociations`."""

    ideaEligibility: bool | None = None
    disabilities: Many[Disability]
    specialEducationSettingDescriptor: str | None = None
    specialEducationProgramServices: Many[SpecialEducationService]


class HomelessAssociation(ProgramAssociation):
    """`studentHomelessProgramAssociations`."""

    homelessPrimaryNighttimeResidenceDescriptor: str | None = None
    homelessUnaccompaniedYouth: bool | None = None


class FoodServiceService(Payload):
    """Such as a free breakfast."""

    schoolFoodServiceProgramServiceDescriptor: str


class FoodServiceAssociation(ProgramAssociation):
    """`studentSchoolFoodServiceProgramAssociations`."""

    directCertification: bool | None = None
    schoolFoodServiceProgramServices: Many[FoodServiceService]


class TravelDay(Payload):
    """A day of the week."""

    travelDayofWeekDescriptor: str


class TravelDirection(Payload):
    """To school or from it."""

    travelDirectionDescriptor: str


class BusDetails(Payload):
    """The bus of a student."""

    busNumber: str | None = None
    busRouteDescriptor: str | None = None
    mileage: float | None = None
    travelDayofWeeks: Many[TravelDay]
    travelDirections: Many[TravelDirection]


class StudentTransportation(Item):
    """`studentTransportations`, from Data Standard 5.1 on."""

    studentReference: StudentReference
    transportationEducationOrganizationReference: EducationOrganizationReference
    transportationTypeDescriptor: str | None = None
    studentBusDetails: BusDetails | None = None


PROGRAMS = Resource.of("studentProgramAssociations", StudentProgramAssociation)
LANGUAGE_INSTRUCTION = Resource.of("studentLanguageInstructionProgramAssociations", StudentProgramAssociation)
TITLE_I = Resource.of("studentTitleIPartAProgramAssociations", StudentProgramAssociation)
MIGRANT = Resource.of("studentMigrantEducationProgramAssociations", StudentProgramAssociation)
SPECIAL_EDUCATION = Resource.of("studentSpecialEducationProgramAssociations", SpecialEducationAssociation)
HOMELESS = Resource.of("studentHomelessProgramAssociations", HomelessAssociation)
FOOD_SERVICE = Resource.of("studentSchoolFoodServiceProgramAssociations", FoodServiceAssociation)
TRANSPORTATION = Resource.of("studentTransportations", StudentTransportation)
STAFF_PROGRAMS = Resource.of("staffProgramAssociations", StaffProgramAssociation)
STAFF_COHORTS = Resource.of("staffCohortAssociations", StaffCohortAssociation)
STUDENT_COHORTS = Resource.of("studentCohortAssociations", StudentCohortAssociation)
