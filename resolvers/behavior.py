"""Behavior: incidents in which a student had a part, and what followed."""

from __future__ import annotations

from collections.abc import Sequence

from adapters import model
from adapters.contract import Adapter
from resolvers.arguments import From, To
from resolvers.batched import batched
from resolvers.context import Info
from resolvers.field import asks
from resolvers.load import lists
from resolvers.lookup import lookup
from resolvers.record import record_type
from resolvers.times import within
from resolvers.told import Told, mapped, zipped


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
