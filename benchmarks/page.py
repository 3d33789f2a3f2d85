"""
`page`: the executor alone, from a parsed document to the bytes of a response.

The page has provenance on every record, and its data is in memory. Compared are graphql-core's executor, the
gateway's executor with the same schema, and as a lower bound `orjson.dumps` of the finished data.
"""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from inspect import isawaitable
from typing import Any, ClassVar

import orjson
from graphql import GraphQLSchema, execute, parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from benchmarks.support.district import (
    DISTRICT,
    PAGE,
    SECTION,
    VIEWER,
    MemoryFetch,
    make_district,
    make_records,
    make_source,
)
from benchmarks.support.figures import Row, Times, as_json_data, time_runs
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import Fetch, Sources
from student_graph.gateway.execution import BreadthExecutor, EncodingExecutor
from student_graph.gateway.execution.plan import PlanCache
from student_graph.gateway.execution.row_cache import RowCache
from student_graph.gateway.execution.rows import encode_around_rows
from student_graph.gateway.server.process import freeze_garbage_collector
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Context, Health
from student_graph.resolvers.operation import AnswerLimits, Operation
from student_graph.resolvers.schema import make_schema

STUDENT_COUNTS = (10, 50, 500, 5000)
SINGLE_OBJECT_QUERY = "query One($section: ID!) { section(id: $section) { id sectionIdentifier } }"
ANSWER_LIMITS = AnswerLimits(1_000_000, 1_000)
"""High enough for all students of the largest page."""


class BuildingExecutor(EncodingExecutor):
    """The gateway's executor without cached rows: it builds and encodes each row."""

    plans: ClassVar[PlanCache] = PlanCache()
    row_cache: ClassVar[RowCache | None] = None


EXECUTORS: dict[str, Any] = {
    "stock": StrawberryGraphQLCoreExecutionContext,
    "dicts": BreadthExecutor,
    "breadth": BuildingExecutor,
    "cached": EncodingExecutor,
}
"""graphql-core's executor, and the gateway's: with dicts, encoding each row, and (as served) with cached rows."""


class Page:
    """A query over a class with some number of students."""

    def __init__(self, students: int, text: str = PAGE, down: str | None = None) -> None:
        records = make_records(students)
        self._source = make_source(records)
        self.fetch: Fetch = MemoryFetch(records, self._source, down)
        self._error_count = students if down else 0
        self._document = parse(text)
        self._core: GraphQLSchema = make_schema()._schema  # noqa: SLF001 - set by Strawberry

    async def run(self, executor: str, fetch: Fetch | None = None, operation: Operation | None = None) -> Any:
        """The data of the response, by an executor, from the prepared answers or another fetch."""
        sources = Sources({DISTRICT: make_district(self._source)}, fetch or self.fetch)
        context = Context(
            VIEWER,
            sources,
            operation or Operation(answer_limits=ANSWER_LIMITS),
            _PlainSigner(),
            _health,
            _reach_everybody,
        )
        result: Any = execute(
            self._core,
            self._document,
            context_value=context,
            variable_values={"section": SECTION},
            executor_class=EXECUTORS[executor],
        )
        result = await result if isawaitable(result) else result
        assert len(result.errors or ()) == self._error_count, result.errors
        return result.data

    async def run_encoded(self, executor: str) -> list[bytes]:
        """The data as JSON, by the encoder for the objects of the executor, in parts as they are sent."""
        data = await self.run(executor)
        return encode_around_rows(data) if executor in ("breadth", "cached") else [orjson.dumps(data)]


class _PlainSigner:
    """A signer that signs nothing."""

    def sign(self, *parts: str) -> str:
        return "/".join(parts)

    def verify(self, text: str) -> tuple[str, ...]:
        return tuple(text.split("/"))

    seal, unseal = sign, verify


async def _reach_everybody(_: DistrictId) -> Reach:
    return Reach(everybody=True)


def _health(_: Any) -> Health:
    return Health(None, None, 0, 0, 0, 0, 0, 0)


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    rows = [
        row
        for students in (STUDENT_COUNTS[:2] if quick else STUDENT_COUNTS)
        for row in await _measure_size(students, quick=quick)
    ]
    return [*rows, *await _measure_single_object(quick=quick), *await _measure_vendor_down(quick=quick)]


