"""
`python -m tests.attacks.shapes`: documents of any shape within the limits, and what one of them costs.

Some are as large as a limit allows, each in another way; the others are random. Each is sent alone. Meanwhile a
client asks whether the gateway is alive: how long the event loop works until that is answered is how long the
document held it. Goals: 50 ms of the loop, 64 MiB of memory at the peak, and an answer of 5 MiB, or null with a
message that says so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from graphql import GraphQLSchema, parse, validate

from student_graph.resolvers.schema import core_schema, make_schema
from tests.attacks.client import Attackers
from tests.attacks.flooding import INTROSPECTION
from tests.attacks.gateway import AttackedGateway, attacked_gateway
from tests.attacks.growing import MAX_ANSWER_BYTES, NESTED
from tests.attacks.measurement import MAX_PEAK_MIB
from tests.attacks.normal_viewers import go_first, loop_seconds
from tests.gateway.execution.documents import Writer

MAX_HOLD_MS = 50.0
"""Goal: how long one document holds the event loop."""
STUDENT = 'student(studentUniqueId: "%s")'
PAGE = (
    "name { firstName lastName } courseGrades { courseName numeric } assignments { title } "
    "enrollments { entryDate }"
)


def largest_documents(student: str) -> Iterator[str]:
    """Documents that are as large as they may be, or a little larger, in all ways that were found."""
    student_field = STUDENT % student
    students = "students(filter: {}, first: 100)"
    yield f"{{ {students} {{ edges {{ node {{ {PAGE} }} }} }} }}"
    yield f"{{ {' '.join(f'a{n}: {student_field} {{ {PAGE} }}' for n in range(20))} }}"
    yield NESTED
    yield INTROSPECTION
    yield f"{{ {student_field} {{ {' '.join(['gradeLevel'] * 900)} }} }}"
    yield f"{{ {student_field} {{ {' '.join(['... { gradeLevel }'] * 400)} }} }}"
    yield f"{{ {student_field} {{ {' '.join(f'gradeLeve{n}' for n in range(800))} }} }}"
    yield f"{{ {' '.join(f'a{n}x ' for n in range(1_990))} )"
    yield f"{{ a {'{ a ' * 900}"
    yield f"{{ a(x: {'[' * 900}{']' * 900}) }}"
    yield f'{{ a(x: """{" a" * 8_000}""") }}'
    yield f'{{ a(x: "{chr(92)}u0041{"x" * 15_000}") }}'
    yield f"query {'N' * 15_000} {{ __typename }}"
    yield f"query ({' '.join(f'$v{n}: [Int!]! = [1]' for n in range(150))}) {{ __typename }}"
    yield f"{{ __typename {'@include(if: true) ' * 50} }}"
    yield f"{{ {student_field} {{ {' '.join(f'...F{n}' for n in range(40))} }} }} " + " ".join(
        f"fragment F{n} on Student {{ gradeLevel name {{ lastName }} }}" for n in range(40)
    )
    fields = ", ".join(f"f{n}: 1" for n in range(90))
    yield f"{{ {' '.join(f'a{n}: students(filter: {{ {fields} }}) {{ totalCount }}' for n in range(5))} }}"
    yield f"{{ {student_field[:-1]}, {', '.join(f'studentUniqueI{n}: 1' for n in range(500))}) {{ id }} }}"


@dataclass
class Costs:
    """The largest cost of a document so far, and the document, by what it is."""

    hold_ms: tuple[float, str] = (0.0, "")
    peak_mib: tuple[float, str] = (0.0, "")
    answer_mib: tuple[float, str] = (0.0, "")
    answered: int = 0
    """Documents with data in their answer."""
    refused: int = 0
    """Documents without."""
    failures: list[str] = field(default_factory=list)
    """Documents with status 500, with the code `INTERNAL`, or without an answer."""

    def broken(self, slack: float = 1.0) -> list[str]:
        """The goals that were missed, each as a sentence. On a busy machine `slack` multiplies the time."""
        goals = (
            ("held the event loop for ms", self.hold_ms, MAX_HOLD_MS * slack),
            ("took MiB at the peak", self.peak_mib, MAX_PEAK_MIB),
            ("has an answer of MiB", self.answer_mib, 1.2 * MAX_ANSWER_BYTES / (1 << 20)),
        )
        over = [f"{text[:60]} {name}: {cost:.1f}" for name, (cost, text), goal in goals if cost > goal]
        return over + self.failures


async def measure(gateway: AttackedGateway, documents: int) -> Costs:
    """Send the largest documents and then random ones, `documents` in all, and measure each."""
    costs, clients = Costs(), Attackers(gateway, "shapes", float("inf"))
    students = [student.id for student in gateway.facts.students]
    schema = core_schema(make_schema(None))
    largest = ((text, {}) for text in largest_documents(students[0]))
    requests = list(itertools.islice(itertools.chain(largest, _random_documents(schema, students)), documents))
    async with _holds(gateway) as holds:
        for number, (text, variables) in enumerate(requests):
            gateway.reset_peak()
            before = gateway.figures()
            holds.clear()
            reply = await clients.post(text, variables, viewer=number)
            await asyncio.sleep(0)
            costs.hold_ms = max(costs.hold_ms, (max(holds, default=0.0) * 1000, text))
            costs.peak_mib = max(costs.peak_mib, (gateway.figures().peak_mib - before.resident_mib, text))
            costs.answer_mib = max(costs.answer_mib, (len(reply.body) / (1 << 20), text))
            has_data = b'"data":{' in reply.body
            costs.answered, costs.refused = costs.answered + has_data, costs.refused + (not has_data)
            if reply.status not in (200, 400) or b'"INTERNAL"' in reply.body:
                costs.failures.append(f"status {reply.status}: {text[:200]}")
    await clients.close()
    return costs


def _random_documents(schema: GraphQLSchema, students: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    values = {
        "studentUniqueId": [f'"{student}"' for student in students],
        "by": ["null"],
        "filter": ["{}", '{name: "a"}'],
        "first": ["1", "20", "100"],
        "Date": ['"2027-01-15"', '"2026-09-01"'],
        "DateTime": ['"2027-01-15T00:00:00Z"'],
        "String": ['"x"'],
    }
    chance = Random(15)  # noqa: S311 - not for security
    for number in itertools.count():
        text, variables = Writer(schema, chance, values, max_depth=4 + number % 6).document()
        if not validate(schema, parse(text)):
            yield text, variables


@contextlib.asynccontextmanager
async def _holds(gateway: AttackedGateway) -> AsyncIterator[list[float]]:
    """How long the event loop worked until each question whether the gateway is alive was answered, in seconds."""
    holds: list[float] = []
    clock = os.open(f"/proc/{gateway.process.pid}/schedstat", os.O_RDONLY)
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port, local_addr=("127.0.0.3", 0))

    async def ask() -> None:
        while True:
            worked = loop_seconds(clock)
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: gateway\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [line[15:] for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"]
            await reader.readexactly(int(lengths[0]) if lengths else 0)
            holds.append(loop_seconds(clock) - worked)
            await asyncio.sleep(0.001)

    task = asyncio.create_task(ask())
    try:
        yield holds
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        writer.close()
        os.close(clock)


def main() -> int:
    """Measure the documents, print the largest costs, and return 1 if a goal is missed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.shapes", description=__doc__)
    parser.add_argument("--documents", type=int, default=500, help="how many documents (default: 500)")
    options = parser.parse_args()
    go_first()
    with tempfile.TemporaryDirectory() as folder, attacked_gateway(Path(folder), []) as gateway:
        costs = asyncio.run(measure(gateway, options.documents))
    print(f"{costs.answered} documents with data, {costs.refused} refused")
    print(f"longest hold of the event loop: {costs.hold_ms[0]:.1f} ms of at most {MAX_HOLD_MS:g}")
    print(f"memory at the peak: {costs.peak_mib[0]:.1f} MiB of at most {MAX_PEAK_MIB:g}")
    print(f"largest answer: {costs.answer_mib[0]:.2f} MiB of at most 5")
    print("\n".join(costs.broken()) or "no goal missed")
    return 1 if costs.broken() else 0


if __name__ == "__main__":
    sys.exit(main())
