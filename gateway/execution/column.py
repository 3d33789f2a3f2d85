"""A column: the values of one field for all objects of a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from student_graph.gateway.execution.paths import Paths
from student_graph.gateway.execution.plan import FieldPlan
from student_graph.gateway.execution.size import AnswerSize


class Invalid:
    """A null where none is allowed, on its way up to the nearest nullable position."""

    __slots__ = ("error",)

    def __init__(self, error: GraphQLError) -> None:
        self.error = error


@dataclass(slots=True)
class Column:
    """The values of one field for all objects of a level."""

    plan: FieldPlan
    paths: Paths
    values: list[Any]
    size: AnswerSize
    """Size of the values in the answer."""
    completed: bool = False
    """Whether the values are as the response has them."""
    invalid: bool = False
    """Whether one of the values is `Invalid`."""
