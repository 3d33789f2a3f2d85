"""Encoded rows are used again if everything that they were built from is the same, and only then."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, ClassVar

import pytest
from graphql import DocumentNode, GraphQLObjectType, parse, validate

from student_graph.adapters.answers import SharedValues
from student_graph.gateway.execution.plan import ObjectPlan, PlanCache
from student_graph.gateway.execution.row_cache import (
    CachedLevel,
    CachedRow,
    RowCache,
    is_cache_of_use,
    may_cache_rows,
)
from student_graph.gateway.execution.rows import EncodedRow
from student_graph.resolvers.fields.record import NOTHING_IS_STALE
from tests.gateway.execution import differential
from tests.gateway.execution.comparison import differences
from tests.gateway.execution.differential import Encoded, execute_with
from tests.gateway.execution.documents import Writer
from tests.gateway.execution.product import world
from tests.gateway.execution.test_differential import VALUES
from tests.long_runs import size
from tests.resolvers.third_party import VendorData
from tests.resolvers.two_districts import SCHEMA

CORE: Any = SCHEMA._schema  # type: ignore[attr-defined]


class Caching(Encoded):
    """The executor of the service, with plans and rows of its own."""

    plans: ClassVar[PlanCache] = PlanCache()
    row_cache: ClassVar[RowCache | None] = RowCache()


def plan_of(type_name: str) -> ObjectPlan:
    """A plan of a type, without fields."""
    type_ = CORE.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    return ObjectPlan(type_, [])


def module_function(record: Any) -> Any:
    """A function that depends on its argument only."""
    return record


def closure() -> Callable[[Any], Any]:
    """A function that depends on an operation."""
    operation = object()
    return lambda record: (record, operation)


MAX_QUERIES = 60
"""Queries after which one must have used a kept row: it is by chance which fields they select."""


@pytest.mark.long_run
async def test_operations_that_use_row_cache_give_the_same_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random queries of the product: first, again, with another student's row stale, and after that."""
    monkeypatch.setitem(differential.EXECUTORS, "caching", Caching)
    monkeypatch.setattr(differential, "Encoded", Caching)
    writer = Writer(CORE, Random(12), VALUES, max_depth=5)  # noqa: S311 - the same queries each time
    vendors: list[VendorData] = []
    district = world(lambda sis, _: vendors.append(sis))
    documents: list[DocumentNode] = []  # a plan ends with its document, and with it what is counted
    while len(documents) < size(12, 60) or (len(documents) < MAX_QUERIES and not _all_rows_used()):
        text, variables = writer.document()
        document = parse(text)
        if validate(CORE, document):
            continue
        documents.append(document)
        for stale in (False, False, True, False):
            vendors[0].stale = stale
            results = [
                await execute_with(name, document, variables, district.context(), CORE)
                for name in ("caching", "stock")
            ]
            assert differences(*results) == [], text
    assert _all_rows_used() > 0


def _all_rows_used() -> int:
    plans = [plan for cached in Caching.plans._operations.values() for plan in cached.plans.values()]
    return sum(map(_rows_used, plans))


def _rows_used(plan: ObjectPlan) -> int:
    children = (child for field in plan.fields for child in field.children.values())
    return plan.cached_rows_used + sum(map(_rows_used, children))


async def test_a_row_is_used_again_only_for_the_same_record_columns_and_functions() -> None:
    """Equal is not enough for records; lists may be others if their items are the same."""
    cache, plan, row = RowCache(), plan_of("Student"), EncodedRow(b"{}")
    record, item, functions = object(), [1], (NOTHING_IS_STALE,)
    cache.add(plan, [CachedRow(record, (item, [item], "text", 1), functions, row)])

    def find(record: Any, functions: Any, *values: Any) -> list[Any]:
        return cache.find(plan, functions, [record], [[value] for value in values])[0]

    assert find(record, functions, item, [item], "text", 1) == [row]
    assert find(object(), functions, item, [item], "text", 1) == [None]
    assert find(record, (module_function,), item, [item], "text", 1) == [None]
    assert find(record, functions, item, [[1]], "text", 1) == [None]
    assert find(record, functions, item, [item, item], "text", 1) == [None]
    assert find(record, functions, item, [item], "other", 1) == [None]
    assert find(record, functions, item, [item], "text", True) == [None]
    assert cache.find(plan_of("Student"), functions, [record], [[item], [[item]], ["text"], [1]])[0] == [None]


