"""A value of a metric with its definition, and the vendors' records that it was counted from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import strawberry

from student_graph.adapters.model import Record
from student_graph.resolvers.context import Context
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.field import attribute, derived, field
from student_graph.resolvers.fields.record import Provenance, fetched, value_type
from student_graph.resolvers.metrics import measure as metrics

MAX_EVIDENCE = 100
"""Records of evidence that one field returns."""


@value_type
class MeasureWindow(metrics.Window):
    """The days that a value is about."""


@described
@strawberry.type
class Evidence:
    """One record of a vendor that was counted."""

    record: strawberry.Private[Record]
    kind: str
    """Type of the record in this graph, such as `AttendanceEvent`."""
    provenance = attribute("record", Provenance)
    """Where the record came from."""


@described
@strawberry.type
class EvidenceList:
    """The records that a value was counted from."""

    total_count: int
    """Number of records that were counted."""
    records: list[Evidence]
    """The first of them, in the order in which they were counted."""


@derived
def sources(_: Context) -> Callable[[metrics.Measure], list[str]]:
    """Names of the district's sources whose records were counted; empty if no record was."""

    def of(measure: metrics.Measure) -> list[str]:
        return sorted({fetched(record).source for record in measure.evidence})

    return of


@field
def evidence(
    measure: strawberry.Parent[metrics.Measure],
    first: Annotated[
        int, strawberry.argument(description=f"Maximum number of records: 0 to {MAX_EVIDENCE}.")
    ] = 25,
) -> EvidenceList:
    """The vendors' records that were counted, to explain the value from the number to the vendor's rows."""
    return evidence_list(measure.evidence, first)


def evidence_list(records: Sequence[Record], first: int) -> EvidenceList:
    """
    The first of some records, with their number.

    Raises:
        GraphQLError: more records are asked for than one field returns.
    """
    if not 0 <= first <= MAX_EVIDENCE:
        raise bad_input(f"first: ask for 0 to {MAX_EVIDENCE} records.")
    shown = [Evidence(record=record, kind=type(record).__name__) for record in records[:first]]
    return EvidenceList(total_count=len(records), records=shown)


@value_type
class Measure(metrics.Measure):
    """A value of a metric for one student, with its definition."""

    sources = sources
    evidence = evidence
