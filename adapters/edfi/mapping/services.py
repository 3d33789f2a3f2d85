"""Converts programs, school meals, transportation and caseloads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import chain

from student_graph.adapters.edfi.api import services as api
from student_graph.adapters.edfi.client.keys import CohortKey, ProgramKey, ProviderKey, caseload_id
from student_graph.adapters.edfi.mapping.descriptors import DescriptorCodes, descriptor, optional_descriptor
from student_graph.adapters.model import (
    CaseloadId,
    CaseloadStaff,
    CaseloadStudent,
    Descriptor,
    FoodService,
    Homelessness,
    ProgramParticipation,
    ProgramType,
    Section504,
    SpecialEducation,
    StaffId,
    StudentId,
    Transportation,
)


def program_participation(
    codes: DescriptorCodes, row: api.StudentProgramAssociation, program_type: ProgramType | None
) -> ProgramParticipation | None:
    """
    A student's participation in a program, or None if the program needs a restricted grant.

    `program_type` is the type of all rows of the resource. It is None for the general resource, in which the
    descriptor decides, and in which districts also keep programs that need a restricted grant.
    """
    program = row.programReference
    if program_type is None and codes.is_withheld(program.programTypeDescriptor):
        return None
    services = [
        *row.services,
        *row.languageInstructionProgramServices,
        *row.titleIPartAProgramServices,
        *row.migrantEducationProgramServices,
    ]
    return ProgramParticipation(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        program_name=program.programName,
        program_type=program_type or codes.to_enum(ProgramType, program.programTypeDescriptor),
        program_type_descriptor=descriptor(program.programTypeDescriptor),
        begin_date=row.beginDate,
        end_date=row.endDate,
        services=[descriptor(service.serviceDescriptor) for service in services],
    )


def special_education(row: api.SpecialEducationAssociation) -> SpecialEducation:
    """A student's participation in special education, without duplicate disabilities."""
    disabilities = dict.fromkeys(disability.disabilityDescriptor for disability in row.disabilities)
    return SpecialEducation(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        program_name=row.programReference.programName,
        begin_date=row.beginDate,
        end_date=row.endDate,
        exit_date=row.specialEducationExitDate,
        idea_eligibility=row.ideaEligibility,
        disabilities=[descriptor(uri) for uri in disabilities],
        setting=optional_descriptor(row.specialEducationSettingDescriptor),
        services=[
            descriptor(service.specialEducationProgramServiceDescriptor)
            for service in row.specialEducationProgramServices
        ],
    )


def section_504(row: api.Section504Association) -> Section504:
    """A student's participation in a Section 504 program."""
    return Section504(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        program_name=row.programReference.programName,
        begin_date=row.beginDate,
        end_date=row.endDate,
        eligible=row.section504Eligibility,
        disability=optional_descriptor(row.section504DisabilityDescriptor),
        accommodation_plan=row.accommodationPlan,
    )


def homelessness(row: api.HomelessAssociation) -> Homelessness:
    """A student's participation in the program for homeless students."""
    return Homelessness(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        program_name=row.programReference.programName,
        begin_date=row.beginDate,
        end_date=row.endDate,
        primary_nighttime_residence=optional_descriptor(row.homelessPrimaryNighttimeResidenceDescriptor),
        unaccompanied_youth=row.homelessUnaccompaniedYouth,
    )


def food_service(row: api.FoodServiceAssociation) -> FoodService:
    """A student's participation in a school meals program."""
    return FoodService(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        program_name=row.programReference.programName,
        begin_date=row.beginDate,
        end_date=row.endDate,
        direct_certification=row.directCertification,
        services=[
            descriptor(service.schoolFoodServiceProgramServiceDescriptor)
            for service in row.schoolFoodServiceProgramServices
        ],
    )


