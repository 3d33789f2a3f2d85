"""Which values and conditions that clients write read restricted classes of data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from student_graph.adapters.lookup import lookup_of
from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS
from student_graph.resolvers.cohorts.conditions.inputs import ProgramKind
from student_graph.resolvers.cohorts.conditions.reads import METHODS
from student_graph.resolvers.cohorts.conditions.record_conditions import program_lookup
from student_graph.resolvers.metrics.registry import METRICS


def restricted_inputs() -> frozenset[str]:
    """
    Return the values of enums and the members of input objects that read a restricted class, by coordinate.

    For example `Metric.SUSPENSIONS`, `Dimension.HOMELESS` and `StudentCondition.meals`.
    """
    return frozenset(_coordinates())


def _coordinates() -> Iterator[str]:
    for type_, specs in _SPECS.items():
        for member, spec in specs.items():
            if spec.sensitivity.restricted:
                yield f"{type_}.{member.name}"
    for kind in ProgramKind:
        if lookup_of(program_lookup(kind)).sensitivity.restricted:
            yield f"ProgramKind.{kind.name}"
    for condition, method in METHODS.items():
        if lookup_of(method).sensitivity.restricted:
            yield f"StudentCondition.{condition}"


_SPECS: Mapping[str, Mapping[Any, Any]] = {"Metric": METRICS, "Dimension": DIMENSIONS}
"""By enum of the schema, how each of its values is computed."""
