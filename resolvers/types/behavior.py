"""Behavior: incidents in which a student had a part, and what followed."""

from __future__ import annotations

from collections.abc import Sequence

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import From, To
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.dates import within
from student_graph.resolvers.fields.field import asks
from student_graph.resolvers.fields.load import lists
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.outcome import Told, mapped, zipped
from student_graph.resolvers.fields.record import record_type


@batched
@asks(Adapter.discipline_actions_by_student)
async def actions(
    incidents: Sequence[model.DisciplineIncident], info: Info
) -> Told[list[model.DisciplineAction] | None]:
    """What followed from this incident for the student, earliest first."""
    told = await lists(info, Adapter.discipline_actions_by_student, incidents, "student_id")
    return zipped(
        incidents,
        told,
        lambda incident, taken: [one for one in taken if incident.incident_identifier in one.incident_identifiers],
    )


@record_type
class DisciplineIncident(model.DisciplineIncident):
    """An incident, and what followed for this student."""

    school = lookup(Adapter.schools_by_id, key="school_id")

    actions = actions


@batched
@asks(Adapter.discipline_incidents_by_student)
async def discipline_incidents(
    students: Sequence[model.Student], info: Info, from_: From = None, to: To = None
) -> Told[list[model.DisciplineIncident] | None]:
    """Incidents in which the student's own behavior is recorded, earliest first; each incident once."""
    told = await lists(info, Adapter.discipline_incidents_by_student, students, "student_id")
    return mapped(told, lambda incidents: [one for one in incidents if within(one.date, from_, to)])


@batched
@asks(Adapter.discipline_actions_by_student)
async def discipline_actions(
    students: Sequence[model.Student], info: Info, from_: From = None, to: To = None
) -> Told[list[model.DisciplineAction] | None]:
    """What followed for the student, earliest first."""
    told = await lists(info, Adapter.discipline_actions_by_student, students, "student_id")
    return mapped(told, lambda taken: [one for one in taken if within(one.date, from_, to)])
