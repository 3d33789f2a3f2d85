"""
Filters of OneRoster: a small language, written from a tree and never from text.

Fields and operators are allowed by list. A literal with a quote is refused: one server takes it unescaped,
another doubled, a third not at all.
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
    `text`, when it can stand between quotes.

    Raises:
        BadKeyError: it cannot; nothing may be asked of the vendor with it.
    """
    if "'" in text:
        raise BadKeyError("an id with a quote, which servers do not agree how to read")
    return query_text(text)


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison."""

    field: Field
    operator: Operator
    value: str

    def __post_init__(self) -> None:
        if self.field not in _FIELDS or self.operator not in _OPERATORS:
            raise ValueError("a field or operator that is not filtered by")
        literal(self.value)

    def __str__(self) -> str:
        return f"{self.field}{self.operator}'{self.value}'"


@dataclass(frozen=True, slots=True)
class Either:
    """Two comparisons of which one must hold: more than two, or a mixture, is not standard."""

    left: Predicate
    right: Predicate

    def __str__(self) -> str:
        return f"{self.left} OR {self.right}"


Filter: TypeAlias = Predicate | Either


def one_of(field: Field, values: Sequence[str]) -> Filter:
    """Rows whose field has one of at most two values."""
    first, *second = (Predicate(field, "=", value) for value in values)
    return Either(first, *second) if second else first
