"""
`page`: the executor alone, from a parsed document to bytes.

A page of this product's own schema, provenance included, its data in memory: graphql-core's executor on the same
schema, ours, and the floor: `orjson.dumps` of the finished tree.
"""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from inspect import isawaitable
from typing import Any

import msgspec
import orjson
from graphql import GraphQLSchema, execute, parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from benchmarks.district import HERE, PAGE, SECTION, VIEWER, Held, district, records, source
from benchmarks.measuring import Row, Times, plain, timed
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import Fetch, Sources
from student_graph.gateway.execution import BreadthExecutor, StructExecutor
from student_graph.gateway.server import freeze_garbage_collector
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Context, Health
from student_graph.resolvers.operation import Operation
from student_graph.resolvers.schema import make_schema

SIZES = (10, 50, 500, 5000)
ONE = "query One($section: ID!) { section(id: $section) { id sectionIdentifier } }"
EXECUTORS: dict[str, Any] = {
    "stock": StrawberryGraphQLCoreExecutionContext,
    "dicts": BreadthExecutor,
    "breadth": StructExecutor,
}
"""graphql-core's; ours with dicts for rows; ours as the service runs it, with structs."""
encoder = msgspec.json.Encoder()


class Page:
    """A document over a class of some size."""

    def __init__(self, students: int, text: str = PAGE, down: str | None = None) -> None:
        kept = records(students)
        self._source = source(kept)
        self.fetch: Fetch = Held(kept, self._source, down)
        self._errors = students if down else 0
        self._document = parse(text)
        self._core: GraphQLSchema = make_schema()._schema  # noqa: SLF001 - set by Strawberry

    async def run(self, executor: str, fetch: Fetch | None = None, operation: Operation | None = None) -> Any:
        """The data, by an executor, from answers at hand or by another fetch."""
        sources = Sources({HERE: district(self._source)}, fetch or self.fetch)
        context = Context(VIEWER, sources, operation or Operation(), _PlainSigner(), _health, _everybody)
        told: Any = execute(
            self._core,
            self._document,
            context_value=context,
            variable_values={"section": SECTION},
            executor_class=EXECUTORS[executor],
        )
        told = await told if isawaitable(told) else told
        assert len(told.errors or ()) == self._errors, told.errors
        return told.data

    async def encoded(self, executor: str) -> bytes:
        """The bytes, by the encoder that goes with the executor's rows."""
        data = await self.run(executor)
        return encoder.encode(data) if executor == "breadth" else orjson.dumps(data)


class _PlainSigner:
    def sign(self, *parts: str) -> str:
        return "/".join(parts)

    def verify(self, text: str) -> tuple[str, ...]:
        return tuple(text.split("/"))


async def _everybody(_: DistrictId) -> Reach:
    return Reach(everybody=True)


def _health(_: Any) -> Health:
    return Health(None, None, 0, 0, 0, 0, 0, 0)


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    rows = [row for size in (SIZES[:2] if quick else SIZES) for row in await _of_size(size, quick=quick)]
    return [*rows, *await _single(quick=quick), *await _down(quick=quick)]


