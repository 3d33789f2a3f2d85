"""What Strawberry documents gives the same results with the breadth-first executor as with Strawberry's own."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import MaskErrors, SchemaExtension
from strawberry.schema.config import StrawberryConfig

from tests.gateway.execution.comparison import differences
from tests.gateway.execution.embedding import strawberry_schema as example
from tests.gateway.execution.embedding.executors import Breadth, Slow

DOCUMENTS = {
    "attribute of the root": "{plain}",
    "relay node": '{node(id: "SXRlbTox") {__typename id ... on Item {label}}}',
    "relay connection": "{items(first: 2) {edges {cursor node {id label}} pageInfo {hasNextPage endCursor}}}",
    "interface": "{animals {__typename name loud ... on Cat {lives hint}}}",
    "fragments": "{animals {...a ...b}}"
    " fragment a on Animal {name} fragment b on Animal {n: name ... on Cat {lives}}",
    "union": "{a: either(cat: true) {...e} b: either(cat: false) {...e}}"
    " fragment e on Either {__typename ... on Cat {name} ... on IntBox {content}}",
    "generic types": "{boxes {__typename content}}",
    "input objects": "{a: wished(wish: {colors: [RED]})"
    ' b: wished(wish: {colors: [], count: 1, note: null}, from: "x")}',
    "wrong input": "{wished(wish: {colors: [GREEN]})}",
    "scalars": "{scalars {color text amount anything}}",
    "data loader": "{numbers {value square}}",
    "info": "{numbers {s: selected}}",
    "permissions": "{denied allowed quiet}",
    "field extensions": "{doubled}",
    "asynchronous generators": "{streamed}",
    "errors": "{plain fails}",
    "conditions": "query ($no: Boolean = false) {plain @include(if: $no) fails @skip(if: true) boxes {content}}",
    "introspection": '{__type(name: "Cat") {fields {name}} plain}',
    "mutations": "mutation {a: add(by: 1) b: add(by: 2) c: add(by: 3)}",
}


class Timing(SchemaExtension):
    """An extension of operations, which adds to the result."""

    def on_execute(self) -> Any:
        """Do something before and after."""
        self.execution_context.context["executed"] = True
        yield

    def get_results(self) -> dict[str, Any]:
        """Return what the response's extensions get."""
        return {"executed": self.execution_context.context["executed"]}


class Watching(SchemaExtension):
    """An extension of fields, which sees every one of them."""

    async def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        """Count a field and resolve it."""
        self.execution_context.context.setdefault("seen", []).append(info.field_name)
        result = _next(root, info, *args, **kwargs)
        return await result if hasattr(result, "__await__") else result


def schema_of(query: type = example.Query, **options: Any) -> strawberry.Schema:
    """Return a schema of the example."""
    config = {"scalar_map": example.SCALARS, **options.pop("config", {})}
    return strawberry.Schema(
        query,
        example.Mutation,
        example.Subscription,
        types=[example.Cat, example.Dog],
        config=StrawberryConfig(**config),
        **options,
    )


SCHEMA = schema_of(example.RelayQuery)
STRAWBERRYS = SCHEMA.execution_context_class


async def result_of(schema: strawberry.Schema, document: str, executor: Any = STRAWBERRYS) -> Any:
    """Execute a document with an executor, and with a context of its own."""
    schema.execution_context_class = executor
    context = {"loader": DataLoader(example.load)}
    return await schema.execute(document, context_value=context, root_value=example.RelayQuery())


@pytest.mark.parametrize("executor", [Breadth, Slow])
@pytest.mark.parametrize("feature", DOCUMENTS)
async def test_a_feature_of_strawberry_gives_the_same_result(executor: type[Breadth], feature: str) -> None:
    """By plan, not by falling back to graphql-core."""
    expected = await result_of(SCHEMA, DOCUMENTS[feature])
    assert expected.data is not None or feature == "wrong input"
    executor.counters.stock.clear()
    result = await result_of(SCHEMA, DOCUMENTS[feature], executor)
    assert differences(result, expected) == []
    assert executor.counters.stock == {}


async def test_a_data_loader_gets_all_keys_of_a_level_at_once() -> None:
    """Its calls are merged, as with graphql-core."""
    example.LOADED.clear()
    await result_of(SCHEMA, "{numbers {square}}", Breadth)
    assert example.LOADED == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("extensions", "document", "stock"),
    [
        ([Timing], "{numbers {value}}", {}),
        ([MaskErrors], "{plain fails}", {}),
        ([Watching], "{animals {name loud}}", {"an extension that resolves fields": 1}),
    ],
)
async def test_schema_extensions_give_the_same_result(extensions: list[Any], document: str, stock: Any) -> None:
    """Those of fields are left to graphql-core, and counted."""
    schema = schema_of(extensions=extensions)
    expected = await result_of(schema, document)
    Breadth.counters.stock.clear()
    result = await result_of(schema, document, Breadth)
    assert differences(result, expected) == []
    assert result.extensions == expected.extensions
    assert Breadth.counters.stock == stock


async def test_directives_of_operations_are_left_to_graphql_core() -> None:
    """Strawberry's own extension carries them out, which resolves fields."""
    schema = schema_of(directives=[example.shout])
    expected, result = [await result_of(schema, "{plain @shout}", executor) for executor in (STRAWBERRYS, Breadth)]
    assert result.data == expected.data == {"plain": "PLAIN"}


async def test_another_default_resolver_is_used() -> None:
    """Objects may be dicts, if the configuration says how to read them."""

    def read(source: Any, name: str) -> Any:
        return source[name] if isinstance(source, dict) else getattr(source, name)

    schema = schema_of(config={"default_resolver": read})
    for executor in (STRAWBERRYS, Breadth, Slow):
        schema.execution_context_class = executor
        result = await schema.execute("{plain}", root_value={"plain": "from a dict"})
        assert result.data == {"plain": "from a dict"}


async def test_subscriptions_give_the_same_events() -> None:
    """Whoever executes them."""
    document = "subscription {animals {__typename name loud}}"
    events = []
    for executor in (STRAWBERRYS, Breadth, Slow):
        SCHEMA.execution_context_class = executor
        stream: Any = await SCHEMA.subscribe(document)
        events.append([event.data async for event in stream])
    assert events[1] == events[2] == events[0]
    assert len(events[0]) == 2


async def test_parts_that_come_later_are_the_same() -> None:
    """`@defer` and `@stream` are left to graphql-core."""
    parts = []
    schema = schema_of(config={"enable_experimental_incremental_execution": True})
    for executor in (STRAWBERRYS, Breadth):
        result: Any = await result_of(schema, "{streamed @stream(initialCount: 1) ... @defer {plain}}", executor)
        later = [part.formatted async for part in result.subsequent_results]
        parts.append((result.initial_result.formatted, later))
    assert parts[0] == parts[1]
    assert parts[0][0]["data"] == {"streamed": [1]}
