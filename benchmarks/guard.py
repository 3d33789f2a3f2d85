"""
`guard`: how long documents hold up the event loop before anything is asked, within bounds and beyond them.

Documents are those that stock validation takes longest for: many fields that may overlap, fragments that spread
one another, long lists of directives and aliases.
"""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable

from graphql import GraphQLSchema

from benchmarks.measuring import Row, timed
from student_graph.gateway.documents.hardening import harden_graphql_core
from student_graph.gateway.documents.store import DocumentStore
from student_graph.resolvers.schema import core_schema, make_schema

HELD, MEMORY = 50.0, 8.0
"""Milliseconds for which a document may hold up the loop, and MiB that it may take."""


def _fields(count: int, field: str) -> str:
    return " ".join(field for _ in range(count))


def _doubling(fragments: int) -> str:
    texts = [f"fragment F{n} on Student {{ gradeLevel ...F{n + 1} }} " for n in range(fragments)]
    return f"{' '.join(texts)} fragment F{fragments} on Student {{ gradeLevel }}"


WITHIN: dict[str, Callable[[], str]] = {
    "330 fields that may overlap": lambda: "{ viewer { " + _fields(330, "role subject") + " } }",
    "objects that may overlap": lambda: '{ student(id: "x") { ' + _fields(300, "name { lastName }") + " } }",
    "49 fragments in a chain": lambda: '{ student(id: "x") { ...F0 } } ' + _doubling(49),
    "unknown fields": lambda: '{ student(id: "x") { ' + _fields(900, "nothing") + " } }",
    "30 aliases": lambda: '{ student(id: "x") { ' + " ".join(f"x{n}: gradeLevel" for n in range(30)) + " } }",
}
BEYOND: dict[str, Callable[[], str]] = {
    "a megabyte of fields": lambda: "{ " + _fields(350_000, "a") + " }",
    "1,900 aliases": lambda: "{ " + " ".join(f"x{n}: a" for n in range(600)) + " }",
    "fragments that double": lambda: (
        "{ ...F0 } "
        + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(150))
        + " fragment F150 on Query { a }"
    ),
    "1,000 directives": lambda: "{ a " + _fields(600, "@skip(if: false)") + " }",
}


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    harden_graphql_core()
    schema = core_schema(make_schema())
    runs = 3 if quick else 15
    rows = [await _row(schema, "within bounds", name, make(), runs) for name, make in WITHIN.items()]
    rows += [await _row(schema, "beyond bounds", name, make(), runs) for name, make in BEYOND.items()]
    return [*rows, Row("guard", "beyond bounds", "memory, the worst", _memory(schema), "MiB", MEMORY)]


async def _row(schema: GraphQLSchema, case: str, name: str, text: str, runs: int) -> Row:
    """How long a document is read, measured and validated, or refused; nothing is remembered between."""

    async def read() -> None:
        DocumentStore(schema).get_by_text(text)
        await asyncio.sleep(0)

    spent = await timed(read, runs)
    return Row("guard", case, name, spent.median * 1000, "ms", HELD)


def _memory(schema: GraphQLSchema) -> float:
    """MiB that the worst document beyond bounds takes while it is refused."""
    most = 0
    for make in BEYOND.values():
        text = make()
        tracemalloc.start()
        DocumentStore(schema).get_by_text(text)
        most = max(most, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return most / 1024 / 1024
