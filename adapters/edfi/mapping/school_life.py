"""Converts attendance events, discipline incidents and discipline actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from sys import intern

from student_graph.adapters.edfi.api import school_life as api
from student_graph.adapters.edfi.mapping.descriptors import DescriptorCodes, descriptor, optional_descriptor
from student_graph.adapters.edfi.mapping.people import section_id_of
from student_graph.adapters.edfi.mapping.schools import class_period_names
from student_graph.adapters.model import (
    AttendanceCategory,
    AttendanceEvent,
    AttendanceScope,
    Descriptor,
    DisciplineAction,
    DisciplineIncident,
    Excusal,
    SchoolId,
    StudentId,
)

_EXCUSAL_BY_CATEGORY = {
    AttendanceCategory.EXCUSED_ABSENCE: Excusal.EXCUSED,
    AttendanceCategory.UNEXCUSED_ABSENCE: Excusal.UNEXCUSED,
}


def school_attendance_event(codes: DescriptorCodes, row: api.SchoolAttendanceEvent) -> AttendanceEvent:
    """An attendance event of a school day."""
    category = codes.to_enum(AttendanceCategory, row.attendanceEventCategoryDescriptor)
    return AttendanceEvent(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        school_id=SchoolId(intern(str(row.schoolReference.schoolId))),
        date=row.eventDate,
        scope=AttendanceScope.SCHOOL,
        category=category,
        raw=descriptor(row.attendanceEventCategoryDescriptor),
        duration=row.eventDuration,
        excusal=_EXCUSAL_BY_CATEGORY.get(category),
        arrival_time=row.arrivalTime,
        departure_time=row.departureTime,
        reason=row.attendanceEventReason,
        school_year=row.sessionReference.schoolYear,
        session_name=intern(row.sessionReference.sessionName),
    )


def section_attendance_event(codes: DescriptorCodes, row: api.SectionAttendanceEvent) -> AttendanceEvent:
    """An attendance event of a section."""
    category = codes.to_enum(AttendanceCategory, row.attendanceEventCategoryDescriptor)
    return AttendanceEvent(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        school_id=SchoolId(str(row.sectionReference.schoolId)),
        section_id=section_id_of(row.sectionReference),
        date=row.eventDate,
        scope=AttendanceScope.SECTION,
        category=category,
        raw=descriptor(row.attendanceEventCategoryDescriptor),
        duration=row.eventDuration,
        excusal=_EXCUSAL_BY_CATEGORY.get(category),
        arrival_time=row.arrivalTime,
        departure_time=row.departureTime,
        reason=row.attendanceEventReason,
        school_year=row.sectionReference.schoolYear,
        session_name=row.sectionReference.sessionName,
        class_periods=class_period_names(row.classPeriods),
    )


def discipline_incident(
    row: api.DisciplineIncident, behaviors: Sequence[api.IncidentBehavior]
) -> DisciplineIncident:
    """One student's part in an incident; `behaviors` are all of that student and incident, at least one."""
    return DisciplineIncident(
        vendor_id=row.id,
        student_id=StudentId(behaviors[0].studentReference.studentUniqueId),
        school_id=SchoolId(str(row.schoolReference.schoolId)),
        incident_identifier=row.incidentIdentifier,
        date=row.incidentDate,
        time=row.incidentTime,
        location=optional_descriptor(row.incidentLocationDescriptor),
        behaviors=_descriptors(behavior.behaviorDescriptor for behavior in _sorted(behaviors)),
        participation=_descriptors(
            code.disciplineIncidentParticipationCodeDescriptor
            for behavior in _sorted(behaviors)
            for code in behavior.disciplineIncidentParticipationCodes
        ),
    )


def discipline_action(row: api.DisciplineAction) -> DisciplineAction:
    """A discipline action; up to Data Standard 4 it may name its incidents without the behavior."""
    with_behavior = row.studentDisciplineIncidentBehaviorAssociations
    without_behavior = row.studentDisciplineIncidentAssociations
    incidents = [part.studentDisciplineIncidentBehaviorAssociationReference for part in with_behavior]
    incidents += [part.studentDisciplineIncidentAssociationReference for part in without_behavior]
    return DisciplineAction(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        school_id=SchoolId(str(school.schoolId)) if (school := row.responsibilitySchoolReference) else None,
        discipline_action_identifier=row.disciplineActionIdentifier,
        date=row.disciplineDate,
        disciplines=[descriptor(part.disciplineDescriptor) for part in row.disciplines],
        length=row.disciplineActionLength,
        actual_length=row.actualDisciplineActionLength,
        incident_identifiers=list(dict.fromkeys(incident.incidentIdentifier for incident in incidents)),
    )


def _sorted(behaviors: Sequence[api.IncidentBehavior]) -> list[api.IncidentBehavior]:
    """The rows by behavior; Ed-Fi sends rows in no defined order."""
    return sorted(behaviors, key=lambda behavior: behavior.behaviorDescriptor)


def _descriptors(uris: Iterable[str]) -> list[Descriptor]:
    """The descriptors without duplicates."""
    return [descriptor(uri) for uri in dict.fromkeys(uris)]
