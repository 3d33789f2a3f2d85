"""Whatever is asked and whatever comes back: the executor answers as graphql-core does."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from graphql import parse, validate

from student_graph.gateway.execution import BreadthExecutor
from tests.gateway.execution.comparing import differences, ordered
from tests.gateway.execution.differential import OURS, WAYS, carried_out, run
from tests.gateway.execution.documents import Writer
from tests.gateway.execution.product import WORLDS
from tests.resolvers.two_districts import SCHEMA

# The stock executor leaves coroutines behind when a sibling fails before they are awaited.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

OPERATIONS = 500
QUERIES = 40
VALUES = {
    "studentUniqueId": ['"1"', '"2"', '"9"', '"no such"'],
    "district": ['"cedar"', '"birch"'],
    "filter": ["{}", '{ids: ["1"]}', '{name: "a"}'],
    "first": ["1", "2", "0"],
    "Date": ['"2027-01-15"', '"2026-09-01"'],
    "DateTime": ['"2027-01-15T00:00:00Z"'],
    "String": ['"x"'],
}
"""Arguments of the product's own schema."""


@pytest.mark.parametrize("seed", range(1, 5))
async def test_random_operations_over_hostile_data_are_answered_alike(seed: int) -> None:
    """Data, order of keys, errors and their places are stock's, by generated code and by the careful way."""
    report = await run(OPERATIONS, seed)

    assert report.different == []
    assert report.operations == OPERATIONS
    assert report.errors > OPERATIONS / 10


@pytest.mark.parametrize("world", WORLDS)
async def test_random_queries_of_the_product_are_answered_alike(world: str) -> None:
    """The graph itself, all its types and fields: three ways, one answer, and nothing left to stock."""
    core = SCHEMA._schema  # type: ignore[attr-defined]
    random = Random(7)  # noqa: S311 - the same queries each time
    writer = Writer(core, random, VALUES, deepest=6)
    asked = planned = 0
    while asked < QUERIES:
        text, variables = writer.document()
        document = parse(text)
        if validate(core, document):
            continue
        asked += 1
        told: dict[str, Any] = {}
        before = WAYS["fast"].counters.planned  # type: ignore[attr-defined]
        for name in WAYS:
            told[name] = await carried_out(name, document, variables, WORLDS[world]().context(), core)
        planned += WAYS["fast"].counters.planned - before  # type: ignore[attr-defined]
        for name in OURS:
            assert differences(told[name], told["stock"]) == [], text
    assert planned == asked


def test_the_comparison_sees_what_it_is_there_to_see() -> None:
    """Another order of keys, 1 for 1.0 and true for 1 are differences."""
    assert ordered({"a": 1, "b": 2}) != ordered({"b": 2, "a": 1})
    assert ordered([1]) != ordered([1.0])
    assert ordered([1]) != ordered([True])
    assert issubclass(WAYS["fast"], BreadthExecutor)
