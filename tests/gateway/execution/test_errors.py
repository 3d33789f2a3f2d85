"""Errors of a column: located as graphql-core locates them, without the slow path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import strawberry
from graphql import FieldNode, GraphQLError, OperationDefinitionNode, located_error, parse

from student_graph.gateway.execution import BreadthExecutor, Counters
from student_graph.gateway.execution.complete import complete_column
from student_graph.gateway.execution.errors import located_errors
from student_graph.gateway.execution.paths import FieldPaths, ItemPaths, Paths, RootPath, SubsetPaths
from student_graph.gateway.execution.plan import PlanCache
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.outcome import Outcomes

COMPLETED: list[str] = []
"""Names of the fields whose columns took the slow path."""


async def _count_completed(run: Any, column: Any) -> list[Any]:
    COMPLETED.append(column.plan.name)
    return await complete_column(run, column)


class Watched(BreadthExecutor):
    """The breadth-first executor with its own plans and counters."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()


@batched
def some_fail(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """An error for every other parent."""
    error = GraphQLError("odd", extensions={"code": "ODD"})
    return [parent.number if parent.number % 2 == 0 else error for parent in parents]  # type: ignore[misc]


@strawberry.type
class Row:
    """One row."""

    number: int
    some_fail = some_fail


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def rows(self) -> list[Row]:
        """Four rows."""
        return [Row(number=number) for number in range(4)]


def field_nodes() -> list[FieldNode]:
    """A field of a document, on its second line."""
    [operation] = parse("{\n  text }").definitions
    assert isinstance(operation, OperationDefinitionNode)
    [node] = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    return [node]


def test_errors_are_located_as_graphql_core_does() -> None:
    """One error for many values, distinct errors, one with a cause, and one that is located already."""
    nodes, elsewhere = field_nodes(), GraphQLError("there", path=["x"])
    shared = GraphQLError("no", extensions={"code": "NO"})
    shared.__cause__ = KeyError("why")
    errors: list[Exception] = [shared, ValueError("bad"), shared, elsewhere, shared, elsewhere]
    paths: list[list[str | int]] = [["rows", index, "text"] for index in range(len(errors))]

    located = located_errors(nodes, errors, paths)

    expected = [located_error(error, nodes, path) for error, path in zip(errors, paths, strict=True)]
    assert located == expected
    assert [error.formatted for error in located] == [error.formatted for error in expected]
    assert [error.original_error for error in located] == [error.original_error for error in expected]
    assert [error.__cause__ for error in located] == [error.__cause__ for error in expected]


def test_paths_of_many_values_are_the_paths_of_single_values() -> None:
    """Of fields, of items of lists that may be empty or missing, and of a part of a column."""
    lists = FieldPaths(ItemPaths(FieldPaths(RootPath(), "rows", "Query"), [4]), "parts", "Row")
    items = ItemPaths(lists, [0, 2, None, 3])
    columns: list[tuple[Paths, int]] = [
        (lists, 4),
        (items, 5),
        (FieldPaths(SubsetPaths(items, [0, 2, 4]), "name", "Part"), 3),
    ]
    for paths, count in columns:
        indexes = range(count)
        expected = [path.as_list() for index in indexes if (path := paths.path(index)) is not None]
        assert paths.as_lists(indexes) == expected
    assert items.as_lists([4, 0]) == [["rows", 3, "parts", 2], ["rows", 1, "parts", 0]]


async def test_an_error_of_a_nullable_field_needs_no_slow_path(monkeypatch: Any) -> None:
    """Neither for the field nor for the rows that hold it."""
    monkeypatch.setattr("student_graph.gateway.execution.executor.complete_column", _count_completed)
    COMPLETED.clear()

    result = await strawberry.Schema(Query, execution_context_class=Watched).execute("{rows {number someFail}}")

    assert result.data == {"rows": [{"number": n, "someFail": None if n % 2 else n} for n in range(4)]}
    assert [error.path for error in result.errors or ()] == [["rows", n, "someFail"] for n in (1, 3)]
    assert (COMPLETED, Watched.counters.deopt) == (["rows"], 0)
