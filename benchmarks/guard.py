"""
`guard`: how long documents block the event loop before execution, within the limits and beyond them.

The documents are those that are slowest in graphql-core's own validation: many fields that may overlap, fragments
that spread one another, long lists of directives and aliases.
"""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable

from graphql import GraphQLSchema

from benchmarks.support.figures import Row, time_runs
from student_graph.gateway.documents.hardening import harden_graphql_core
from student_graph.gateway.documents.store import DocumentStore
from student_graph.resolvers.schema import core_schema, make_schema

MAX_BLOCKED_MS = 50.0
"""Goal: how long a document may block the event loop."""
MAX_MEMORY_MIB = 8.0
"""Goal: how much memory a refused document may take."""


def _repeated(count: int, field: str) -> str:
    return " ".join(field for _ in range(count))


def _fragment_chain(fragments: int) -> str:
    texts = [f"fragment F{n} on Student {{ gradeLevel ...F{n + 1} }} " for n in range(fragments)]
    return f"{' '.join(texts)} fragment F{fragments} on Student {{ gradeLevel }}"


DOCUMENTS_WITHIN_LIMITS: dict[str, Callable[[], str]] = {
    "330 fields that may overlap": lambda: "{ viewer { " + _repeated(330, "role subject") + " } }",
    "objects that may overlap": lambda: '{ student(id: "x") { ' + _repeated(300, "name { lastName }") + " } }",
    "49 fragments in a chain": lambda: '{ student(id: "x") { ...F0 } } ' + _fragment_chain(49),
    "unknown fields": lambda: '{ student(id: "x") { ' + _repeated(900, "nothing") + " } }",
    "30 aliases": lambda: '{ student(id: "x") { ' + " ".join(f"x{n}: gradeLevel" for n in range(30)) + " } }",
}
DOCUMENTS_BEYOND_LIMITS: dict[str, Callable[[], str]] = {
    "a megabyte of fields": lambda: "{ " + _repeated(350_000, "a") + " }",
    "1,900 aliases": lambda: "{ " + " ".join(f"x{n}: a" for n in range(600)) + " }",
    "fragments that double": lambda: (
        "{ ...F0 } "
        + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(150))
        + " fragment F150 on Query { a }"
    ),
    "1,000 directives": lambda: "{ a " + _repeated(600, "@skip(if: false)") + " }",
}


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    harden_graphql_core()
    schema = core_schema(make_schema())
    runs = 3 if quick else 15
    rows = [
        await _row(schema, "within bounds", name, make(), runs) for name, make in DOCUMENTS_WITHIN_LIMITS.items()
    ]
    rows += [
        await _row(schema, "beyond bounds", name, make(), runs) for name, make in DOCUMENTS_BEYOND_LIMITS.items()
    ]
    return [*rows, Row("guard", "beyond bounds", "memory, the worst", _memory(schema), "MiB", MAX_MEMORY_MIB)]


async def _row(schema: GraphQLSchema, case: str, name: str, text: str, runs: int) -> Row:
    """How long it takes to parse, check limits and validate, or to refuse. Each run starts with an empty store."""

    async def validate() -> None:
        DocumentStore(schema).get_by_text(text)
        await asyncio.sleep(0)

    times = await time_runs(validate, runs)
    return Row("guard", case, name, times.median * 1000, "ms", MAX_BLOCKED_MS)


def _memory(schema: GraphQLSchema) -> float:
    """Peak memory in MiB of the worst document beyond the limits while it is refused."""
    peak = 0
    for make in DOCUMENTS_BEYOND_LIMITS.values():
        text = make()
        tracemalloc.start()
        DocumentStore(schema).get_by_text(text)
        peak = max(peak, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return peak / 1024 / 1024
