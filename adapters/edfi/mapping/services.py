"""Programs, meals and transport."""

from __future__ import annotations

from student_graph.adapters.edfi.api import services as api
from student_graph.adapters.edfi.client.keys import CohortParts, ProgramParts, caseload_id
from student_graph.adapters.edfi.mapping.descriptors import Codes, descriptor, optional
from student_graph.adapters.model import (
    CaseloadId,
    CaseloadStaff,
    CaseloadStudent,
    Descriptor,
    FoodService,
    Homelessness,
    ProgramParticipation,
    ProgramType,
    SpecialEducation,
    StaffId,
    StudentId,
    Transportation,
)


def program_participation(
    codes: Codes, row: api.StudentProgramAssociation, kind: ProgramType | None
) -> ProgramParticipation | None:
    """
    A part in a program. The resources of one kind of program give `kind`; the general one leaves it to the code.

    None where the code tells of something that needs a restricted grant: districts keep such rows here too.
    """
    program = row.programReference
    if kind is None and codes.withheld(program.programTypeDescriptor):
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
        program_type=kind or codes.read(ProgramType, program.programTypeDescriptor),
        program_type_descriptor=descriptor(program.programTypeDescriptor),
        begin_date=row.beginDate,
        end_date=row.endDate,
        services=[descriptor(service.serviceDescriptor) for service in services],
    )


def special_education(row: api.SpecialEducationAssociation) -> SpecialEducation:
    """A part in special education."""
    disabilities = dict.fromkeys(each.disabilityDescriptor for each in row.disabilities)
    return SpecialEducation(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        program_name=row.programReference.programName,
        begin_date=row.beginDate,
        end_date=row.endDate,
        idea_eligibility=row.ideaEligibility,
        disabilities=[descriptor(each) for each in disabilities],
        setting=optional(row.specialEducationSettingDescriptor),
        services=[
            descriptor(service.specialEducationProgramServiceDescriptor)
            for service in row.specialEducationProgramServices
        ],
    )


def homelessness(row: api.HomelessAssociation) -> Homelessness:
    """A part in the program for homeless children."""
    return Homelessness(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        program_name=row.programReference.programName,
        begin_date=row.beginDate,
        end_date=row.endDate,
        primary_nighttime_residence=optional(row.homelessPrimaryNighttimeResidenceDescriptor),
        unaccompanied_youth=row.homelessUnaccompaniedYouth,
    )


def food_service(row: api.FoodServiceAssociation) -> FoodService:
    """A meals program."""
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
    """How a student gets to school."""
    bus = row.studentBusDetails
    return Transportation(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        transportation_type=optional(row.transportationTypeDescriptor),
        bus_number=bus.busNumber if bus else None,
        bus_route=optional(bus.busRouteDescriptor) if bus else None,
        mileage=bus.mileage if bus else None,
        travel_days=[descriptor(day.travelDayofWeekDescriptor) for day in bus.travelDayofWeeks] if bus else [],
        travel_directions=_directions(bus) if bus else [],
    )


def caseload_staff(row: api.StaffCohortAssociation | api.StaffProgramAssociation) -> CaseloadStaff:
    """Who answers for a cohort or a program."""
    return CaseloadStaff(
        vendor_id=row.id,
        staff_id=StaffId(row.staffReference.staffUniqueId),
        caseload_id=caseload_id(_parts(row)),
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def caseload_student(
    key: CaseloadId, row: api.StudentCohortAssociation | api.ProgramAssociation
) -> CaseloadStudent:
    """A student of the caseload that was asked for."""
    return CaseloadStudent(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        caseload_id=key,
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def _parts(row: api.StaffCohortAssociation | api.StaffProgramAssociation) -> CohortParts | ProgramParts:
    if isinstance(row, api.StaffCohortAssociation):
        cohort = row.cohortReference
        return CohortParts(cohort.educationOrganizationId, cohort.cohortIdentifier)
    program = row.programReference
    return ProgramParts(program.organization_id, program.programName, program.programTypeDescriptor)


def _directions(bus: api.BusDetails) -> list[Descriptor]:
    return [descriptor(direction.travelDirectionDescriptor) for direction in bus.travelDirections]
