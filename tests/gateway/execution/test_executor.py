"""What the executor promises beside the specification: plans, counters, turns of the loop, calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
import strawberry
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, execute, parse
from strawberry.extensions import SchemaExtension

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.execution import BreadthExecutor, Counters, StructExecutor, executor_class
from student_graph.gateway.execution.executor import VARIABLE, configured_executor
from student_graph.gateway.execution.plan import ObjectPlan, PlanCache
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.outcome import Outcomes
from student_graph.resolvers.schema import make_schema
from tests.gateway.execution.product import WORLDS

EXAMPLES = {path.stem: path.read_text(encoding="utf-8") for path in Path("examples/queries").glob("*.graphql")}


class Counting(BreadthExecutor):
    """An executor with counters of its own."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()


def counting() -> type[Counting]:
    """An executor that has done nothing yet."""
    made: type[Counting] = type("Counted", (Counting,), {"plans": PlanCache(), "counters": Counters()})
    return made


CALLS: list[int] = []


@batched
async def numbers(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[list[int] | None]:
    """A number for each parent, all in one call."""
    CALLS.append(len(parents))
    return [[parent.number] for parent in parents]


@batched
def short(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """One number too few."""
    return [parent.number for parent in parents][1:]


@batched
async def never(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """Waits until it is cancelled."""
    try:
        await asyncio.Event().wait()
    finally:
        CALLS.append(-1)
    return []


@strawberry.type
class Row:
    """One of many."""

    number: int
    numbers = numbers
    short = short
    never = never

    @strawberry.field
    def rows(self) -> list[Row]:
        """Nothing further."""
        return []


@strawberry.type
class Part:
    """A part of something, read off it."""

    word: str | None


@strawberry.type
class Whole:
    """What has a part."""

    part: Part | None


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def wholes(self) -> list[Whole]:
        """One whose part is an error."""
        return [Whole(part=Part(word="w")), Whole(part=LookupError("no part"))]  # type: ignore[arg-type]

    @strawberry.field
    def rows(self, count: int) -> list[Row]:
        """So many."""
        return [Row(number=n) for n in range(count)]


async def ask(executor: type[BreadthExecutor], query: str, *extensions: Any) -> Any:
    """What an executor answers."""
    schema = strawberry.Schema(Query, execution_context_class=executor, extensions=extensions)
    return await schema.execute(query)


@pytest.mark.parametrize("example", sorted(EXAMPLES))
async def test_every_example_is_planned(example: str) -> None:
    """No document that the product shows falls back to graphql-core."""
    executor = counting()
    schema = make_schema(executor)
    context = WORLDS["well"]().context()
    await schema.execute(EXAMPLES[example], {"studentUniqueId": "1"}, context_value=context)

    assert (executor.counters.planned, executor.counters.stock) == (1, {})


async def test_a_field_is_one_call_whatever_the_number_of_parents() -> None:
    """Four hundred parents, one call; none, no call."""
    CALLS.clear()
    told = await ask(counting(), "{rows(count: 400) {numbers}}")
    assert told.data["rows"][399] == {"numbers": [399]}
    await ask(counting(), "{rows(count: 0) {numbers}}")
    assert CALLS == [400]


async def test_a_batch_of_another_length_fails_its_column() -> None:
    """An answer that cannot be told apart is given to nobody."""
    told = await ask(counting(), "{rows(count: 3) {number short}}")
    assert told.data == {"rows": [{"number": n, "short": None} for n in range(3)]}
    assert [error.path for error in told.errors] == [["rows", n, "short"] for n in range(3)]


async def test_an_exception_in_place_of_an_object_is_an_error_though_nothing_of_it_is_read() -> None:
    """Never data: its type alone would be told as if it were there."""
    told = await ask(counting(), "{wholes {part {__typename}}}")
    assert told.data == {"wholes": [{"part": {"__typename": "Part"}}, {"part": None}]}
    assert [(error.message, error.path) for error in told.errors] == [("no part", ["wholes", 1, "part"])]


async def test_a_document_is_planned_once() -> None:
    """The second time it is at hand; under another condition it is made anew."""
    executor = counting()
    core: GraphQLSchema = strawberry.Schema(Query)._schema  # type: ignore[attr-defined]
    document = parse(
        "query ($more: Boolean!, $count: Int!) {rows(count: $count) {number numbers @include(if: $more)}}"
    )
    for more, count in ((True, 1), (True, 2), (False, 1), (True, 3)):
        values = {"more": more, "count": count}
        told: Any = await execute(core, document, variable_values=values, executor_class=executor)  # type: ignore[misc]
        assert len(told.data["rows"]) == count
    assert (executor.counters.planned, executor.counters.compiled, len(executor.plans)) == (4, 2, 1)


def test_plans_are_bounded() -> None:
    """Those longest unused go; one that is used stays."""
    schema, plans, made = build_schema("type Query {a: Int}"), PlanCache(2), []
    documents = [parse(f"{{k{n}: a}}") for n in range(3)]

    def plan(which: int) -> None:
        [operation] = documents[which].definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert schema.query_type is not None
        empty = ObjectPlan(schema.query_type, [])
        plans.plan(schema, operation, {}, tuple, lambda: (made.append(which), empty)[1])

    for which in (0, 1, 0, 2, 0, 1):
        plan(which)
    assert made == [0, 1, 2, 1]


async def test_what_cannot_be_planned_goes_to_stock_and_is_named() -> None:
    """An extension that resolves fields must see them all."""

    class Watching(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            return _next(root, info, *args, **kwargs)

    executor = counting()
    told = await ask(executor, "{rows(count: 2) {number numbers}}", Watching)
    assert told.data == {"rows": [{"number": n, "numbers": [n]} for n in range(2)]}
    assert executor.counters.stock == {"an extension that resolves fields": 1}


def test_without_an_event_loop_stock_answers() -> None:
    """What is asked synchronously is answered so."""
    executor = counting()
    told = strawberry.Schema(Query, execution_context_class=executor).execute_sync("{rows(count: 1) {number}}")
    assert told.data == {"rows": [{"number": 0}]}
    assert executor.counters.stock == {"no event loop": 1}


async def test_an_odd_value_is_counted() -> None:
    """A scope that goes the careful way is a slow one: it shows."""
    executor = counting()
    schema = strawberry.Schema(Query, execution_context_class=executor)
    core: GraphQLSchema = schema._schema  # type: ignore[attr-defined]
    assert core.query_type is not None
    core.query_type.fields["rows"].resolve = lambda *_, **__: [Row(number="x")]  # type: ignore[arg-type]
    told: Any = await schema.execute("{rows(count: 1) {number}}")
    assert told.data is None
    assert executor.counters.deopt > 0


async def test_long_columns_let_others_run() -> None:
    """While five thousand rows are built, the event loop comes round."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    told = await ask(counting(), "{rows(count: 5000) {number numbers}}")
    beside.cancel()
    assert len(told.data["rows"]) == 5000
    assert turns >= 5


async def test_an_operation_that_is_cancelled_cancels_its_calls() -> None:
    """A client that goes away leaves nothing running."""
    CALLS.clear()
    operation = asyncio.create_task(ask(counting(), "{rows(count: 2) {number never}}"))
    await asyncio.sleep(0.05)
    operation.cancel()
    with pytest.raises(asyncio.CancelledError):
        await operation
    assert CALLS == [-1]


async def test_names_of_the_document_stay_names() -> None:
    """Keys that look like code are keys: nothing of a document is run."""
    fields = " ".join(
        f"{name}: number" for name in ("o", "out", "add", "build", "Odd", "None", "import", "__class__")
    )
    told = await ask(counting(), f"{{rows(count: 1) {{{fields}}}}}")
    assert list(told.data["rows"][0]) == ["o", "out", "add", "build", "Odd", "None", "import", "__class__"]


def test_the_executor_is_chosen_by_the_environment() -> None:
    """`stock` switches it off; a name that is none stops the start and says what to change."""
    assert executor_class(configured_executor({})) is StructExecutor
    assert executor_class(configured_executor({VARIABLE: "stock"})) is None
    with pytest.raises(SettingsError, match=f"{VARIABLE}: must be 'breadth' or 'stock'"):
        configured_executor({VARIABLE: "fast"})
