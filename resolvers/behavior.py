"""Behavior: incidents in which a student had a part, and what followed."""

from __future__ import annotations

import strawberry

from adapters import model
from adapters.contract import Adapter
from resolvers.arguments import From, To
from resolvers.context import Info
from resolvers.field import field
from resolvers.load import key_of, load_many
from resolvers.lookup import lookup
from resolvers.record import record_type
from resolvers.times import within


@record_type
class DisciplineIncident(model.DisciplineIncident):
    """An incident, and what followed for this student."""

    school = lookup(Adapter.schools_by_id, key="school_id")

    @field
    async def actions(self, info: Info) -> list[model.DisciplineAction] | None:
        """What followed from this incident for the student, earliest first."""
        actions = await load_many(info, Adapter.discipline_actions_by_student, key_of(self, "student_id"))
        return [action for action in actions if self.incident_identifier in action.incident_identifiers]


@field
async def discipline_incidents(
    student: strawberry.Parent[model.Student], info: Info, from_: From = None, to: To = None
) -> list[model.DisciplineIncident] | None:
    """Incidents in which the student's own behavior is recorded, earliest first; each incident once."""
    incidents = await load_many(info, Adapter.discipline_incidents_by_student, key_of(student, "student_id"))
    return [incident for incident in incidents if within(incident.date, from_, to)]


@field
async def discipline_actions(
    student: strawberry.Parent[model.Student], info: Info, from_: From = None, to: To = None
) -> list[model.DisciplineAction] | None:
    """What followed for the student, earliest first."""
    actions = await load_many(info, Adapter.discipline_actions_by_student, key_of(student, "student_id"))
    return [action for action in actions if within(action.date, from_, to)]
