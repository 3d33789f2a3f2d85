"""
Filters of OneRoster, built from typed parts and never from text.

Only listed fields and operators are allowed. A value with a quote is refused, because servers do not agree how to
escape it: one accepts it unescaped, another doubled, a third not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.keys import query_text

Field: TypeAlias = Literal[
    "sourcedId",
    "identifier",
    "userMasterIdentifier",
    "class.sourcedId",
    "lineItem.sourcedId",
    "school.sourcedId",
    "student.sourcedId",
    "user.sourcedId",
]
Operator: TypeAlias = Literal["=", "!=", ">", ">=", "<", "<=", "~"]

_FIELDS, _OPERATORS = frozenset(get_args(Field)), frozenset(get_args(Operator))


def literal(text: str) -> str:
    """
    Return `text` if it can be the quoted value of a filter.

    Raises:
        BadKeyError: It cannot be; it must not be sent to the vendor.
    """
    if "'" in text:
        raise BadKeyError("an id with a quote, which servers read differently")
    return query_text(text)


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison of a field with a value."""

    field: Field
    operator: Operator
    value: str

    def __post_init__(self) -> None:
        if self.field not in _FIELDS or self.operator not in _OPERATORS:
            raise ValueError("a field or operator that filters may not use")
        literal(self.value)

    def __str__(self) -> str:
        return f"{self.field}{self.operator}'{self.value}'"


@dataclass(frozen=True, slots=True)
class Either:
    """Two comparisons joined by `OR`. The standard has no filters with more than two."""

    left: Predicate
    right: Predicate

    def __str__(self) -> str:
        return f"{self.left} OR {self.right}"


Filter: TypeAlias = Predicate | Either


def one_of(field: Field, values: Sequence[str]) -> Filter:
    """A filter for rows whose field has one of `values`, which are one or two."""
    first, *second = (Predicate(field, "=", value) for value in values)
    return Either(first, *second) if second else first
