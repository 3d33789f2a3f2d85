"""Members of staff."""

from __future__ import annotations

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.resolvers.fields.lookup import lookup
from student_graph.resolvers.fields.node import Node
from student_graph.resolvers.fields.record import record_type


@record_type
class Staff(model.Staff, Node):
    """A member of staff, and what hangs off them."""

    assignments = lookup(Adapter.staff_assignments_by_staff, key="staff_id")
    sections = lookup(Adapter.section_staff_by_staff, key="staff_id")
