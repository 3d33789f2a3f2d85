"""The executors with contexts and callers that are not the gateway's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import (
    ExperimentalIncrementalExecutionResults,
    GraphQLSchema,
    GraphQLStreamDirective,
    build_schema,
    execute,
    experimental_execute_incrementally,
    parse,
    specified_directives,
)

from student_graph.adapters.errors import UnavailableError
from student_graph.gateway.execution import BreadthExecutor, EncodingExecutor, StockExecutor
from student_graph.resolvers.fields.batched import batched
from student_graph.resolvers.fields.outcome import Outcomes, Partial
from student_graph.resolvers.operation import AnswerLimits
from student_graph.resolvers.schema import make_schema
from tests.gateway.execution.embedding.executors import Breadth, Slow
from tests.gateway.execution.product import WORLDS


@batched
def lengths(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """One for each parent."""
    return [len(parent.name) for parent in parents]


@batched
def partial(parents: Sequence[Any], info: strawberry.Info) -> Outcomes[int | None]:
    """A value that lacks the part of a source."""
    return [Partial(1, (UnavailableError("no answer"),)) for _ in parents]


@strawberry.type
class Thing:
    """An object of another product."""

    name: str | None
    lengths = lengths
    partial = partial


@strawberry.type
class Things:
    """A root without records."""

    @strawberry.field
    def things(self) -> list[Thing]:
        """Two things."""
        return [Thing(name="a"), Thing(name="bc")]


@pytest.mark.parametrize("context", [None, {"user": 1}, object(), SimpleNamespace(operation="mine")])
@pytest.mark.parametrize("executor", [StockExecutor, Breadth, Slow])
async def test_a_schema_without_records_may_have_any_context(executor: type[StockExecutor], context: Any) -> None:
    """Nothing of the gateway's context is needed, by no executor."""
    schema = strawberry.Schema(Things, execution_context_class=executor)
    result = await schema.execute("{things {name lengths}}", context_value=context)
    assert (result.errors, result.data) == (
        None,
        {"things": [{"name": "a", "lengths": 1}, {"name": "bc", "lengths": 2}]},
    )


@pytest.mark.parametrize("executor", [Breadth, Slow])
async def test_a_partial_value_needs_a_context_that_notes_what_failed(executor: type[StockExecutor]) -> None:
    """Without one it is an error: a value that silently lacks a part is worse."""
    schema = strawberry.Schema(Things, execution_context_class=executor)
    result = await schema.execute("{things {name partial}}")
    assert result.data == {"things": [{"name": "a", "partial": None}, {"name": "bc", "partial": None}]}
    assert all("context that has an `operation`" in error.message for error in result.errors or [])


@pytest.mark.parametrize("executor", [StockExecutor, BreadthExecutor, EncodingExecutor])
@pytest.mark.parametrize("context", [None, {"operation": 1}])
async def test_a_schema_with_records_says_which_context_it_needs(executor: Any, context: Any) -> None:
    """Without it nothing would note who saw which student, so nothing is resolved."""
    result = await make_schema(executor).execute("{__typename}", context_value=context)
    [error] = result.errors or []
    assert result.data is None
    assert "execute it with a context that has an `operation`" in error.message
    assert error.message.endswith(f"{type(context).__name__}.")


async def test_a_schema_with_records_accepts_the_gateways_context() -> None:
    """The same document, with the context."""
    result = await make_schema(BreadthExecutor).execute(
        "{__typename}", context_value=WORLDS["healthy"]().context()
    )
    assert (result.data, result.errors) == ({"__typename": "Query"}, None)


@pytest.mark.parametrize("executor", [StockExecutor, Breadth, Slow])
async def test_execute_sync_works_in_a_running_event_loop(executor: type[StockExecutor]) -> None:
    """Also for an answer that takes longer than a time slice of the event loop."""

    @strawberry.type
    class Query:
        @strawberry.field
        def things(self) -> list[Thing]:
            return [Thing(name="a")] * 4000

    schema = strawberry.Schema(Query, execution_context_class=executor)
    result = schema.execute_sync("{a: things {name} b: things {name}}")
    assert result.errors is None
    assert result.data == {key: [{"name": "a"}] * 4000 for key in "ab"}


@pytest.mark.parametrize("executor", [StockExecutor, Breadth, Slow])
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_result_is_awaitable_if_a_resolver_is(executor: type[StockExecutor], *, is_async: bool) -> None:
    """As graphql-core does it, even if the resolver does not wait, and also if the root fails."""

    async def later(*_: Any) -> Any:
        return None

    core = build_schema("type Query {a: Int! b: Int}")
    assert core.query_type is not None
    core.query_type.fields["a"].resolve = later if is_async else lambda *_: None
    result: Any = execute(core, parse("{b a}"), executor_class=executor)
    assert isawaitable(result) == is_async
    result = await result if is_async else result
    assert (result.data, [error.path for error in result.errors]) == (None, [["a"]])


async def test_only_stream_in_a_schema_is_executed_by_graphql_core() -> None:
    """A directive that asks for parts of a list later is never ignored, whether it is declared or not."""
    core = build_schema("type Query {numbers: [Int]}")
    alone = GraphQLSchema(core.query_type, directives=[*specified_directives, GraphQLStreamDirective])
    for schema in (core, alone):
        result = experimental_execute_incrementally(
            schema,
            parse("{numbers @stream(initialCount: 1)}"),
            {"numbers": [1, 2]},
            executor_class=Breadth,
        )
        result = await result if isawaitable(result) else result
        assert isinstance(result, ExperimentalIncrementalExecutionResults)
        assert result.initial_result.data == {"numbers": [1]}
        assert [part async for part in result.subsequent_results]


@pytest.mark.parametrize("executor", [StockExecutor, Breadth])
async def test_every_event_of_a_subscription_has_the_full_limit_of_an_answer(executor: Any) -> None:
    """Its limit of bytes is not used up by earlier events."""
    context = SimpleNamespace(operation=SimpleNamespace(answer_limits=AnswerLimits(mebibytes=1)))

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def texts(self) -> AsyncIterator[str]:
            for _ in range(5):
                yield "x" * 400_000

    schema = strawberry.Schema(Things, subscription=Subscription, execution_context_class=executor)
    events = await schema.subscribe("subscription {texts}", context_value=context)
    results: list[Any] = [event async for event in events]  # type: ignore[union-attr]
    assert [(event.errors, len(event.data["texts"])) for event in results] == [(None, 400_000)] * 5
