"""Serializes attendance and discipline."""

from __future__ import annotations

from student_graph.adapters.edfi.sandbox.filters import DataStandard, is_since
from student_graph.adapters.edfi.sandbox.serializers import (
    ResourceFacts,
    descriptor,
    descriptors,
    omit_none,
    school_reference,
    section_reference,
    student_reference,
)
from student_graph.adapters.sandbox.facts import ActionFact, AttendanceFact, DistrictFacts, IncidentFact
from student_graph.adapters.sandbox.records.folder import Payload


def resources(facts: DistrictFacts, standard: DataStandard) -> dict[str, ResourceFacts]:
    """The resources of this module by name; before Data Standard 5 there are two associations with an incident."""
    older = not is_since(standard, "5.0")
    parts = [(incident, *part) for incident in facts.incidents for part in incident.parts]
    resources: dict[str, ResourceFacts] = {
        "studentSchoolAttendanceEvents": (
            [event for event in facts.attendance if event.section is None],
            _attendance_event,
        ),
        "studentSectionAttendanceEvents": (
            [event for event in facts.attendance if event.section],
            _attendance_event,
        ),
        "disciplineIncidents": (facts.incidents, _incident),
        "studentDisciplineIncidentBehaviorAssociations": (parts, lambda part: _behavior_association(*part)),
        "disciplineActions": (facts.actions, lambda fact: _action(fact, older=older)),
    }
    if older:
        resources["studentDisciplineIncidentAssociations"] = (
            parts,
            lambda part: _incident_association(*part),
        )
    return resources


def _attendance_event(fact: AttendanceFact) -> Payload:
    """An attendance event of a section, or of a school day if the fact has no section."""
    session = {"schoolId": fact.school, "schoolYear": fact.year, "sessionName": fact.session}
    return omit_none(
        attendanceEventCategoryDescriptor=descriptor("AttendanceEventCategory", fact.category, fact.namespace),
        eventDate=fact.day.isoformat(),
        schoolReference=None if fact.section else school_reference(fact.school),
        sectionReference=section_reference(fact.section) if fact.section else None,
        sessionReference=None if fact.section else session,
        studentReference=student_reference(fact.student),
        arrivalTime=fact.arrival.isoformat() if fact.arrival else None,
        departureTime=fact.departure.isoformat() if fact.departure else None,
        classPeriods=[
            {"classPeriodReference": {"classPeriodName": name, "schoolId": fact.school}} for name in fact.periods
        ]
        or None,
        attendanceEventReason=fact.reason,
        eventDuration=fact.duration,
    )


def _incident(fact: IncidentFact) -> Payload:
    behaviors = dict.fromkeys(behavior for _, behavior, _ in fact.parts)
    return omit_none(
        incidentIdentifier=fact.id,
        schoolReference=school_reference(fact.school),
        behaviors=descriptors("behaviorDescriptor", "Behavior", behaviors),
        incidentDate=fact.day.isoformat(),
        incidentLocationDescriptor=descriptor("IncidentLocation", fact.location) if fact.location else None,
        incidentTime=fact.at.isoformat() if fact.at else None,
    )


def _behavior_association(incident: IncidentFact, student_id: str, behavior: str, participation: str) -> Payload:
    return {
        "behaviorDescriptor": descriptor("Behavior", behavior),
        "disciplineIncidentReference": {"incidentIdentifier": incident.id, "schoolId": incident.school},
        "studentReference": student_reference(student_id),
        "disciplineIncidentParticipationCodes": descriptors(
            "disciplineIncidentParticipationCodeDescriptor", "DisciplineIncidentParticipationCode", [participation]
        ),
    }


def _incident_association(incident: IncidentFact, student_id: str, behavior: str, participation: str) -> Payload:
    return {
        "disciplineIncidentReference": {"incidentIdentifier": incident.id, "schoolId": incident.school},
        "studentReference": student_reference(student_id),
        "behaviors": descriptors("behaviorDescriptor", "Behavior", [behavior]),
        "studentParticipationCodeDescriptor": descriptor("StudentParticipationCode", participation),
    }


def _action(fact: ActionFact, *, older: bool) -> Payload:
    parts = [
        ({"incidentIdentifier": incident, "schoolId": fact.school, "studentUniqueId": fact.student}, behavior)
        for incident, behavior in fact.incidents
    ]
    return omit_none(
        disciplineActionIdentifier=fact.id,
        disciplineDate=fact.day.isoformat(),
        disciplines=descriptors("disciplineDescriptor", "Discipline", fact.disciplines),
        responsibilitySchoolReference=school_reference(fact.school),
        studentReference=student_reference(fact.student),
        actualDisciplineActionLength=fact.length,
        disciplineActionLength=fact.length,
        studentDisciplineIncidentAssociations=(
            [{"studentDisciplineIncidentAssociationReference": key} for key, _ in parts] if older else None
        ),
        studentDisciplineIncidentBehaviorAssociations=[
            {
                "studentDisciplineIncidentBehaviorAssociationReference": {
                    "behaviorDescriptor": descriptor("Behavior", behavior),
                    **key,
                }
            }
            for key, behavior in parts
        ],
    )
