"""Estimated costs: kept by document and operation, and affected by sizes in the variables alone."""

from __future__ import annotations

from student_graph.gateway.documents.cost import CostCache, OperationCost
from student_graph.gateway.documents.store import DocumentStore
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.small_district import Ledger, district

SCHEMA = core_schema(make_schema())
STUDENTS = """
query Page($first: Int!, $name: String) {
  students(filter: {name: $name}, first: $first) { edges { node { studentUniqueId } } }
}
query One { student(studentUniqueId: "1") { studentUniqueId } }
"""


def test_two_operations_of_a_document_have_their_own_costs() -> None:
    """The cache tells them apart by name, and equal documents parsed twice share one entry."""
    costs, districts = CostCache(SCHEMA), [district(Ledger())]
    document, parsed_again = (DocumentStore(SCHEMA).get_by_text(STUDENTS) for _ in range(2))
    page = costs.cost(document, document.operation("Page"), {"first": 7}, districts)
    single = costs.cost(document, document.operation("One"), None, districts)

    assert (page.records, single.records) == (7, 1)
    assert costs.cost(parsed_again, parsed_again.operation("Page"), {"first": 7}, districts) is page


def test_a_cost_depends_on_sizes_in_the_variables_alone() -> None:
    """A number and the length of a list matter; a text does not."""
    costs, districts = CostCache(SCHEMA), [district(Ledger())]
    document = DocumentStore(SCHEMA).get_by_text(STUDENTS)

    def cost(first: int, name: str) -> OperationCost:
        return costs.cost(document, document.operation("Page"), {"first": first, "name": name}, districts)

    assert cost(7, "Ada") is cost(7, "Grace")
    assert cost(90, "Ada").records == 90
