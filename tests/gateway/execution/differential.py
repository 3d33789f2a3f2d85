"""
Random operations over hostile data, executed by our executor in three modes and by graphql-core.

`python -m tests.gateway.execution.differential OPERATIONS SEED` executes so many operations and prints its counts.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from inspect import isawaitable
from random import Random
from typing import Any, ClassVar

import msgspec
import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute, parse, validate

from student_graph.gateway.execution import BreadthExecutor, Counters, StockExecutor
from student_graph.gateway.execution.plan import PlanCache
from student_graph.gateway.execution.rows import encode_around_rows
from tests.gateway.execution.comparison import differences
from tests.gateway.execution.documents import Writer
from tests.gateway.execution.hostile import Alpha, Beta, Query, World
from tests.gateway.execution.mutations import Mutation


class Fast(BreadthExecutor):
    """The breadth-first executor, unchanged."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()


class Slow(BreadthExecutor):
    """The breadth-first executor with every level on the slow path."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    slow: ClassVar[bool] = True


class Encoded(BreadthExecutor):
    """The breadth-first executor that encodes rows."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    encoded: ClassVar[bool] = True


SCHEMA = strawberry.Schema(Query, Mutation, types=[Alpha, Beta])
CORE: GraphQLSchema = SCHEMA._schema  # type: ignore[attr-defined]
EXECUTORS: dict[str, type[StockExecutor]] = {
    "stock": StockExecutor,
    "fast": Fast,
    "slow": Slow,
    "encoded": Encoded,
}
BREADTH_EXECUTORS = [name for name in EXECUTORS if name != "stock"]


async def execute_with(
    executor: str, document: DocumentNode, variables: dict[str, Any], context: Any, schema: GraphQLSchema = CORE
) -> Any:
    """Return the response of one executor to a valid document."""
    result = execute(
        schema, document, variable_values=variables, context_value=context, executor_class=EXECUTORS[executor]
    )
    result = await result if isawaitable(result) else result
    data = result.data
    if EXECUTORS[executor] is Encoded and data is not None:
        data = msgspec.json.decode(b"".join(encode_around_rows(data)))
    return ExecutionResult(data, result.errors)


@dataclass
class Report:
    """Counts of a run."""

    operations: int = 0
    errors: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


def operations(random: Random) -> Iterator[tuple[str, DocumentNode, dict[str, Any]]]:
    """Yield valid operations without end."""
    writer = Writer(CORE, random)
    while True:
        root = CORE.mutation_type if random.random() < 0.05 else CORE.query_type
        text, variables = writer.document(root)
        document = parse(text)
        if not validate(CORE, document):
            yield text, document, variables


async def run(count: int, seed: int) -> Report:
    """Execute `count` operations with every executor."""
    random = Random(seed)  # noqa: S311 - the same operations each time
    report = Report()
    for text, document, variables in operations(random):
        if report.operations == count:
            break
        data_seed, bad = random.randrange(2**32), random.choice([0.0, 0.0, 0.02, 0.1, 0.4])
        results = {}
        world = World(Random(data_seed), bad)  # noqa: S311
        for name in EXECUTORS:
            world.counter = 0
            results[name] = await execute_with(name, document, variables, world)
        report.operations += 1
        report.errors += len(results["stock"].errors or ())
        for name in BREADTH_EXECUTORS:
            report.differences += [
                f"{name}: {difference}\n{text} {variables}"
                for difference in differences(results[name], results["stock"])
            ]
    report.counts.update(planned=Fast.counters.planned, deopt=Fast.counters.deopt, **Fast.counters.stock)
    return report


if __name__ == "__main__":
    result = asyncio.run(run(int(sys.argv[1]), int(sys.argv[2])))
    print(f"{result.operations} operations, {result.errors} errors, {len(result.differences)} differences")
    print(dict(result.counts))
    print("\n".join(result.differences[:10]))
