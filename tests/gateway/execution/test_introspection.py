"""Questions about the schema: in turns of the event loop, once for each plan, and within a bound."""

from __future__ import annotations

import asyncio
from inspect import isawaitable
from typing import Any, ClassVar

import msgspec
import pytest
from graphql import ExecutionResult, execute, get_introspection_query, graphql_sync, parse

from student_graph.gateway.execution import EncodingExecutor, encode_around_rows
from student_graph.gateway.execution.plan import Counters, PlanCache
from student_graph.gateway.execution.size import TOO_LARGE
from student_graph.gateway.execution.values import MAX_KEPT_INTROSPECTIONS
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.execution.product import world

SCHEMA = core_schema(make_schema(EncodingExecutor))
TYPE = "query ($name: String = %s) { __type(name: $name) { name } }"


class Watched(EncodingExecutor):
    """The service's executor, which notes the fields of operations that graphql-core resolves."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    resolved: ClassVar[list[str]] = []

    def execute_field(self, *args: Any) -> Any:
        """Note the field."""
        if args[3].prev is None:
            self.resolved.append(args[3].key)
        return super().execute_field(*args)


@pytest.fixture(autouse=True)
def _nothing_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watched, "plans", PlanCache())
    monkeypatch.setattr(Watched, "resolved", [])


async def run(document: Any, **variables: str) -> ExecutionResult:
    """The result of a document, with its data as it was sent."""
    result: Any = execute(
        SCHEMA, document, context_value=world().context(), variable_values=variables, executor_class=Watched
    )
    result = await result if isawaitable(result) else result
    data = None if result.data is None else msgspec.json.decode(b"".join(encode_around_rows(result.data)))
    return ExecutionResult(data, result.errors)


async def test_the_schema_is_shown_in_turns_and_encoded_once() -> None:
    """The event loop answers others meanwhile, in many rounds; a second request is answered at once."""
    text, rounds = get_introspection_query(), 0
    document = parse(text)

    async def others() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    results = [await run(document)]
    assert rounds > 2
    task.cancel()
    results += [await run(document) for _ in range(2)]

    expected = graphql_sync(SCHEMA, text).data
    assert [result.data for result in results] == [expected] * 3
    assert [result.errors for result in results] == [None] * 3
    assert Watched.resolved == ["__schema"]


async def test_what_is_kept_is_counted() -> None:
    """The JSON is in the memory of the operation's plan, after its next use."""
    document = parse(get_introspection_query())
    await run(document)
    before = Watched.plans.used_bytes
    await run(document)
    assert Watched.plans.used_bytes > before + 50_000


async def test_the_latest_answers_are_kept_and_no_more() -> None:
    """A comment makes another document of the same question, so there may be any number of them."""
    documents = [
        parse(f"{{ __schema {{ types {{ name }} }} }} # {number}") for number in range(2 * MAX_KEPT_INTROSPECTIONS)
    ]
    for document in documents:
        await run(document)
    for number, asks_again in ((-1, 0), (MAX_KEPT_INTROSPECTIONS, 0), (0, 1), (MAX_KEPT_INTROSPECTIONS - 1, 1)):
        count = len(Watched.resolved)
        await run(documents[number])
        assert len(Watched.resolved) == count + asks_again


async def test_an_answer_that_depends_on_a_variable_is_not_kept() -> None:
    """Each request gets its own type."""
    document = parse(TYPE % '"Student"')
    names = [(await run(document, **variables)).data for variables in ({}, {"name": "School"}, {"name": "Nobody"})]
    assert names == [{"__type": {"name": "Student"}}, {"__type": {"name": "School"}}, {"__type": None}]


async def test_the_schema_beside_data() -> None:
    """Both are in one answer."""
    document = parse('{ student(studentUniqueId: "1") { studentUniqueId } __type(name: "Student") { name } }')
    for _ in range(2):
        data = (await run(document)).data
        assert data == {"student": {"studentUniqueId": "1"}, "__type": {"name": "Student"}}


async def test_an_answer_that_repeats_the_schema_is_cut_off() -> None:
    """Thirty aliases for all types are a document of 3,000 characters, and would be seconds of work."""
    fields = "name description fields { name description type { name kind ofType { name kind } } }"
    aliases = " ".join(f"a{number}: types {{ {fields} }}" for number in range(30))
    result = await run(parse(f"{{ __schema {{ {aliases} }} }}"))

    assert result.data is None
    assert result.errors
    assert {(error.extensions or {}).get("code") for error in result.errors} == {TOO_LARGE}
    assert len(result.errors) < 20
