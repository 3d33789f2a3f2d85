"""The memory of cached plans is bounded, for every operation and for all of them."""

from __future__ import annotations

import gc
import tracemalloc
from inspect import isawaitable
from itertools import product
from typing import Any, ClassVar

import msgspec
import pytest
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, build_schema, execute, parse

from student_graph.gateway.execution import EncodingExecutor, encode_around_rows
from student_graph.gateway.execution.codegen import _row_types
from student_graph.gateway.execution.plan import (
    MAX_PLANS_PER_OPERATION,
    OBJECT_PLAN_BYTES,
    Counters,
    ObjectPlan,
    PlanCache,
)
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.execution.product import world
from tests.gateway.execution.small_schema import SCHEMA

PRODUCT = core_schema(make_schema(EncodingExecutor))
LEAVES = (
    "id name {firstName lastName} courseGrades {courseName numeric} enrollments {entryDate} assignments {title}"
)


class Executor(EncodingExecutor):
    """The service's executor with plans of its own."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()


@pytest.fixture(autouse=True)
def _no_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Executor, "plans", PlanCache())
    monkeypatch.setattr(Executor, "counters", Counters())
    monkeypatch.setattr(Executor, "row_cache", None)


async def run(schema: GraphQLSchema, document: DocumentNode, root: Any = None, **variables: bool) -> Any:
    """Execute a document, and return its data."""
    result: Any = execute(
        schema,
        document,
        root,
        context_value=world().context(),
        variable_values=variables,
        executor_class=Executor,
    )
    result = await result if isawaitable(result) else result
    return msgspec.json.decode(b"".join(encode_around_rows(result.data)))


def test_the_plans_of_the_least_recently_used_operation_are_evicted() -> None:
    """As soon as all plans together take more than they may."""
    schema, plans, planned = build_schema("type Query {a: Int}"), PlanCache(4 * OBJECT_PLAN_BYTES), []
    documents = [parse(f"{{k{n}: a}}") for n in range(5)]

    def plan(number: int) -> None:
        [operation] = documents[number].definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert schema.query_type is not None
        empty = ObjectPlan(schema.query_type, [])
        plans.plan(schema, operation, {}, tuple, lambda: (planned.append(number), empty)[1])

    for number in (0, 1, 2, 3, 0, 4, 0, 1):
        plan(number)
    assert planned == [0, 1, 2, 3, 4, 1]
    assert (len(plans), plans.used_bytes) == (4, plans.max_bytes)


async def test_values_of_conditions_do_not_add_plans_without_bound() -> None:
    """An operation has two to the power of its conditions of them, and only the latest are kept."""
    names = [f"v{number}" for number in range(6)]
    fields = " ".join(f"{name}: id @include(if: ${name})" for name in names)
    document = parse(
        f"query ({' '.join(f'${name}: Boolean!' for name in names)}) "
        f'{{student(studentUniqueId: "1") {{studentUniqueId {fields}}}}}'
    )
    for values in product((False, True), repeat=len(names)):
        data = await run(PRODUCT, document, **dict(zip(names, values, strict=True)))
        assert [name in data["student"] for name in names] == list(values)

    assert (len(Executor.plans), Executor.counters.compiled) == (1, 64)
    [cached] = Executor.plans._operations.values()
    assert len(cached.plans) == MAX_PLANS_PER_OPERATION
    assert Executor.plans.used_bytes == cached.size


async def test_plans_take_no_more_memory_than_is_counted() -> None:
    """Measured, over operations with distinct response keys: each has types of rows of its own."""

    def document(number: int) -> DocumentNode:
        students = (
            f'k{number}_{n}: student(studentUniqueId: "{n}") {{{LEAVES} a{number}_{n}: id}}' for n in (1, 2, 3)
        )
        return parse(f"{{{' '.join(students)}}}")

    documents = [document(number) for number in range(6)]
    await run(PRODUCT, documents[0])
    gc.collect()
    before = Executor.plans.used_bytes
    tracemalloc.start()
    for other in documents[1:]:
        await run(PRODUCT, other)
    gc.collect()
    measured, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    counted = Executor.plans.used_bytes - before
    assert measured <= counted <= 4 * measured


async def test_an_evicted_plan_leaves_nothing_behind() -> None:
    """Neither its generated code nor the types of its rows."""
    document = parse('{student(studentUniqueId: "1") {nowhereElse: id name {firstName}}}')
    await run(PRODUCT, document)
    assert not [keys for keys in _row_types if "nowhereElse" in keys]  # not yet: it may never be executed again
    await run(PRODUCT, document)
    assert [keys for keys in _row_types if "nowhereElse" in keys]

    Executor.plans = PlanCache()
    gc.collect()

    assert not [keys for keys in _row_types if "nowhereElse" in keys]


async def test_plans_of_an_interface_are_counted_when_its_types_are_seen() -> None:
    """At the next use of the operation."""
    document = parse("{person {... on Pupil {name age} ... on Tutor {name}}}")
    sizes = []
    for type_name in ("Pupil", "Pupil", "Tutor", "Tutor"):
        await run(SCHEMA, document, {"person": {"__typename": type_name, "name": "Ada", "age": 9}})
        sizes.append(Executor.plans.used_bytes)
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3


async def test_plans_go_with_their_document() -> None:
    """They could never be found again, and would hold parts of the document."""
    documents = [parse(f"{{person {{name a{number}: age}}}}") for number in range(8)]
    for document in documents:
        await run(SCHEMA, document, {"person": {"name": "Ada", "age": 9}})
    assert len(Executor.plans) == len(documents)
    del document, documents[:-1]
    gc.collect()
    assert len(Executor.plans) == 1
