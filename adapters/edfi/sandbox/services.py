"""Payloads of programs, meals and transportation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from student_graph.adapters.edfi.sandbox.filters import DataStandard
from student_graph.adapters.edfi.sandbox.serializers import (
    Table,
    descriptor,
    descriptors,
    organization,
    present,
    student,
)
from student_graph.adapters.sandbox.facts import BusFact, CohortFact, DistrictFacts, ProgramFact, ProgramStaffFact
from student_graph.adapters.sandbox.records.folder import Payload


def tables(facts: DistrictFacts, standard: DataStandard) -> dict[str, Table]:
    """The resources of this part; transportation came with Data Standard 5.1."""
    programs = {(one.program, one.program_type): one for one in facts.programs}
    found: dict[str, Table] = {"programs": (list(programs.values()), lambda one: _program(one, facts.lea))}
    for resource, (kind, details) in _KINDS.items():
        taken = [one for one in facts.programs if one.kind == kind]
        found[resource] = (taken, _association(details, facts.lea))
    found["staffProgramAssociations"] = (facts.program_staff, lambda one: _program_staff(one, facts.lea))
    found["staffCohortAssociations"] = (
        [(cohort, *served) for cohort in facts.cohorts for served in cohort.staff],
        lambda one: _cohort_staff(*one),
    )
    found["studentCohortAssociations"] = (
        [(cohort, *place) for cohort in facts.cohorts for place in cohort.students],
        lambda one: _cohort_student(*one),
    )
    if standard == "5.1":
        found["studentTransportations"] = (facts.buses, lambda one: _bus(one, facts.lea))
    return found


def _program(fact: ProgramFact, agency: int) -> Payload:
    return {
        "programName": fact.program,
        "programTypeDescriptor": descriptor("ProgramType", fact.program_type),
        "educationOrganizationReference": organization(agency),
    }


def _association(details: Callable[[ProgramFact], Payload], agency: int) -> Callable[[ProgramFact], Payload]:
    """What every program association has, and what `details` adds for its kind."""

    def make(fact: ProgramFact) -> Payload:
        return present(
            beginDate=fact.begin.isoformat(),
            educationOrganizationReference=organization(agency),
            programReference=_reference(fact, agency),
            studentReference=student(fact.student),
            endDate=fact.end.isoformat() if fact.end else None,
            **details(fact),
        )

    return make


def _reference(fact: ProgramFact | ProgramStaffFact, agency: int) -> Payload:
    return {
        "educationOrganizationId": agency,
        "programName": fact.program,
        "programTypeDescriptor": descriptor("ProgramType", fact.program_type),
    }


def _program_staff(fact: ProgramStaffFact, agency: int) -> Payload:
    return present(
        beginDate=fact.begin.isoformat(),
        programReference=_reference(fact, agency),
        staffReference={"staffUniqueId": fact.staff},
        endDate=fact.end.isoformat() if fact.end else None,
        studentRecordAccess=fact.records,
    )


def _cohort_staff(cohort: CohortFact, staff: str, begin: date, end: date | None, records: bool | None) -> Payload:
    return present(
        beginDate=begin.isoformat(),
        cohortReference=_cohort(cohort),
        staffReference={"staffUniqueId": staff},
        endDate=end.isoformat() if end else None,
        studentRecordAccess=records,
    )


def _cohort_student(cohort: CohortFact, number: str, begin: date, end: date | None) -> Payload:
    return present(
        beginDate=begin.isoformat(),
        cohortReference=_cohort(cohort),
        studentReference=student(number),
        endDate=end.isoformat() if end else None,
    )


def _cohort(cohort: CohortFact) -> Payload:
    return {**organization(cohort.organization), "cohortIdentifier": cohort.id}


def _special_education(fact: ProgramFact) -> Payload:
    name, kind = "specialEducationProgramServiceDescriptor", "SpecialEducationProgramService"
    return {
        "disabilities": descriptors("disabilityDescriptor", "Disability", [fact.details["disability"]]),
        "ideaEligibility": True,
        "specialEducationSettingDescriptor": descriptor("SpecialEducationSetting", fact.details["setting"]),
        "specialEducationProgramServices": descriptors(name, kind, fact.services),
    }


def _language(fact: ProgramFact) -> Payload:
    name, kind = "languageInstructionProgramServiceDescriptor", "LanguageInstructionProgramService"
    return {
        "englishLearnerParticipation": True,
        "languageInstructionProgramServices": descriptors(name, kind, fact.services),
    }


def _homeless(fact: ProgramFact) -> Payload:
    residence = descriptor("HomelessPrimaryNighttimeResidence", fact.details["residence"])
    return {"homelessPrimaryNighttimeResidenceDescriptor": residence, "homelessUnaccompaniedYouth": False}


def _migrant(fact: ProgramFact) -> Payload:
    return {"lastQualifyingMove": fact.begin.isoformat(), "priorityForServices": False}


def _meals(fact: ProgramFact) -> Payload:
    name, kind = "schoolFoodServiceProgramServiceDescriptor", "SchoolFoodServiceProgramService"
    return {
        "directCertification": "Free Lunch" in fact.services,
        "schoolFoodServiceProgramServices": descriptors(name, kind, fact.services),
    }


_TITLE_I = {
    "titleIPartAParticipantDescriptor": descriptor("TitleIPartAParticipant", "Public Targeted Assistance Program")
}
_KINDS: dict[str, tuple[str, Callable[[ProgramFact], Payload]]] = {
    "studentProgramAssociations": ("other", lambda _: {}),
    "studentSpecialEducationProgramAssociations": ("special education", _special_education),
    "studentLanguageInstructionProgramAssociations": ("language", _language),
    "studentTitleIPartAProgramAssociations": ("title i", lambda _: _TITLE_I),
    "studentHomelessProgramAssociations": ("homeless", _homeless),
    "studentMigrantEducationProgramAssociations": ("migrant", _migrant),
    "studentSchoolFoodServiceProgramAssociations": ("food service", _meals),
}
"""Resource to the kind of program it is about, and what it tells beside."""


def _bus(fact: BusFact, agency: int) -> Payload:
    return {
        "studentReference": student(fact.student),
        "transportationEducationOrganizationReference": organization(agency),
        "studentBusDetails": {
            "busRouteDescriptor": descriptor("BusRoute", fact.route, "uri://cedarhollow.example"),
            "busNumber": fact.bus,
            "mileage": fact.miles,
            "travelDayofWeeks": descriptors("travelDayofWeekDescriptor", "TravelDayofWeek", fact.days),
            "travelDirections": descriptors("travelDirectionDescriptor", "TravelDirection", [fact.direction]),
        },
        "transportationTypeDescriptor": descriptor("TransportationType", "School Bus"),
    }
