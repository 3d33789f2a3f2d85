"""
Lookups of discipline incidents.

Ed-Fi has the date in the incident and the student in an association, and cannot find an incident by student. The
adapter therefore reads the associations and then their incidents. For one student it never reads associations of
other students.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.api import school_life as api
from student_graph.adapters.edfi.client.loose_keys import RowsByKey
from student_graph.adapters.edfi.client.requests import by_student
from student_graph.adapters.edfi.mapping import school_life as mapping
from student_graph.adapters.errors import AdapterError, listed_and_unknown
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import DisciplineIncident, DistrictId, StudentId
from student_graph.adapters.reading import leave_out_unreadable, rows_needed_by


class IncidentKey(NamedTuple):
    """Natural key of an incident."""

    school_id: int
    identifier: str


class IncidentLookups(EdFiLookups):
    """Lookups of discipline incidents by student and by district."""

    async def discipline_incidents_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineIncident]]:
        """Ed-Fi `studentDisciplineIncidentBehaviorAssociations`, then the `disciplineIncidents` that they name."""
        behaviors = await self.client.read_by_key(ids, self._behaviors)
        students_by_incident: dict[IncidentKey, list[StudentId]] = {}
        for student_id, rows in behaviors.items():
            for row in () if isinstance(rows, AdapterError) else rows:
                students_by_incident.setdefault(_incident_of(row), []).append(student_id)
        rows_needed_by(students_by_incident)
        incidents = await self.client.read_by_key([*students_by_incident], self._incident)

        async def join(student_id: StudentId) -> list[DisciplineIncident]:
            if isinstance(answer := behaviors[student_id], AdapterError):
                raise answer
            return _records(answer, incidents)

        return await gather_by_key(ids, join, self.settings.concurrency)

    async def discipline_incidents_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[DisciplineIncident]]:
        """All pages of Ed-Fi `disciplineIncidents` and `studentDisciplineIncidentBehaviorAssociations`."""
        rows = await self.client.read_rows(api.INCIDENTS)
        incidents = RowsByKey(rows, lambda row: IncidentKey(row.schoolReference.schoolId, row.incidentIdentifier))
        behaviors = await self.client.read_rows(api.INCIDENT_BEHAVIORS)
        others = await self.client.read_by_key(
            incidents.other_spellings(map(_incident_of, behaviors)), self._incident
        )
        return dict.fromkeys(ids, _records(behaviors, {**incidents.exact, **others}))

    async def _behaviors(self, student_id: StudentId) -> list[api.IncidentBehavior]:
        return await self.client.read_rows(api.INCIDENT_BEHAVIORS, by_student(student_id))

    async def _incident(self, key: IncidentKey) -> api.DisciplineIncident | None:
        rows = await self.client.read_rows(
            api.INCIDENTS, {"schoolId": key.school_id, "incidentIdentifier": key.identifier}
        )
        return rows[0] if rows else None


def _incident_of(row: api.IncidentBehavior) -> IncidentKey:
    reference = row.disciplineIncidentReference
    return IncidentKey(reference.schoolId, reference.incidentIdentifier)


def _records(
    behaviors: Iterable[api.IncidentBehavior],
    incidents: Mapping[IncidentKey, api.DisciplineIncident | AdapterError],
) -> list[DisciplineIncident]:
    """
    One record for each student and incident, earliest first.

    Raises:
        AdapterError: An incident of the behaviors could not be read.
    """
    groups: dict[tuple[str, IncidentKey], list[api.IncidentBehavior]] = {}
    for row in behaviors:
        groups.setdefault((row.studentReference.studentUniqueId, _incident_of(row)), []).append(row)
    records = []
    for (_, key), rows in groups.items():
        incident = incidents.get(key)
        if isinstance(incident, AdapterError):
            raise incident
        if incident is None:
            # Only the incident has the date, and a record needs one. The credentials may see the behavior alone.
            leave_out_unreadable(listed_and_unknown("an incident"), repr(key))
        else:
            records.append(mapping.discipline_incident(incident, rows))
    return sorted(records, key=_time_and_student)


def _time_and_student(record: DisciplineIncident) -> tuple[dt.date, dt.time, str, str]:
    return record.date, record.time or dt.time.min, record.student_id, record.vendor_id
