"""Filters and orders equal a naive computation, one child after the other, over generated districts."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import pytest

from tests.long_runs import size
from tests.resolvers.cohorts.conditions.generated import Child, children, vendor_data, with_lists, world
from tests.resolvers.cohorts.conditions.oracle import (
    UNKNOWN,
    YES,
    is_readable,
    metric_value,
    random_condition,
    random_leaf,
    truth,
)
from tests.resolvers.two_districts import World

LIST = """query($filter: StudentFilter!, $first: Int! = 100, $after: String, $orderBy: StudentOrder) {
    students(filter: $filter, first: $first, after: $after, orderBy: $orderBy) {
        totalCount undecided pageInfo { hasNextPage endCursor } edges { node { studentUniqueId } }
    }
}"""
CHILDREN, CONDITIONS, SEEDS = size(40, 1_000), size(8, 30), size(1, 3)
PAGE = size(100, 400)
"""Students on a page: each page decides about all children again."""


async def all_pages(
    district: World, filter: dict[str, Any], order: Any = None, first: int = PAGE
) -> dict[str, Any]:
    """Return the numbers on all pages, with the two counts of the last one."""
    numbers: list[str] = []
    after = None
    while True:
        data = await district.data(LIST, filter=filter, first=first, after=after, orderBy=order)
        page = data["students"]
        numbers += [edge["node"]["studentUniqueId"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return {"numbers": numbers, "totalCount": page["totalCount"], "undecided": page["undecided"]}


def expected(population: list[Child], condition: dict[str, Any]) -> dict[str, Any]:
    """Return what a list of the children who meet a condition holds."""
    verdicts = {child.number: truth(condition, child) for child in population}
    numbers = sorted(number for number, verdict in verdicts.items() if verdict == YES)
    undecided = sum(verdict == UNKNOWN for verdict in verdicts.values())
    return {"numbers": numbers, "totalCount": len(numbers), "undecided": undecided}


@pytest.mark.long_run
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_conditions_list_the_same_students_as_a_naive_computation(seed: int) -> None:
    """Numbers, count and undecided are equal for random trees of conditions over data of which a part fails."""
    population, rng = children(CHILDREN, seed), random.Random(seed)  # noqa: S311 - the same each time
    district = world(population)
    for _ in range(CONDITIONS):
        condition = random_condition(rng)
        answer = await all_pages(district, {"where": condition})
        assert answer == expected(population, condition), condition


@pytest.mark.long_run
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_population_is_the_same_if_it_starts_from_a_list(seed: int) -> None:
    """Programs, meals and buses that lists of the district name are the same students as read one by one."""
    population, rng = children(CHILDREN, seed, with_failures=False), random.Random(seed + 1)  # noqa: S311
    district = world(population, with_lists(vendor_data(population)))
    for _ in range(CONDITIONS):
        condition = {"all": [random_condition(rng), random_leaf(rng), random_leaf(rng)]}
        answer = await all_pages(district, {"where": condition})
        assert answer == expected(population, condition), condition
    assert {"program_participations_by_district", "food_service_by_district"} & set(district.fetch.names())


@pytest.mark.long_run
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("metric", ["CHRONIC_ABSENCE", "ABSENT_DAYS", "INCIDENTS"])
@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
async def test_an_order_is_by_exact_value_and_then_by_number(seed: int, metric: str, direction: str) -> None:
    """Students without a value are last, and those whose value could not be read after them."""
    population = children(CHILDREN, seed)
    sign = 1 if direction == "ASCENDING" else -1

    def key(child: Child) -> tuple[int, Fraction, str]:
        if not is_readable(metric, child):
            return 2, Fraction(0), child.number
        value = metric_value(metric, child)
        return (1, Fraction(0), child.number) if value is None else (0, sign * value, child.number)

    answer = await all_pages(world(population), {}, {"metric": metric, "direction": direction}, first=size(7, 250))

    assert answer["numbers"] == [child.number for child in sorted(population, key=key)]
    assert answer["undecided"] == 0
