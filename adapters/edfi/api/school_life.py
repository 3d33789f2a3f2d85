"""
Attendance and discipline in the Ed-Fi API (ODS/API 5 to 7, Data Standards 3.3 to 5.2).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents.
"""

from __future__ import annotations

from datetime import date, time

from student_graph.adapters.edfi.api.payload import (
    Item,
    Many,
    Payload,
    Resource,
    SchoolReference,
    SectionReference,
    SessionReference,
    StudentReference,
)


class SchoolAttendanceEvent(Item):
    """`studentSchoolAttendanceEvents`."""

    studentReference: StudentReference
    schoolReference: SchoolReference
    sessionReference: SessionReference
    eventDate: date
    attendanceEventCategoryDescriptor: str
    attendanceEventReason: str | None = None
    eventDuration: float | None = None


class SectionAttendanceEvent(Item):
    """`studentSectionAttendanceEvents`."""

    studentReference: StudentReference
    sectionReference: SectionReference
    eventDate: date
    attendanceEventCategoryDescriptor: str
    attendanceEventReason: str | None = None
    eventDuration: float | None = None


class DisciplineIncident(Item):
    """`disciplineIncidents`: who reported and who else took part is not read."""

    incidentIdentifier: str
    schoolReference: SchoolReference
    incidentDate: date
    incidentTime: time | None = None
    incidentLocationDescriptor: str | None = None


class IncidentReference(Payload):
    """Names an incident of a school."""

    incidentIdentifier: str
    schoolId: int


class ParticipationCode(Payload):
    """What part somebody had in an incident."""

    disciplineIncidentParticipationCodeDescriptor: str


class IncidentBehavior(Item):
    """`studentDisciplineIncidentBehaviorAssociations`: it has no date, the incident has."""

    studentReference: StudentReference
    disciplineIncidentReference: IncidentReference
    behaviorDescriptor: str
    disciplineIncidentParticipationCodes: Many[ParticipationCode]


class ActionBehavior(Payload):
    """The behavior that an action followed from."""

    studentDisciplineIncidentBehaviorAssociationReference: IncidentReference


class ActionIncident(Payload):
    """The same in Data Standards 3.3 and 4, without the behavior."""

    studentDisciplineIncidentAssociationReference: IncidentReference


class Discipline(Payload):
    """A kind of action."""

    disciplineDescriptor: str


class DisciplineAction(Item):
    """`disciplineActions`."""

    studentReference: StudentReference
    disciplineActionIdentifier: str
    disciplineDate: date
    disciplines: Many[Discipline]
    disciplineActionLength: float | None = None
    actualDisciplineActionLength: float | None = None
    studentDisciplineIncidentBehaviorAssociations: Many[ActionBehavior]
    studentDisciplineIncidentAssociations: Many[ActionIncident]


SCHOOL_ATTENDANCE = Resource.of("studentSchoolAttendanceEvents", SchoolAttendanceEvent)
SECTION_ATTENDANCE = Resource.of("studentSectionAttendanceEvents", SectionAttendanceEvent)
INCIDENTS = Resource.of("disciplineIncidents", DisciplineIncident)
INCIDENT_BEHAVIORS = Resource.of("studentDisciplineIncidentBehaviorAssociations", IncidentBehavior)
DISCIPLINE_ACTIONS = Resource.of("disciplineActions", DisciplineAction)
