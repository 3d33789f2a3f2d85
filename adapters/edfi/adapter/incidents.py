"""
Lookups of discipline incidents.

Ed-Fi keeps the date with the incident and the student with the association, and an incident cannot be found by
student: what is asked is the association, then its incidents. Associations of other students are never read
for one student.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.edfi.api import school_life as api
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_student
from student_graph.adapters.edfi.mapping import school_life as mapping
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import DisciplineIncident, DistrictId, StudentId

log = logging.getLogger(__name__)


class IncidentKey(NamedTuple):
    """Natural key of an incident."""

    school_id: int
    identifier: str


class Incidents(EdFiAccess):
    """What students did."""

    async def discipline_incidents_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineIncident]]:
        """Ed-Fi `studentDisciplineIncidentBehaviorAssociations`, then the `disciplineIncidents` they name."""
        behaviors = await self.gather_by_key(ids, self._behaviors)
        lists = [rows for rows in behaviors.values() if not isinstance(rows, AdapterError)]
        incidents = await self.gather_by_key([_key_of(row) for rows in lists for row in rows], self._incident)

        async def join(key: StudentId) -> list[DisciplineIncident]:
            if isinstance(rows := behaviors[key], AdapterError):
                raise rows
            return _incidents(rows, incidents)

        return await gather_by_key(ids, join, self.settings.concurrency)

    async def discipline_incidents_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[DisciplineIncident]]:
        """Ed-Fi `disciplineIncidents` and `studentDisciplineIncidentBehaviorAssociations`, every page of both."""
        rows = await self.rows(api.INCIDENTS)
        incidents = {IncidentKey(row.schoolReference.schoolId, row.incidentIdentifier): row for row in rows}
        return dict.fromkeys(ids, _incidents(await self.rows(api.INCIDENT_BEHAVIORS), incidents))

    async def _behaviors(self, key: StudentId) -> list[api.IncidentBehavior]:
        return await self.rows(api.INCIDENT_BEHAVIORS, by_student(key))

    async def _incident(self, key: IncidentKey) -> api.DisciplineIncident | None:
        rows = await self.rows(api.INCIDENTS, {"schoolId": key.school_id, "incidentIdentifier": key.identifier})
        return rows[0] if rows else None


def _key_of(row: api.IncidentBehavior) -> IncidentKey:
    reference = row.disciplineIncidentReference
    return IncidentKey(reference.schoolId, reference.incidentIdentifier)


def _incidents(
    behaviors: Iterable[api.IncidentBehavior],
    incidents: Mapping[IncidentKey, api.DisciplineIncident | AdapterError],
) -> list[DisciplineIncident]:
    """
    One record for each student and incident, earliest first.

    Raises:
        AdapterError: one of the incidents could not be read.
    """
    own: dict[tuple[str, IncidentKey], list[api.IncidentBehavior]] = {}
    for row in behaviors:
        own.setdefault((row.studentReference.studentUniqueId, _key_of(row)), []).append(row)
    found = []
    for (_, key), rows in own.items():
        incident = incidents.get(key)
        if isinstance(incident, AdapterError):
            raise incident
        if incident is None:
            # Without the incident there is no date, and an incident that nobody can date is none to show.
            log.warning("a behavior without an incident was left out: a dangling reference, or not ours to see")
        else:
            found.append(mapping.discipline_incident(incident, rows))
    return sorted(found, key=_by_time_and_student)


def _by_time_and_student(record: DisciplineIncident) -> tuple[dt.date, dt.time, str, str]:
    return record.date, record.time or dt.time.min, record.student_id, record.vendor_id
