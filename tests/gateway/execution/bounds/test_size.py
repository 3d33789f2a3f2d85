"""What an answer may hold is counted while it is made, by every executor: the field that goes over is null."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema, parse

from student_graph.adapters import model
from student_graph.adapters.model import Sensitivity
from student_graph.gateway.execution.size import MAX_TOO_LARGE_ERRORS, TOO_LARGE, AnswerSize, AnswerTooLargeError
from student_graph.gateway.execution.stock import STOCK_RECORD_WEIGHT
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.fields.record import record_type
from student_graph.resolvers.operation import AnswerLimits, Operation
from tests.gateway.execution.differential import EXECUTORS, execute_with

TEXT = "x" * 1000


@model.record(Sensitivity.OPEN)
class Row(model.Record):
    """A record."""

    number: int


ROWS = [Row(vendor_id=str(number), number=number) for number in range(3000)]


@batched
def children(parents: Sequence[Any], info: strawberry.Info, count: int = 1) -> Outcomes[list[Row] | None]:
    """As many records as asked for, for each parent."""
    return [ROWS[:count] for _ in parents]  # type: ignore[misc]


@batched
def child(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[Row | None]:
    """One record for each parent."""
    return [ROWS[0] for _ in parents]  # type: ignore[misc]


@batched
def needed(parents: Sequence[Any], info: strawberry.Info, count: int = 1) -> Outcomes[list[Row]]:
    """As many records as asked for, which may not be null."""
    return [ROWS[:count] for _ in parents]  # type: ignore[misc]


@batched
def text(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[str | None]:
    """A kilobyte for each parent."""
    return [TEXT for _ in parents]


@record_type
class RowType(Row):
    """The GraphQL type of a record, whose objects lead to more of them."""

    children = children
    child = child
    needed = needed
    text = text


@strawberry.type
class Query:
    """The root."""

    children = children
    child = child
    needed = needed

    @strawberry.field
    def number(self) -> int:
        """A number."""
        return 1


@dataclass
class Context:
    """The context of an operation, with limits of its answer."""

    operation: Operation = field(default_factory=Operation)


CORE: GraphQLSchema = strawberry.Schema(Query)._schema  # type: ignore[attr-defined]


async def run(executor: str, query: str, records: int = 20_000, mebibytes: int = 5) -> Any:
    """The response to a query within limits. Records that graphql-core executes count several times."""
    records *= STOCK_RECORD_WEIGHT if executor == "stock" else 1
    context = Context(Operation(answer_limits=AnswerLimits(records, mebibytes)))
    return await execute_with(executor, parse(query), {}, context, CORE)


def errors_of(result: Any) -> list[tuple[Any, Any]]:
    """Code and path of each error."""
    return [((error.extensions or {}).get("code"), error.path) for error in result.errors or ()]


@pytest.fixture(params=list(EXECUTORS))
def executor(request: pytest.FixtureRequest) -> str:
    """Name of an executor."""
    return str(request.param)


async def test_a_list_with_too_many_records_is_null_and_other_fields_have_values(executor: str) -> None:
    """The limit itself is allowed; the error names it and says what to change."""
    fits = await run(executor, "{number children(count: 100) {number}}", records=100)
    assert (len(fits.data["children"]), fits.errors) == (100, None)

    result = await run(
        executor, "{number a: children(count: 60) {number} b: children(count: 50) {number}}", records=100
    )

    assert result.data["number"] == 1
    assert sorted(rows is None for rows in (result.data["a"], result.data["b"])) == [False, True]
    [error] = result.errors
    assert error.path in (["a"], ["b"])
    limit = 100 * STOCK_RECORD_WEIGHT if executor == "stock" else 100
    assert error.extensions == {"code": TOO_LARGE, "limit": limit, "retryable": False}
    assert f"at most {limit} records" in error.message
    assert "`first`" in error.message


async def test_nested_lists_are_counted_at_every_level(executor: str) -> None:
    """The level that goes over is null under each of its parents, and the parents stay."""
    query = "{children(count: 10) {number children(count: 10) {number children(count: 10) {number}}}}"
    result = await run(executor, query, records=150)

    rows = result.data["children"]
    assert [len(row["children"]) for row in rows] == [10] * 10
    codes = {code for code, _ in errors_of(result)}
    assert codes == {TOO_LARGE}
    nulls = [row for rows_of_parent in rows for row in rows_of_parent["children"] if row["children"] is None]
    assert len(nulls) == len(result.errors) >= 96  # graphql-core counts parent by parent, and fits some in


async def test_a_list_that_may_not_be_null_makes_its_parent_null(executor: str) -> None:
    """The error has the path of the list, as for every other error."""
    result = await run(executor, "{number child {number needed(count: 10) {number}}}", records=5)
    assert result.data == {"number": 1, "child": None}
    assert errors_of(result) == [(TOO_LARGE, ["child", "needed"])]


@pytest.mark.parametrize("executor", ["stock", "encoded"])
async def test_a_field_that_takes_too_many_bytes_is_null(executor: str) -> None:
    """Two thousand texts of a kilobyte are 2 MB. Data in dicts, which is never served, is counted in records."""
    result = await run(executor, "{number child {number} children(count: 2000) {text}}", mebibytes=1)
    assert result.data["number"] == 1
    assert result.data["child"] == {"number": 0}
    assert {code for code, _ in errors_of(result)} == {TOO_LARGE}
    assert "1 MiB" in result.errors[0].message


async def test_a_field_gives_back_what_it_counted_when_it_goes_over(executor: str) -> None:
    """A later field that fits is there: the large one is not in the answer."""
    query = "{a: children(count: 50) {children(count: 100) {number}} b: child {child {child {number}}}}"
    result = await run(executor, query, records=60)
    assert result.data["b"] == {"child": {"child": {"number": 0}}} or executor == "stock"
    assert [row["children"] for row in result.data["a"]] == [None] * 50


async def test_errors_are_bounded(executor: str) -> None:
    """With more parents than there may be errors, the field that holds the parents is null, and so on."""
    result = await run(executor, "{number children(count: 2000) {child {number}}}", records=2500)
    assert len(result.errors) <= MAX_TOO_LARGE_ERRORS + 1
    assert {code for code, _ in errors_of(result)} == {TOO_LARGE}
    assert result.data is None or result.data["children"] is None
    assert executor == "stock" or result.data == {"number": 1, "children": None}


async def test_memory_is_bounded_for_every_query(executor: str) -> None:
    """Five levels of a hundred records each are 10 ** 10 records. graphql-core may do a twentieth: it is slow."""
    query = "{" + "children(count: 100) {number child {" * 5 + "number" + "}}" * 5 + "}"
    share = 20 if executor == "stock" else 1
    tracemalloc.start()
    result = await run(executor, query, records=20_000 // STOCK_RECORD_WEIGHT // share if share > 1 else 20_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert {code for code, _ in errors_of(result)} == {TOO_LARGE}
    assert peak < 64 * 1024 * 1024 / share


def test_a_part_counts_for_all_parts_that_hold_it() -> None:
    """And no longer, when it is discarded."""
    answer = AnswerSize(AnswerLimits(records=10, mebibytes=1))
    section = answer.part()
    students = section.part()
    section.add(records=2, size=100)
    students.add(records=8, size=500)

    with pytest.raises(AnswerTooLargeError):
        students.add(records=1)
    assert (answer.records, section.records, students.records, answer.bytes) == (10, 10, 8, 600)
    students.discard()
    assert (answer.records, section.records, answer.bytes) == (2, 2, 100)
