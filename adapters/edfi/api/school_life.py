"""
Payloads of attendance and discipline in the Ed-Fi API (Data Standards 3.3 to 6.1).

https://docs.ed-fi.org/reference/ods-api; property names as in the published OpenAPI documents.
"""

from __future__ import annotations

from student_graph.adapters.edfi.api.payload import (
    Item,
    Many,
    Resource,
    SchoolReference,
    SectionClassPeriod,
    SectionReference,
    SessionReference,
    StudentReference,
)
from student_graph.adapters.reading import Day, Integer, Number, OptionalTime, Payload


class SchoolAttendanceEvent(Item):
    """A row of `studentSchoolAttendanceEvents`."""

    studentReference: StudentReference
    schoolReference: SchoolReference
    sessionReference: SessionReference
    eventDate: Day
    attendanceEventCategoryDescriptor: str
    attendanceEventReason: str | None = None
    eventDuration: Number | None = None
    arrivalTime: OptionalTime = None
    departureTime: OptionalTime = None


class SectionAttendanceEvent(Item):
    """A row of `studentSectionAttendanceEvents`."""

    studentReference: StudentReference
    sectionReference: SectionReference
    eventDate: Day
    attendanceEventCategoryDescriptor: str
    attendanceEventReason: str | None = None
    eventDuration: Number | None = None
    arrivalTime: OptionalTime = None
    departureTime: OptionalTime = None
    classPeriods: Many[SectionClassPeriod]


class DisciplineIncident(Item):
    """A row of `disciplineIncidents`; reporters and other participants are not read."""

    incidentIdentifier: str
    schoolReference: SchoolReference
    incidentDate: Day
    incidentTime: OptionalTime = None
    incidentLocationDescriptor: str | None = None


class IncidentReference(Payload):
    """Names an incident of a school."""

    incidentIdentifier: str
    schoolId: Integer


class ParticipationCode(Payload):
    """The part that a student had in an incident."""

    disciplineIncidentParticipationCodeDescriptor: str


class IncidentBehavior(Item):
    """A row of `studentDisciplineIncidentBehaviorAssociations`; the date is in the incident."""

    studentReference: StudentReference
    disciplineIncidentReference: IncidentReference
    behaviorDescriptor: str
    disciplineIncidentParticipationCodes: Many[ParticipationCode]


class ActionBehavior(Payload):
    """Names the incident and behavior that led to an action."""

    studentDisciplineIncidentBehaviorAssociationReference: IncidentReference


class ActionIncident(Payload):
    """Names the incident that led to an action, without the behavior, in Data Standards 3.3 and 4."""

    studentDisciplineIncidentAssociationReference: IncidentReference


class Discipline(Payload):
    """The kind of a discipline action."""

    disciplineDescriptor: str


class DisciplineAction(Item):
    """A row of `disciplineActions`."""

    studentReference: StudentReference
    disciplineActionIdentifier: str
    disciplineDate: Day
    disciplines: Many[Discipline]
    responsibilitySchoolReference: SchoolReference | None = None
    disciplineActionLength: Number | None = None
    actualDisciplineActionLength: Number | None = None
    studentDisciplineIncidentBehaviorAssociations: Many[ActionBehavior]
    studentDisciplineIncidentAssociations: Many[ActionIncident]


SCHOOL_ATTENDANCE = Resource.of("studentSchoolAttendanceEvents", SchoolAttendanceEvent)
SECTION_ATTENDANCE = Resource.of("studentSectionAttendanceEvents", SectionAttendanceEvent)
INCIDENTS = Resource.of("disciplineIncidents", DisciplineIncident)
INCIDENT_BEHAVIORS = Resource.of("studentDisciplineIncidentBehaviorAssociations", IncidentBehavior)
DISCIPLINE_ACTIONS = Resource.of("disciplineActions", DisciplineAction)
