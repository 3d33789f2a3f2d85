"""Members of staff, and the caseloads of the viewer."""

from __future__ import annotations

from datetime import date

import strawberry

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.arguments import After, First
from student_graph.resolvers.fields.docstrings import described, described_enum
from student_graph.resolvers.fields.field import field, uses_lookups
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.student_list.caseloads import CaseloadOrigin, viewer_caseloads
from student_graph.resolvers.student_list.connection import StudentConnection, student_connection
from student_graph.resolvers.student_list.filter import FilterArgument, OrderBy, StudentFilter, StudentGroup

described_enum(CaseloadOrigin)


@record_type
class Staff(model.Staff, Node):
    """A member of staff with their assignments and sections."""

    assignments = lookup(Adapter.staff_assignments_by_staff, key="staff_id")
    """Positions of the member of staff and where they hold them, ended ones too, earliest first."""
    sections = lookup(Adapter.section_staff_by_staff, key="staff_id")
    """Sections that the member of staff teaches or taught, earliest first."""


@described
@strawberry.type
class Caseload:
    """
    A group of students that the viewer serves outside classes.

    It does not say what kind of group it is, because that may reveal a disability.
    """

    key: str
    """Opaque text that is always the same for this caseload of this district. It is the argument of no field."""
    origin: CaseloadOrigin
    """Who gave the caseload to the viewer."""
    begin_date: date | None
    """First day of the viewer's work with it; null if not recorded."""
    end_date: date | None
    """Last day; null if there is no end."""
    group: strawberry.Private[StudentGroup]

    @field
    @uses_lookups(Adapter.school_enrollments_by_student, Adapter.students_by_id)
    async def students(
        self,
        info: Info,
        filter: FilterArgument = None,
        first: First = 25,
        after: After = None,
        order_by: OrderBy = None,
    ) -> StudentConnection | None:
        """
        Students of the caseload today, by student number or by a metric.

        `filter` must name no district and no school.
        """
        return await student_connection(
            info, filter or StudentFilter(), first, after, group=self.group, order=order_by
        )


async def caseloads(info: Info) -> list[Caseload]:
    """
    Return the caseloads that the viewer has today, by district and key.

    Raises:
        AdapterError: no district could say which caseloads there are.
    """
    return [
        Caseload(
            key=caseload.group.key,
            origin=caseload.origin,
            begin_date=caseload.begin,
            end_date=caseload.end,
            group=caseload.group,
        )
        for caseload in await viewer_caseloads(info)
    ]
