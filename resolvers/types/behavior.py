"""Discipline: incidents that a student took part in, and the actions that followed."""

from __future__ import annotations

from collections.abc import Sequence

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import From, To
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import is_within
from student_graph.resolvers.fields.field import uses_lookups
from student_graph.resolvers.fields.load import load_lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Outcomes, map_values, map_with_parents
from student_graph.resolvers.fields.record import record_type


@batched
@uses_lookups(Adapter.discipline_actions_by_student)
async def actions(
    incidents: Sequence[model.DisciplineIncident], info: Info
) -> Outcomes[list[model.DisciplineAction] | None]:
    """Discipline actions that the student received for this incident, earliest first."""
    actions = await load_lists(info, Adapter.discipline_actions_by_student, incidents, "student_id")
    return map_with_parents(
        incidents,
        actions,
        lambda incident, rows: [
            action for action in rows if incident.incident_identifier in action.incident_identifiers
        ],
    )


@record_type
class DisciplineIncident(model.DisciplineIncident):
    """A student's incident with its school and the student's actions."""

    school = lookup(Adapter.schools_by_id, key="school_id")
    """The school where the incident was recorded."""

    actions = actions


@batched
@uses_lookups(Adapter.discipline_incidents_by_student)
async def discipline_incidents(
    students: Sequence[model.Student], info: Info, from_: From = None, to: To = None
) -> Outcomes[list[model.DisciplineIncident] | None]:
    """Incidents with recorded behavior of the student, earliest first; each incident once."""
    incidents = await load_lists(info, Adapter.discipline_incidents_by_student, students, "student_id")
    return map_values(
        incidents, lambda rows: [incident for incident in rows if is_within(incident.date, from_, to)]
    )


@batched
@uses_lookups(Adapter.discipline_actions_by_student)
async def discipline_actions(
    students: Sequence[model.Student], info: Info, from_: From = None, to: To = None
) -> Outcomes[list[model.DisciplineAction] | None]:
    """Discipline actions that the student received, earliest first."""
    actions = await load_lists(info, Adapter.discipline_actions_by_student, students, "student_id")
    return map_values(actions, lambda rows: [action for action in rows if is_within(action.date, from_, to)])
