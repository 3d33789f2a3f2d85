"""Properties of the executor outside the specification: plans, counters, calls, turns of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from inspect import isawaitable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import strawberry
from graphql import GraphQLSchema, execute, parse
from strawberry.extensions import SchemaExtension

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.execution import (
    BreadthExecutor,
    Counters,
    EncodingExecutor,
    StockExecutor,
    executor_class,
)
from student_graph.gateway.execution.executor import VARIABLE, configured_executor
from student_graph.gateway.execution.plan import PlanCache
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.schema import make_schema
from tests.gateway.execution.product import WORLDS

EXAMPLES = {path.stem: path.read_text(encoding="utf-8") for path in Path("examples/queries").glob("*.graphql")}


class CountingExecutor(BreadthExecutor):
    """A breadth-first executor with its own plans and counters."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()


def new_executor() -> type[CountingExecutor]:
    """Return an executor class whose counters are 0."""
    attributes = {"plans": PlanCache(), "counters": Counters()}
    executor: type[CountingExecutor] = type("NewExecutor", (CountingExecutor,), attributes)
    return executor


CALLS: list[int] = []
"""Numbers of parents in the calls of `numbers`; 0 and -1 for a call of `never` that began and was cancelled."""


@batched
async def numbers(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[list[int] | None]:
    """A list for each parent."""
    CALLS.append(len(parents))
    return [[parent.number] for parent in parents]


@batched
def short(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """Returns one value too few."""
    return [parent.number for parent in parents][1:]


@batched
async def never(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """Waits until it is cancelled."""
    CALLS.append(0)
    try:
        await asyncio.Event().wait()
    finally:
        CALLS.append(-1)
    return []


@strawberry.type
class Row:
    """One row of a long list."""

    number: int
    numbers = numbers
    short = short
    never = never

    @strawberry.field
    def rows(self) -> list[Row]:
        """An empty list."""
        return []


@strawberry.type
class Part:
    """An object that is read from an attribute of its parent."""

    word: str | None


@strawberry.type
class Owner:
    """An object with a part."""

    part: Part | None


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def owners(self) -> list[Owner]:
        """Two owners; the part of the second is an exception."""
        return [Owner(part=Part(word="w")), Owner(part=LookupError("no part"))]  # type: ignore[arg-type]

    @strawberry.field
    def rows(self, count: int) -> list[Row]:
        """A list of `count` rows."""
        return [Row(number=n) for n in range(count)]


async def run_query(executor: type[BreadthExecutor], query: str, *extensions: Any) -> Any:
    """Execute a query with an executor."""
    schema = strawberry.Schema(Query, execution_context_class=executor, extensions=extensions)
    return await schema.execute(query)


@pytest.mark.parametrize("example", sorted(EXAMPLES))
async def test_every_example_query_is_planned(example: str) -> None:
    """No example query falls back to graphql-core."""
    executor = new_executor()
    schema = make_schema(executor)
    context = WORLDS["healthy"]().context()
    await schema.execute(EXAMPLES[example], {"studentUniqueId": "1"}, context_value=context)

    assert (executor.counters.planned, executor.counters.stock) == (1, {})


async def test_a_batched_field_is_called_once_for_all_parents() -> None:
    """400 parents are one call, and no parents are no call."""
    CALLS.clear()
    result = await run_query(new_executor(), "{rows(count: 400) {numbers}}")
    assert result.data["rows"][399] == {"numbers": [399]}
    await run_query(new_executor(), "{rows(count: 0) {numbers}}")
    assert CALLS == [400]


async def test_a_batch_of_the_wrong_length_fails_for_all_parents() -> None:
    """Values that cannot be assigned to parents are used for none."""
    result = await run_query(new_executor(), "{rows(count: 3) {number short}}")
    assert result.data == {"rows": [{"number": n, "short": None} for n in range(3)]}
    assert [error.path for error in result.errors] == [["rows", n, "short"] for n in range(3)]


async def test_an_exception_instead_of_an_object_is_an_error_if_only_its_typename_is_selected() -> None:
    """An exception is never data, also if none of its attributes is read."""
    result = await run_query(new_executor(), "{owners {part {__typename}}}")
    assert result.data == {"owners": [{"part": {"__typename": "Part"}}, {"part": None}]}
    assert [(error.message, error.path) for error in result.errors] == [("no part", ["owners", 1, "part"])]


async def test_a_document_is_planned_once_per_value_of_its_conditions() -> None:
    """The plan is reused; another value of a condition needs another plan."""
    executor = new_executor()
    core: GraphQLSchema = strawberry.Schema(Query)._schema  # type: ignore[attr-defined]
    document = parse(
        "query ($more: Boolean!, $count: Int!) {rows(count: $count) {number numbers @include(if: $more)}}"
    )
    for more, count in ((True, 1), (True, 2), (False, 1), (True, 3)):
        values = {"more": more, "count": count}
        result: Any = execute(core, document, variable_values=values, executor_class=executor)
        result = await result if isawaitable(result) else result
        assert len(result.data["rows"]) == count
    assert (executor.counters.planned, executor.counters.compiled, len(executor.plans)) == (4, 2, 1)


async def test_an_operation_that_cannot_be_planned_is_executed_by_graphql_core() -> None:
    """An extension that resolves fields must see all of them; the counters show the reason."""

    class Watching(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            return _next(root, info, *args, **kwargs)

    executor = new_executor()
    result = await run_query(executor, "{rows(count: 2) {number numbers}}", Watching)
    assert result.data == {"rows": [{"number": n, "numbers": [n]} for n in range(2)]}
    assert executor.counters.stock == {"an extension that resolves fields": 1}


def test_without_an_event_loop_graphql_core_executes() -> None:
    """Synchronous execution works."""
    executor = new_executor()
    result = strawberry.Schema(Query, execution_context_class=executor).execute_sync("{rows(count: 1) {number}}")
    assert result.data == {"rows": [{"number": 0}]}
    assert executor.counters.stock == {"no event loop": 1}


async def test_a_wrong_value_is_counted() -> None:
    """The counters show the levels that took the slow path."""
    executor = new_executor()
    schema = strawberry.Schema(Query, execution_context_class=executor)
    core: GraphQLSchema = schema._schema  # type: ignore[attr-defined]
    assert core.query_type is not None
    core.query_type.fields["rows"].resolve = lambda *_, **__: [Row(number="x")]  # type: ignore[arg-type]
    result: Any = await schema.execute("{rows(count: 1) {number}}")
    assert result.data is None
    assert executor.counters.deopt > 0


async def test_a_cancelled_operation_cancels_its_calls() -> None:
    """If a client disconnects, no call is left running."""
    CALLS.clear()
    operation = asyncio.create_task(run_query(new_executor(), "{rows(count: 2) {number never}}"))
    while not CALLS:  # noqa: ASYNC110 - it begins after some turns of the event loop
        await asyncio.sleep(0)
    operation.cancel()
    with pytest.raises(asyncio.CancelledError):
        await operation
    assert CALLS == [0, -1]


async def test_response_keys_are_never_executed() -> None:
    """Response keys that look like code are just keys."""
    fields = " ".join(
        f"{name}: number" for name in ("o", "out", "add", "build", "WrongValue", "None", "import", "__class__")
    )
    result = await run_query(new_executor(), f"{{rows(count: 1) {{{fields}}}}}")
    assert list(result.data["rows"][0]) == [
        "o",
        "out",
        "add",
        "build",
        "WrongValue",
        "None",
        "import",
        "__class__",
    ]


def test_the_environment_chooses_the_executor() -> None:
    """`stock` selects graphql-core; an unknown name stops the start with a message."""
    assert executor_class(configured_executor({})) is EncodingExecutor
    assert executor_class(configured_executor({VARIABLE: "stock"})) is StockExecutor
    with pytest.raises(SettingsError, match=f"{VARIABLE}: must be 'breadth' or 'stock'"):
        configured_executor({VARIABLE: "fast"})
