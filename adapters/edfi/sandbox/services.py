"""Serializes programs, school meals, caseloads and transportation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from student_graph.adapters.edfi.sandbox.filters import DataStandard, is_since
from student_graph.adapters.edfi.sandbox.serializers import (
    ResourceFacts,
    descriptor,
    descriptors,
    omit_none,
    organization_reference,
    student_reference,
)
from student_graph.adapters.sandbox.facts import BusFact, CohortFact, DistrictFacts, ProgramFact, ProgramStaffFact
from student_graph.adapters.sandbox.records.folder import Payload


def resources(facts: DistrictFacts, standard: DataStandard) -> dict[str, ResourceFacts]:
    """The resources of this module by name; some are only in newer Data Standards."""
    programs = {(fact.program, fact.program_type): fact for fact in facts.programs}
    resources: dict[str, ResourceFacts] = {
        "programs": (list(programs.values()), lambda fact: _program(fact, facts.lea))
    }
    for resource, (kind, serialize_details) in _PROGRAM_KINDS.items():
        participations = [fact for fact in facts.programs if fact.kind == kind]
        resources[resource] = (participations, _association_serializer(serialize_details, facts.lea))
    resources["staffProgramAssociations"] = (facts.program_staff, lambda fact: _program_staff(fact, facts.lea))
    resources["staffCohortAssociations"] = (
        [(cohort, *assignment) for cohort in facts.cohorts for assignment in cohort.staff],
        lambda assignment: _cohort_staff(*assignment),
    )
    resources["studentCohortAssociations"] = (
        [(cohort, *membership) for cohort in facts.cohorts for membership in cohort.students],
        lambda membership: _cohort_student(*membership),
    )
    if is_since(standard, "6.0"):
        section_504 = [fact for fact in facts.programs if fact.kind == "section 504"]
        resources["studentSection504ProgramAssociations"] = (
            section_504,
            _association_serializer(_section_504_details, facts.lea),
        )
    if is_since(standard, "5.1"):
        resources["studentTransportations"] = (facts.buses, lambda fact: _transportation(fact, facts.lea))
    return resources


def _program(fact: ProgramFact, agency: int) -> Payload:
    return {
        "programName": fact.program,
        "programTypeDescriptor": descriptor("ProgramType", fact.program_type),
        "educationOrganizationReference": organization_reference(agency),
    }


def _association_serializer(
    serialize_details: Callable[[ProgramFact], Payload], agency: int
) -> Callable[[ProgramFact], Payload]:
    """A serializer of program associations; `serialize_details` adds the properties of one kind of program."""

    def serialize(fact: ProgramFact) -> Payload:
        return omit_none(
            beginDate=fact.begin.isoformat(),
            educationOrganizationReference=organization_reference(agency),
            programReference=_program_reference(fact, agency),
            studentReference=student_reference(fact.student),
            endDate=fact.end.isoformat() if fact.end else None,
            **serialize_details(fact),
        )

    return serialize


def _program_reference(fact: ProgramFact | ProgramStaffFact, agency: int) -> Payload:
    return {
        "educationOrganizationId": agency,
        "programName": fact.program,
        "programTypeDescriptor": descriptor("ProgramType", fact.program_type),
    }


def _program_staff(fact: ProgramStaffFact, agency: int) -> Payload:
    return omit_none(
        beginDate=fact.begin.isoformat(),
        programReference=_program_reference(fact, agency),
        staffReference={"staffUniqueId": fact.staff},
        endDate=fact.end.isoformat() if fact.end else None,
        studentRecordAccess=fact.records,
    )


def _cohort_staff(
    cohort: CohortFact, staff_id: str, begin: date, end: date | None, records: bool | None
) -> Payload:
    return omit_none(
        beginDate=begin.isoformat(),
        cohortReference=_cohort_reference(cohort),
        staffReference={"staffUniqueId": staff_id},
        endDate=end.isoformat() if end else None,
        studentRecordAccess=records,
    )


def _cohort_student(cohort: CohortFact, student_id: str, begin: date, end: date | None) -> Payload:
    return omit_none(
        beginDate=begin.isoformat(),
        cohortReference=_cohort_reference(cohort),
        studentReference=student_reference(student_id),
        endDate=end.isoformat() if end else None,
    )


def _cohort_reference(cohort: CohortFact) -> Payload:
    return {**organization_reference(cohort.organization), "cohortIdentifier": cohort.id}


def _special_education_details(fact: ProgramFact) -> Payload:
    name, kind = "specialEducationProgramServiceDescriptor", "SpecialEducationProgramService"
    return {
        "disabilities": descriptors("disabilityDescriptor", "Disability", [fact.details["disability"]]),
        "ideaEligibility": True,
        "specialEducationSettingDescriptor": descriptor("SpecialEducationSetting", fact.details["setting"]),
        "specialEducationProgramServices": descriptors(name, kind, fact.services),
    }


def _section_504_details(fact: ProgramFact) -> Payload:
    return {
        "accommodationPlan": True,
        "section504Eligibility": True,
        "section504DisabilityDescriptor": descriptor("Section504Disability", fact.details["disability"]),
    }


def _language_instruction_details(fact: ProgramFact) -> Payload:
    name, kind = "languageInstructionProgramServiceDescriptor", "LanguageInstructionProgramService"
    return {
        "englishLearnerParticipation": True,
        "languageInstructionProgramServices": descriptors(name, kind, fact.services),
    }


def _homeless_details(fact: ProgramFact) -> Payload:
    residence = descriptor("HomelessPrimaryNighttimeResidence", fact.details["residence"])
    return {"homelessPrimaryNighttimeResidenceDescriptor": residence, "homelessUnaccompaniedYouth": False}


def _migrant_details(fact: ProgramFact) -> Payload:
    return {"lastQualifyingMove": fact.begin.isoformat(), "priorityForServices": False}


def _food_service_details(fact: ProgramFact) -> Payload:
    name, kind = "schoolFoodServiceProgramServiceDescriptor", "SchoolFoodServiceProgramService"
    return {
        "directCertification": "Free Lunch" in fact.services,
        "schoolFoodServiceProgramServices": descriptors(name, kind, fact.services),
    }


_TITLE_I_DETAILS = {
    "titleIPartAParticipantDescriptor": descriptor("TitleIPartAParticipant", "Public Targeted Assistance Program")
}
_PROGRAM_KINDS: dict[str, tuple[str, Callable[[ProgramFact], Payload]]] = {
    "studentProgramAssociations": ("other", lambda _: {}),
    "studentSpecialEducationProgramAssociations": ("special education", _special_education_details),
    "studentLanguageInstructionProgramAssociations": ("language", _language_instruction_details),
    "studentTitleIPartAProgramAssociations": ("title i", lambda _: _TITLE_I_DETAILS),
    "studentHomelessProgramAssociations": ("homeless", _homeless_details),
    "studentMigrantEducationProgramAssociations": ("migrant", _migrant_details),
    "studentSchoolFoodServiceProgramAssociations": ("food service", _food_service_details),
}
"""By resource: the kind of program, and the function that serializes the properties of this kind."""


def _transportation(fact: BusFact, agency: int) -> Payload:
    return {
        "studentReference": student_reference(fact.student),
        "transportationEducationOrganizationReference": organization_reference(agency),
        "studentBusDetails": {
            "busRouteDescriptor": descriptor("BusRoute", fact.route, "uri://cedarhollow.example"),
            "busNumber": fact.bus,
            "mileage": fact.miles,
            "travelDayofWeeks": descriptors("travelDayofWeekDescriptor", "TravelDayofWeek", fact.days),
            "travelDirections": descriptors("travelDirectionDescriptor", "TravelDirection", [fact.direction]),
        },
        "transportationTypeDescriptor": descriptor("TransportationType", "School Bus"),
    }
