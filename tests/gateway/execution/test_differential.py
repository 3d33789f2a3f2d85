"""The executor gives the same response as graphql-core, for random operations and for wrong values."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from graphql import parse, validate

from tests.gateway.execution.comparison import differences, ordered
from tests.gateway.execution.differential import BREADTH_EXECUTORS, EXECUTORS, Fast, execute_with, run
from tests.gateway.execution.documents import Writer
from tests.gateway.execution.product import WORLDS
from tests.long_runs import size
from tests.resolvers.two_districts import SCHEMA, noted_records

# graphql-core leaves coroutines that were never awaited when a sibling fails.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OPERATIONS = size(40, 500)
QUERIES = size(5, 40)
VALUES = {
    "by": ["null"],
    "studentUniqueId": ['"1"', '"2"', '"9"', '"no such"'],
    "district": ['"cedar"', '"birch"'],
    "filter": ["{}", '{ids: ["1"]}', '{name: "a"}'],
    "first": ["1", "2", "0"],
    "Date": ['"2027-01-15"', '"2026-09-01"'],
    "DateTime": ['"2027-01-15T00:00:00Z"'],
    "String": ['"x"'],
}
"""Literals for arguments of the product's own schema."""
FAST = Fast.counters


@pytest.mark.long_run
@pytest.mark.parametrize("seed", range(1, size(2, 4) + 1))
async def test_random_operations_over_hostile_data_give_the_same_response(seed: int) -> None:
    """Data, order of keys, errors and their paths are those of graphql-core, on the fast and on the slow path."""
    report = await run(OPERATIONS, seed)

    assert report.differences == []
    assert report.operations == OPERATIONS
    assert report.errors > OPERATIONS / 10


@pytest.mark.long_run
@pytest.mark.parametrize("world", WORLDS)
async def test_random_queries_of_the_product_give_the_same_response_and_disclosures(world: str) -> None:
    """All types and fields of the graph: every query is planned, and each executor notes the same records."""
    core = SCHEMA._schema  # type: ignore[attr-defined]
    writer = Writer(core, Random(41), VALUES, max_depth=6)  # noqa: S311 - early queries find a student
    queries, planned, disclosed = 0, FAST.planned, 0
    # Few of the random queries find a student: a sample goes on until one of them does.
    while queries < QUERIES or (disclosed == 0 and world != "SIS outage" and queries < 20 * QUERIES):
        text, variables = writer.document()
        document = parse(text)
        if validate(core, document):
            continue
        queries += 1
        results: dict[str, Any] = {}
        records: dict[str, Counter[Any]] = {}
        for name in EXECUTORS:
            context = WORLDS[world]().context()
            results[name] = await execute_with(name, document, variables, context, core)
            records[name] = noted_records(context.operation.disclosures)
        for name in BREADTH_EXECUTORS:
            assert differences(results[name], results["stock"]) == [], text
            assert records[name] == records["stock"], text
        disclosed += records["stock"].total()
    assert FAST.planned - planned == queries
    assert disclosed > 0 or world == "SIS outage"


def test_the_comparison_sees_small_differences() -> None:
    """Another order of keys, 1 instead of 1.0 and true instead of 1 are differences."""
    assert ordered({"a": 1, "b": 2}) != ordered({"b": 2, "a": 1})
    assert ordered([1]) != ordered([1.0])
    assert ordered([1]) != ordered([True])