async def _of_size(students: int, *, quick: bool) -> list[Row]:
    page, case = Page(students), f"{students} students"
    freeze_garbage_collector()  # as the service does at its start
    stocks = await page.run("stock")
    await _compare(page, stocks)
    count = leaves(stocks)
    runs = 5 if quick else max(10, min(200, 20_000 // students))
    slow = 3 if quick else max(3, min(20, 5_000 // students))
    breadth = await timed(lambda: page.encoded("breadth"), runs)
    stock = await timed(lambda: page.encoded("stock"), slow, warm=1)
    floor = _floor(stocks, runs)
    dicts = await timed(lambda: page.encoded("dicts"), runs)
    await _compare(page, stocks)
    return [
        Row(
            "page", case, "breadth over floor", breadth.median / floor.median, "x", 6 if students == 500 else None
        ),
        Row("page", case, "dicts over floor", dicts.median / floor.median, "x"),
        Row("page", case, "stock over breadth", stock.least / breadth.least, "x", _multiple(students), "higher"),
        Row("page", case, "breadth a leaf", breadth.median / count * 1e9, "ns", 170 if students == 500 else None),
        Row("page", case, "stock a leaf", stock.median / count * 1e9, "ns"),
        Row("page", case, "breadth", breadth.median * 1000, "ms"),
        Row("page", case, "stock", stock.median * 1000, "ms"),
        Row("page", case, "orjson.dumps of the tree", floor.median * 1000, "ms"),
        Row("page", case, "leaves", count, ""),
        *(await _beside(page, case, students)),
    ]


async def _compare(page: Page, stocks: Any) -> None:
    """Fail when an executor answers otherwise than graphql-core's does."""
    for name in ("dicts", "breadth"):
        assert orjson.loads(await page.encoded(name)) == plain(stocks), f"{name} disagrees with stock"


def _multiple(students: int) -> float | None:
    return {10: 8.0, 500: 35.0}.get(students)


async def _beside(page: Page, case: str, students: int) -> list[Row]:
    """Memory of one request above idle, and the longest time for which it holds the event loop."""
    if students < 500:
        return []
    rows = [Row("page", case, "longest hold of the loop", await _longest_hold(page) * 1000, "ms", 25)]
    if students == 500:
        for name, goal in (("breadth", 2.0), ("dicts", None), ("stock", None)):
            rows.append(Row("page", case, f"memory of a request, {name}", await _peak(page, name), "MB", goal))
    return rows


async def _peak(page: Page, executor: str) -> float:
    """The most memory that a request takes above idle, its bytes included."""
    await page.encoded(executor)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    await page.encoded(executor)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - before) / 1e6


async def _longest_hold(page: Page) -> float:
    """The longest time between two turns of somebody else, while pages are made and not yet encoded."""
    longest, running = 0.0, True

    async def others() -> None:
        nonlocal longest
        last = time.perf_counter()
        while running:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    holds = []
    for _ in range(5):
        longest, running = 0.0, True
        beside = asyncio.create_task(others())
        await asyncio.sleep(0)
        await page.run("breadth")
        running = False
        await beside
        holds.append(longest)
    return sorted(holds)[len(holds) // 2]


async def _single(*, quick: bool) -> list[Row]:
    """One object: planning must not make small questions slower."""
    page = Page(1, ONE)
    await _compare(page, await page.run("stock"))
    runs = 50 if quick else 2000
    breadth = await timed(lambda: page.encoded("breadth"), runs)
    stock = await timed(lambda: page.encoded("stock"), runs)
    ratio = stock.median / breadth.median
    return [
        Row("page", "single object", "stock over breadth", ratio, "x", 1.0, "higher"),
        Row("page", "single object", "breadth", breadth.median * 1000, "ms"),
    ]


async def _down(*, quick: bool) -> list[Row]:
    """One of the page's lookups fails for everybody: an error for each student, as the specification demands."""
    students = 50 if quick else 500
    page, case = Page(students, down="course_grades_by_student"), f"{students} students, a vendor down"
    await _compare(page, await page.run("stock"))
    breadth = await timed(lambda: page.encoded("breadth"), 5 if quick else 40)
    stock = await timed(lambda: page.encoded("stock"), 3 if quick else 10, warm=1)
    return [
        Row("page", case, "stock over breadth", stock.least / breadth.least, "x"),
        Row("page", case, "breadth", breadth.median * 1000, "ms"),
    ]


def _floor(tree: Any, runs: int) -> Times:
    """What encoding the finished tree takes."""
    seconds = []
    for _ in range(max(runs, 20)):
        started = time.perf_counter()
        orjson.dumps(tree)
        seconds.append(time.perf_counter() - started)
    return Times(seconds)


def leaves(tree: Any) -> int:
    """How many values there are that hold no others."""
    if isinstance(tree, dict):
        return sum(map(leaves, tree.values()))
    if isinstance(tree, list):
        return sum(map(leaves, tree))
    return 1
