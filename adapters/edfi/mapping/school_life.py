"""Attendance and discipline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from student_graph.adapters.edfi.api import school_life as api
from student_graph.adapters.edfi.mapping.descriptors import Codes, descriptor, optional
from student_graph.adapters.edfi.mapping.people import section_of
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

_EXCUSAL = {
    AttendanceCategory.EXCUSED_ABSENCE: Excusal.EXCUSED,
    AttendanceCategory.UNEXCUSED_ABSENCE: Excusal.UNEXCUSED,
}


def school_attendance_event(codes: Codes, row: api.SchoolAttendanceEvent) -> AttendanceEvent:
    """An event about a school day."""
    category = codes.read(AttendanceCategory, row.attendanceEventCategoryDescriptor)
    return AttendanceEvent(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        school_id=SchoolId(str(row.schoolReference.schoolId)),
        date=row.eventDate,
        scope=AttendanceScope.SCHOOL,
        category=category,
        raw=descriptor(row.attendanceEventCategoryDescriptor),
        duration=row.eventDuration,
        excusal=_EXCUSAL.get(category),
        reason=row.attendanceEventReason,
        school_year=row.sessionReference.schoolYear,
        session_name=row.sessionReference.sessionName,
    )


def section_attendance_event(codes: Codes, row: api.SectionAttendanceEvent) -> AttendanceEvent:
    """An event about a class period."""
    category = codes.read(AttendanceCategory, row.attendanceEventCategoryDescriptor)
    return AttendanceEvent(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        school_id=SchoolId(str(row.sectionReference.schoolId)),
        section_id=section_of(row.sectionReference),
        date=row.eventDate,
        scope=AttendanceScope.SECTION,
        category=category,
        raw=descriptor(row.attendanceEventCategoryDescriptor),
        duration=row.eventDuration,
        excusal=_EXCUSAL.get(category),
        reason=row.attendanceEventReason,
        school_year=row.sectionReference.schoolYear,
        session_name=row.sectionReference.sessionName,
    )


def discipline_incident(
    row: api.DisciplineIncident, behaviors: Sequence[api.IncidentBehavior]
) -> DisciplineIncident:
    """An incident as one student's own: `behaviors` are that student's, in one and the same incident."""
    return DisciplineIncident(
        vendor_id=row.id,
        student_id=StudentId(behaviors[0].studentReference.studentUniqueId),
        school_id=SchoolId(str(row.schoolReference.schoolId)),
        incident_identifier=row.incidentIdentifier,
        date=row.incidentDate,
        time=row.incidentTime,
        location=optional(row.incidentLocationDescriptor),
        behaviors=_each_once(behavior.behaviorDescriptor for behavior in _in_order(behaviors)),
        participation=_each_once(
            code.disciplineIncidentParticipationCodeDescriptor
            for behavior in _in_order(behaviors)
            for code in behavior.disciplineIncidentParticipationCodes
        ),
    )


def discipline_action(row: api.DisciplineAction) -> DisciplineAction:
    """What followed; until Data Standard 4 the incidents may be named without the behavior."""
    behaviors, plain = row.studentDisciplineIncidentBehaviorAssociations, row.studentDisciplineIncidentAssociations
    incidents = [each.studentDisciplineIncidentBehaviorAssociationReference for each in behaviors]
    incidents += [each.studentDisciplineIncidentAssociationReference for each in plain]
    return DisciplineAction(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        discipline_action_identifier=row.disciplineActionIdentifier,
        date=row.disciplineDate,
        disciplines=[descriptor(each.disciplineDescriptor) for each in row.disciplines],
        length=row.disciplineActionLength,
        actual_length=row.actualDisciplineActionLength,
        incident_identifiers=list(dict.fromkeys(incident.incidentIdentifier for incident in incidents)),
    )


def _in_order(behaviors: Sequence[api.IncidentBehavior]) -> list[api.IncidentBehavior]:
    """Ed-Fi lists in no order."""
    return sorted(behaviors, key=lambda behavior: behavior.behaviorDescriptor)


def _each_once(uris: Iterable[str]) -> list[Descriptor]:
    return [descriptor(uri) for uri in dict.fromkeys(uris)]
