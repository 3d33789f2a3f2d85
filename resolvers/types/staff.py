"""Members of staff."""

from __future__ import annotations

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.record import record_type


@record_type
class Staff(model.Staff, Node):
    """A member of staff with their assignments and sections."""

    assignments = lookup(Adapter.staff_assignments_by_staff, key="staff_id")
    """Positions of the member of staff and where they hold them, ended ones too, earliest first."""
    sections = lookup(Adapter.section_staff_by_staff, key="staff_id")
    """Sections that the member of staff teaches or taught, earliest first."""
