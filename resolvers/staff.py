"""Members of staff."""

from __future__ import annotations

from adapters import model
from adapters.contract import Adapter
from resolvers.lookup import lookup
from resolvers.node import Node
from resolvers.record import record_type


@record_type
class Staff(model.Staff, Node):
    """A member of staff, and what hangs off them."""

    assignments = lookup(Adapter.staff_assignments_by_staff, key="staff_unique_id")
    sections = lookup(Adapter.section_staff_by_staff, key="staff_unique_id")
