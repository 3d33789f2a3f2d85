"""
Programs, meals and transport in the Ed-Fi API (ODS/API 5 to 7, Data Standards 3.3 to 5.2).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents. Properties
that tell of more than their class of data (accommodations, public expense eligibility, diagnoses) are not read.
"""

from __future__ import annotations

from datetime import date

from pydantic import AliasChoices, Field

from adapters.edfi.api.payload import (
    EducationOrganizationReference,
    Item,
    Many,
    Payload,
    Resource,
    StudentReference,
)


class ProgramReference(Payload):
    """Names a program."""

    programName: str
    programTypeDescriptor: str


class ProgramAssociation(Item):
    """What all associations between students and programs have in common."""

    studentReference: StudentReference
    programReference: ProgramReference
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
