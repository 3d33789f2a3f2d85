"""What else is executed for a position is cancelled when a value that must not be null fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from inspect import isawaitable
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, execute, parse

from student_graph.gateway.execution import StockExecutor
from tests.gateway.execution.embedding.executors import Breadth, Slow

MAX_TEST_SECONDS = 120
"""After which what is not cancelled fails, instead of waiting for ever."""


def with_resolvers(schema: str, **resolvers: Callable[..., Any]) -> GraphQLSchema:
    """Return a schema with resolvers by field name, wherever a type has such a field."""
    core = build_schema(schema)
    for type_ in core.type_map.values():
        for name, field in getattr(type_, "fields", {}).items():
            if name in resolvers:
                field.resolve = resolvers[name]
    return core


CANCELLED: list[str] = []


async def cancelled(_: Any, info: Any) -> None:
    """Wait until it is cancelled, and say so."""
    try:
        await asyncio.gather(asyncio.create_task(asyncio.Event().wait()))
    finally:
        CANCELLED.append(info.field_name)


async def fails(*_: Any) -> Any:
    """Fail, after the others have begun to wait."""
    await asyncio.sleep(0)
    raise LookupError("no")


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ("{waits strict}", None),
        ("{strict waits}", None),
        ("{one {waits strict}}", {"one": None}),
        ("{one {one {strictOne {waits strict}} }}", {"one": {"one": None}}),
        ("{strictMany {waits strict}}", {"strictMany": None}),
        ("{strictMany {strictOne {waits strictLast}}}", {"strictMany": None}),
        ("{one {strictOne {waits} strict}}", {"one": None}),
    ],
)
@pytest.mark.parametrize("executor", [StockExecutor, Breadth, Slow])
async def test_a_failed_field_that_must_not_be_null_cancels_its_siblings(
    executor: Any, document: str, data: Any
) -> None:
    """What waits for a position that is null is cancelled: beside it, above it, and in the same list."""
    CANCELLED.clear()

    async def fails_for_the_last(parent: Any, _: Any) -> Any:
        return await fails() if parent == "last" else 1

    core = with_resolvers(
        "type Query {waits: Int strict: Int! one: One strictMany: [One!]}"
        "type One {waits: Int strict: Int! strictLast: Int! one: One strictOne: One!}",
        waits=cancelled,
        strict=fails,
        strictLast=fails_for_the_last,
        one=lambda *_: "one",
        strictOne=lambda parent, _: parent,
        strictMany=lambda *_: ["first", "last"],
    )
    async with asyncio.timeout(MAX_TEST_SECONDS):
        result: Any = await execute(core, parse(document), executor_class=executor)  # type: ignore[misc]
    assert result.data == data
    assert {error.message for error in result.errors} == {"no"}
    assert set(CANCELLED) == {"waits"}


@pytest.mark.parametrize("executor", [StockExecutor, Breadth, Slow])
async def test_a_failed_item_that_must_not_be_null_cancels_the_others(executor: Any) -> None:
    """The items of a list are awaited side by side."""
    CANCELLED.clear()
    core = with_resolvers(
        "type Query {numbers: [Int!]}", numbers=lambda _, info: [cancelled(_, info), fails(), cancelled(_, info)]
    )
    async with asyncio.timeout(MAX_TEST_SECONDS):
        result: Any = await execute(core, parse("{numbers}"), executor_class=executor)  # type: ignore[misc]
    assert result.data == {"numbers": None}
    assert [(error.message, error.path) for error in result.errors] == [("no", ["numbers", 1])]
    assert CANCELLED == ["numbers", "numbers"]


@pytest.mark.parametrize("executor", [StockExecutor, Breadth, Slow])
async def test_objects_that_are_not_lost_are_not_cancelled(executor: Any) -> None:
    """One of two objects in a list of nullable ones fails: the other is there."""

    async def waits(*_: Any) -> int:
        for _turn in range(5):
            await asyncio.sleep(0)
        return 1

    async def fails_for_one(parent: Any, _: Any) -> Any:
        return await fails() if parent == "fails" else 2

    core = with_resolvers(
        "type Query {many: [One]} type One {waits: Int strict: Int!}",
        many=lambda *_: ["fails", "works"],
        waits=waits,
        strict=fails_for_one,
    )
    result: Any = await execute(core, parse("{many {waits strict}}"), executor_class=executor)  # type: ignore[misc]
    assert result.data == {"many": [None, {"waits": 1, "strict": 2}]}
    assert [error.path for error in result.errors] == [["many", 0, "strict"]]


@pytest.mark.parametrize("executor", [StockExecutor, Breadth, Slow])
async def test_mutations_after_a_failed_one_that_must_not_be_null_are_not_executed(executor: Any) -> None:
    """The answer is null, so what follows would change something without a trace."""
    called: list[str] = []

    def call(_: Any, info: Any) -> int | None:
        called.append(info.path.key)
        return None if info.path.key == "second" else 1

    core = with_resolvers("type Query {a: Int} type Mutation {change: Int!}", change=call)
    document = parse("mutation {first: change second: change third: change}")
    result: Any = execute(core, document, executor_class=executor)
    result = await result if isawaitable(result) else result
    assert result.data is None
    assert called == ["first", "second"]


@pytest.mark.parametrize("executor", [StockExecutor, Breadth, Slow])
async def test_asynchronous_lists_are_closed(executor: Any) -> None:
    """At their first null where none is allowed."""
    closed: list[str] = []

    async def numbers(*_: Any) -> AsyncIterator[int | None]:
        try:
            for number in (1, None, 2):
                yield number
        finally:
            closed.append("closed")

    core = with_resolvers("type Query {numbers: [Int!]}", numbers=numbers)
    result: Any = await execute(core, parse("{numbers}"), executor_class=executor)  # type: ignore[misc]
    assert ([error.path for error in result.errors], closed) == ([["numbers", 1]], ["closed"])