def transportation(row: api.StudentTransportation) -> Transportation:
    """A student's transportation to and from school."""
    bus = row.studentBusDetails
    return Transportation(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        transportation_type=optional_descriptor(row.transportationTypeDescriptor),
        bus_number=bus.busNumber if bus else None,
        bus_route=optional_descriptor(bus.busRouteDescriptor) if bus else None,
        mileage=bus.mileage if bus else None,
        travel_days=[descriptor(day.travelDayofWeekDescriptor) for day in bus.travelDayofWeeks] if bus else [],
        travel_directions=_directions(bus) if bus else [],
    )


def caseload_staff(row: api.StaffCohortAssociation | api.StaffProgramAssociation) -> CaseloadStaff:
    """The assignment of a member of staff to a cohort or a program."""
    return CaseloadStaff(
        vendor_id=row.id,
        staff_id=StaffId(row.staffReference.staffUniqueId),
        caseload_id=caseload_id(_caseload_key(row)),
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def provided_periods(row: api.ProviderAssociation, staff_id: str) -> list[tuple[date, date | None]]:
    """When a member of staff serves the student of an association: first and last days; empty if never."""
    periods = [(row.beginDate, row.endDate)] if _is_among(row.serviceProviders, staff_id) else []
    for service in row.specialEducationProgramServices:
        if _is_among(service.providers, staff_id):
            ends = [day for day in (service.serviceEndDate, row.endDate) if day is not None]
            begin = max(row.beginDate, service.serviceBeginDate or row.beginDate)
            periods.append((begin, min(ends, default=None)))
    return periods


def _is_among(providers: Sequence[api.ServiceProvider], staff_id: str) -> bool:
    return any(provider.staffReference.staffUniqueId == staff_id for provider in providers)


def provider_caseload(row: api.ProviderAssociation, staff_id: StaffId) -> list[CaseloadStaff]:
    """The caseload of a member of staff who serves the student of an association, for each period."""
    return [
        CaseloadStaff(
            vendor_id=row.id,
            staff_id=staff_id,
            caseload_id=caseload_id(ProviderKey(staff_id)),
            begin_date=begin,
            end_date=end,
        )
        for begin, end in provided_periods(row, staff_id)
    ]


def provider_caseloads(row: api.ProviderAssociation) -> list[CaseloadStaff]:
    """The caseloads of all members of staff who serve the student of an association."""
    services = (service.providers for service in row.specialEducationProgramServices)
    providers = chain(row.serviceProviders, *services)
    staff_ids = dict.fromkeys(StaffId(provider.staffReference.staffUniqueId) for provider in providers)
    return [record for staff_id in staff_ids for record in provider_caseload(row, staff_id)]


def served_student(caseload_id: CaseloadId, row: api.ProviderAssociation, staff_id: str) -> list[CaseloadStudent]:
    """The student of an association as one of the students of its provider, for each period."""
    return [
        CaseloadStudent(
            vendor_id=row.id,
            student_id=StudentId(row.studentReference.studentUniqueId),
            caseload_id=caseload_id,
            begin_date=begin,
            end_date=end,
        )
        for begin, end in provided_periods(row, staff_id)
    ]


def caseload_student(
    caseload_id: CaseloadId, row: api.StudentCohortAssociation | api.ProgramAssociation
) -> CaseloadStudent:
    """A student of the requested caseload."""
    return CaseloadStudent(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        caseload_id=caseload_id,
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def _caseload_key(row: api.StaffCohortAssociation | api.StaffProgramAssociation) -> CohortKey | ProgramKey:
    if isinstance(row, api.StaffCohortAssociation):
        cohort = row.cohortReference
        return CohortKey(cohort.educationOrganizationId, cohort.cohortIdentifier)
    program = row.programReference
    return ProgramKey(program.organization_id, program.programName, program.programTypeDescriptor)


def _directions(bus: api.BusDetails) -> list[Descriptor]:
    return [descriptor(direction.travelDirectionDescriptor) for direction in bus.travelDirections]