async def test_a_level_is_used_again_only_for_the_same_shared_records_columns_and_functions() -> None:
    """Each of them must be the same object; with others, the rows are compared one by one."""
    cache, plan, functions = RowCache(), plan_of("Student"), (NOTHING_IS_STALE,)
    records, column, rows = SharedValues([object()]), SharedValues([1]), SharedValues([EncodedRow(b"{}")])
    level = CachedLevel(records, [column], functions, rows, 2)
    cache.add_level(plan, level)

    assert cache.find_level(plan, functions, records, [column]) is level
    assert cache.find_level(plan, functions, SharedValues(records), [column]) is None
    assert cache.find_level(plan, functions, records, [SharedValues([1])]) is None
    assert cache.find_level(plan, (module_function,), records, [column]) is None
    assert cache.find_level(plan_of("Student"), functions, records, [column]) is None
    cache.clear()
    assert cache.find_level(plan, functions, records, [column]) is None


async def test_lists_of_a_level_are_json_texts_once_the_level_is_used_again() -> None:
    """They take memory of the row cache. Lists of other rows are not known."""
    cache, plan, lengths = RowCache(), plan_of("Student"), [2, 0, 1]
    records = SharedValues([object()] * 3)
    rows = SharedValues(map(EncodedRow, (b"1", b"2", b"3")))
    cache.add_level(plan, CachedLevel(records, [], (), rows, 3))
    assert cache.lists(plan, records, rows, lengths) is None
    assert cache.find_level(plan, (), records, []) is not None
    before = cache.used_bytes
    lists = cache.lists(plan, records, rows, lengths)
    assert lists is not None
    assert [row.json for row in lists] == [b"[1,2]", b"[]", b"[3]"]
    assert cache.used_bytes == before + len(b"[1,2][][3]")
    assert cache.lists(plan, records, rows, lengths) is lists
    assert cache.lists(plan, records, SharedValues(rows), lengths) is None


async def test_levels_take_memory_of_the_row_cache() -> None:
    """Many levels of other records: those of a generation are forgotten together."""
    cache, plan = RowCache(max_bytes=100_000), plan_of("Student")
    for _ in range(500):
        records = SharedValues([object()] * 20)
        cache.add_level(plan, CachedLevel(records, [], (), records, 0))
        assert cache.used_bytes <= cache.max_bytes
    assert 0 < len(cache._levels) < 25


async def test_row_cache_are_bounded_and_the_least_recently_used_are_forgotten() -> None:
    """A row that is used stays; one that is not goes when others need its memory."""
    cache, plan = RowCache(max_bytes=100_000), plan_of("Student")
    records = [object() for _ in range(500)]
    for record in records:
        cache.add(plan, [CachedRow(record, (), (), EncodedRow(b"x" * 1000))])
        assert cache.find(plan, (), records[:1], [])[1] == []
        assert len(cache) <= 45
        assert cache.used_bytes <= cache.max_bytes
    cache.add(plan, [CachedRow(object(), (), (), EncodedRow(b"x" * 70_000))])
    assert cache.used_bytes == 0
    assert cache.find(plan, (), records[1:2], [])[1] == [0]
    cache.clear()
    assert len(cache) == 0


@pytest.mark.parametrize(("type_name", "functions", "expected"), [
    ("Student", (NOTHING_IS_STALE, module_function), True),
    ("Student", (closure(),), False),
    ("Provenance", (), False),
    ("DisciplineIncident", (), False),
])  # fmt: skip
def test_rows_are_cached_if_they_depend_on_a_record_only_and_are_not_restricted(
    type_name: str, functions: Any, expected: bool
) -> None:
    """A function made for an operation, a part of a record, and a restricted class of data are reasons against."""
    assert may_cache_rows(plan_of(type_name), functions) is expected


def test_rows_that_are_never_used_again_are_no_longer_cached() -> None:
    """Records that are new in each operation, such as translated ones."""
    plan = plan_of("Student")
    plan.rows_built, plan.cached_rows_used = 10_000, 1_000
    assert not is_cache_of_use(plan)
    plan.cached_rows_used = 5_000
    assert is_cache_of_use(plan)
