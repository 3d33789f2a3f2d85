"""
Columns, each with the values of one field for all objects of a level, and the errors that end a level early.

If a value that must not be null fails, the object or list that holds it becomes null, and graphql-core cancels all
other work for that object or list. The breadth-first executor executes many objects, or the items of many lists,
at once. It therefore cancels the other work as soon as all of them are lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import GraphQLError

from student_graph.adapters.answers import SharedValues, has_instances, types_of
from student_graph.gateway.execution.paths import Paths
from student_graph.gateway.execution.plan import FieldPlan
from student_graph.gateway.execution.size import AnswerSize
from student_graph.resolvers.fields.outcome import Partial


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
    values: Sequence[Any]
    """Operations may share the list: it is replaced, never changed."""
    size: AnswerSize
    """Records and bytes of the values in the answer."""
    completed: bool = False
    """Whether the values are completed: as they appear in the response."""
    invalid: bool = False
    """Whether one of the values is `Invalid`."""


class AllLostError(Exception):
    """All values are lost; `reasons` has the index of a value that failed for each of them."""

    def __init__(self, reasons: list[int]) -> None:
        super().__init__()
        self.reasons = reasons


class LevelLostError(Exception):
    """Every object of a level is lost; `rows` has an `Invalid` in place of each row."""

    def __init__(self, rows: list[Any]) -> None:
        super().__init__()
        self.rows = rows


class Lost:
    """
    Which values of a column are lost.

    Values below the same nullable position are lost together, once one of them fails.
    """

    __slots__ = ("_count", "_paths", "_positions", "_reasons")

    def __init__(self, paths: Paths, count: int) -> None:
        """Start with `count` values, none of them lost."""
        self._paths = paths
        self._count = count
        self._positions: list[tuple[int, int]] = []
        """For each value, the position that is null if it is lost; empty until one fails."""
        self._reasons: dict[tuple[int, int], int] = {}
        """By position that becomes null, the index of the value that failed first."""

    def add(self, *failed: int) -> None:
        """
        Note the indexes of values that failed.

        Raises:
            AllLostError: all values are lost.
        """
        if not self._positions:
            self._positions = list(map(self._paths.nullable_position, range(self._count)))
        for index in failed:
            self._reasons.setdefault(self._positions[index], index)
        if self._reasons.keys() >= set(self._positions):
            raise AllLostError([self._reasons[position] for position in self._positions])

    def check_item(self, index: int, value: Any) -> None:
        """
        Note the item of a list if it failed.

        Raises:
            AllLostError: all items of all lists are lost.
        """
        if value is None or isinstance(value, Exception):
            self.add(index)


class Level:
    """Which objects of a level are lost."""

    __slots__ = ("_count", "_errors", "_lost", "_paths")

    def __init__(self, paths: Paths, count: int) -> None:
        """Start with `count` objects, none of them lost."""
        self._paths, self._count = paths, count
        self._lost: Lost | None = None
        self._errors: dict[int, Invalid] = {}
        """By index of an object."""

    def check(self, column: Column) -> Column:
        """
        Return a column, and note the objects that it loses.

        Raises:
            LevelLostError: all objects are lost.
        """
        if column.invalid:
            failed = {index: value for index, value in enumerate(column.values) if value.__class__ is Invalid}
            self._errors = failed | self._errors
            self._lost = self._lost or Lost(self._paths, self._count)
            try:
                self._lost.add(*failed)
            except AllLostError as lost:
                raise LevelLostError([self._errors[index] for index in lost.reasons]) from None
        return column


class Summary(NamedTuple):
    """Facts about the values of a column that the executor needs."""

    has_errors: bool
    has_partial: bool
    """Whether a value is partial."""
    longest_list: int = 0
    """Length of the longest list among objects and lists of objects."""
    objects: int = 0
    """Number of objects in values that are objects, lists of objects, or null."""


def summary_of(values: Sequence[Any], *, composite: bool) -> Summary:
    """Return the summary of values, which are `composite` if they are objects or lists of objects."""
    if isinstance(values, SharedValues):
        return values.once(("summary", composite), lambda shared: summary_of(list(shared), composite=composite))
    types = types_of(values)
    has_errors, has_partial = has_instances(values, Exception), Partial in types
    if not composite:
        return Summary(has_errors, has_partial)
    if types == {list}:
        lengths = list(map(len, values))
        return Summary(has_errors, has_partial, max(lengths), sum(lengths))
    longest = max((len(value) for value in values if value.__class__ is list), default=0)
    objects = sum(
        len(value) if value.__class__ is list or value.__class__ is tuple else value is not None
        for value in values
    )
    return Summary(has_errors, has_partial, longest, objects)


def list_or_invalid(items: Sequence[Any], *, non_null: bool) -> Any:
    """Return the items of a list, or the first invalid one in place of the list if no item may be null."""
    if not non_null or Invalid not in types_of(items):
        return list(items)
    return next(item for item in items if item.__class__ is Invalid)