async def _measure_size(students: int, *, quick: bool) -> list[Row]:
    page, case = Page(students), f"{students} students"
    freeze_garbage_collector()  # as the gateway does at its start
    expected = await page.run("stock")
    await _check_executors(page, expected)
    count = count_leaves(expected)
    runs = 5 if quick else max(10, min(200, 20_000 // students))
    stock_runs = 3 if quick else max(3, min(20, 5_000 // students))
    breadth = await time_runs(lambda: page.run_encoded("breadth"), runs)
    stock = await time_runs(lambda: page.run_encoded("stock"), stock_runs, warmup_runs=1)
    floor = _lower_bound(expected, runs)
    dicts = await time_runs(lambda: page.run_encoded("dicts"), runs)
    cached = await time_runs(lambda: page.run_encoded("cached"), runs)
    await _check_executors(page, expected)
    return [
        Row(
            "page", case, "breadth over floor", breadth.median / floor.median, "x", 6 if students == 500 else None
        ),
        Row("page", case, "dicts over floor", dicts.median / floor.median, "x"),
        Row("page", case, "breadth over cached rows", breadth.median / cached.median, "x"),
        Row(
            "page",
            case,
            "stock over breadth",
            stock.minimum / breadth.minimum,
            "x",
            _goal_over_stock(students),
            "higher",
        ),
        Row("page", case, "breadth a leaf", breadth.median / count * 1e9, "ns", 170 if students == 500 else None),
        Row("page", case, "stock a leaf", stock.median / count * 1e9, "ns"),
        Row("page", case, "breadth", breadth.median * 1000, "ms"),
        Row("page", case, "stock", stock.median * 1000, "ms"),
        Row("page", case, "orjson.dumps of the tree", floor.median * 1000, "ms"),
        Row("page", case, "leaves", count, ""),
        *(await _memory_and_blocking(page, case, students)),
    ]


async def _check_executors(page: Page, expected: Any) -> None:
    """Fail if an executor returns other data than graphql-core's."""
    for name in ("dicts", "breadth", "cached"):
        assert orjson.loads(b"".join(await page.run_encoded(name))) == as_json_data(expected), (
            f"{name} disagrees with stock"
        )


def _goal_over_stock(students: int) -> float | None:
    """The goal for the speed of the gateway's executor as a multiple of graphql-core's."""
    return {10: 8.0, 500: 35.0}.get(students)


async def _memory_and_blocking(page: Page, case: str, students: int) -> list[Row]:
    """The memory of one request, and the longest time for which it blocks the event loop."""
    if students < 500:
        return []
    rows = [Row("page", case, "longest hold of the loop", await _longest_block_seconds(page) * 1000, "ms", 25)]
    if students == 500:
        for name, goal in (("breadth", 2.0), ("dicts", None), ("stock", None)):
            rows.append(
                Row("page", case, f"memory of a request, {name}", await _peak_megabytes(page, name), "MB", goal)
            )
    return rows


async def _peak_megabytes(page: Page, executor: str) -> float:
    """The peak memory of a request and its response above idle, in MB."""
    await page.run_encoded(executor)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await page.run_encoded(executor)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - before) / 1e6


async def _longest_block_seconds(page: Page) -> float:
    """The longest time between two turns of another task while a page is executed: the median of five runs."""
    longest, running = 0.0, True

    async def note_turns() -> None:
        nonlocal longest
        last = time.perf_counter()
        while running:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    blocks = []
    for _ in range(5):
        longest, running = 0.0, True
        other_task = asyncio.create_task(note_turns())
        await asyncio.sleep(0)
        await page.run("breadth")
        running = False
        await other_task
        blocks.append(longest)
    return sorted(blocks)[len(blocks) // 2]


async def _measure_single_object(*, quick: bool) -> list[Row]:
    """One object: planning must not make small queries slower."""
    page = Page(1, SINGLE_OBJECT_QUERY)
    await _check_executors(page, await page.run("stock"))
    runs = 50 if quick else 2000
    breadth = await time_runs(lambda: page.run_encoded("breadth"), runs)
    stock = await time_runs(lambda: page.run_encoded("stock"), runs)
    ratio = stock.median / breadth.median
    return [
        Row("page", "single object", "stock over breadth", ratio, "x", 1.0, "higher"),
        Row("page", "single object", "breadth", breadth.median * 1000, "ms"),
    ]


async def _measure_vendor_down(*, quick: bool) -> list[Row]:
    """One lookup fails for all students: one error per student, as the GraphQL specification requires."""
    students = 50 if quick else 500
    page, case = Page(students, down="course_grades_by_student"), f"{students} students, a vendor down"
    await _check_executors(page, await page.run("stock"))
    breadth = await time_runs(lambda: page.run_encoded("breadth"), 5 if quick else 40)
    stock = await time_runs(lambda: page.run_encoded("stock"), 3 if quick else 10, warmup_runs=1)
    return [
        Row("page", case, "stock over breadth", stock.minimum / breadth.minimum, "x"),
        Row("page", case, "breadth", breadth.median * 1000, "ms"),
    ]


def _lower_bound(tree: Any, runs: int) -> Times:
    """The times of encoding the finished data."""
    seconds = []
    for _ in range(max(runs, 20)):
        started = time.perf_counter()
        orjson.dumps(tree)
        seconds.append(time.perf_counter() - started)
    return Times(seconds)


def count_leaves(tree: Any) -> int:
    """The number of scalar values in the data of a response."""
    if isinstance(tree, dict):
        return sum(map(count_leaves, tree.values()))
    if isinstance(tree, list):
        return sum(map(count_leaves, tree))
    return 1
