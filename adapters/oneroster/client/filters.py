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

MAX_PREDICATES = 20
"""Maximum number of comparisons in a filter; the Ed-Fi service refuses more."""
STANDARD_PREDICATES = 2
"""Number of comparisons that every filter of the standard may have."""
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


def is_literal(text: str) -> bool:
    """Whether `text` can be the quoted value of a filter."""
    try:
        literal(text)
    except BadKeyError:
        return False
    return True


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
class AnyOf:
    """
    Comparisons joined by `OR`.

    The standard joins two, and the Ed-Fi service at most `MAX_PREDICATES`, from left to right.
    """

    predicates: tuple[Predicate, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.predicates) <= MAX_PREDICATES:
            raise ValueError(f"a filter has 1 to {MAX_PREDICATES} comparisons")

    def __str__(self) -> str:
        return " OR ".join(map(str, self.predicates))


Filter: TypeAlias = Predicate | AnyOf


def one_of(field: Field, values: Sequence[str]) -> Filter:
    """A filter for rows whose field has one of `values`, which are at most `MAX_PREDICATES`."""
    return AnyOf(tuple(Predicate(field, "=", value) for value in values))
