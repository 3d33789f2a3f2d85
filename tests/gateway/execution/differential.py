"""
Random operations over hostile data: the executor the fast way, the careful way, and graphql-core's own.

`python -m tests.gateway.execution.differential OPERATIONS SEED` runs as many as wanted and prints what it counted.
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
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from student_graph.gateway.execution import BreadthExecutor, Counters
from student_graph.gateway.execution.plan import PlanCache
from tests.gateway.execution.comparing import differences
from tests.gateway.execution.counting import Mutation
from tests.gateway.execution.documents import Writer
from tests.gateway.execution.hostile import Alpha, Beta, Query, World


class Fast(BreadthExecutor):
    """The executor as it is."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()


class Slow(BreadthExecutor):
    """The executor with every scope going the careful way."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    slow: ClassVar[bool] = True


class Structs(BreadthExecutor):
    """The executor with rows for the encoder alone."""

    plans: ClassVar[PlanCache] = PlanCache()
    counters: ClassVar[Counters] = Counters()
    structs: ClassVar[bool] = True


SCHEMA = strawberry.Schema(Query, Mutation, types=[Alpha, Beta])
CORE: GraphQLSchema = SCHEMA._schema  # type: ignore[attr-defined]
WAYS: dict[str, type[StrawberryGraphQLCoreExecutionContext]] = {
    "stock": StrawberryGraphQLCoreExecutionContext,
    "fast": Fast,
    "slow": Slow,
    "structs": Structs,
}
OURS = [name for name in WAYS if name != "stock"]


async def carried_out(
    way: str, document: DocumentNode, variables: dict[str, Any], context: Any, schema: GraphQLSchema = CORE
) -> Any:
    """The answer of one executor to a valid document."""
    told = execute(schema, document, variable_values=variables, context_value=context, executor_class=WAYS[way])
    told = await told if isawaitable(told) else told
    return ExecutionResult(msgspec.to_builtins(told.data), told.errors)


@dataclass
class Report:
    """What a run has counted."""

    operations: int = 0
    errors: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)


def operations(random: Random) -> Iterator[tuple[str, DocumentNode, dict[str, Any]]]:
    """Valid operations without end."""
    writer = Writer(CORE, random)
    while True:
        root = CORE.mutation_type if random.random() < 0.05 else CORE.query_type
        text, variables = writer.document(root)
        document = parse(text)
        if not validate(CORE, document):
            yield text, document, variables


async def run(count: int, seed: int) -> Report:
    """Carry out `count` operations, each three ways."""
    random = Random(seed)  # noqa: S311 - the same operations each time
    report = Report()
    for text, document, variables in operations(random):
        if report.operations == count:
            break
        data_seed, bad = random.randrange(2**32), random.choice([0.0, 0.0, 0.02, 0.1, 0.4])
        told = {}
        world = World(Random(data_seed), bad)  # noqa: S311
        for name in WAYS:
            world.counter = 0
            told[name] = await carried_out(name, document, variables, world)
        report.operations += 1
        report.errors += len(told["stock"].errors or ())
        for name in OURS:
            report.different += [
                f"{name}: {each}\n{text} {variables}" for each in differences(told[name], told["stock"])
            ]
    report.counts.update(planned=Fast.counters.planned, deopt=Fast.counters.deopt, **Fast.counters.stock)
    return report


if __name__ == "__main__":
    found = asyncio.run(run(int(sys.argv[1]), int(sys.argv[2])))
    print(f"{found.operations} operations, {found.errors} errors, {len(found.different)} differences")
    print(dict(found.counts))
    print("\n".join(found.different[:10]))
