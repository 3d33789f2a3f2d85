"""Growing clients: documents and variables that are large, expensive, or each time new."""

from __future__ import annotations

import asyncio
import random

from tests.attacks.client import REQUESTS_PER_VIEWER, Attackers
from tests.attacks.flooding import repeat
from tests.attacks.measurement import Attack

MAX_ANSWER_BYTES = 5 << 20
"""Goal: the largest answer."""
NESTED = "{{ viewer {{ schools {{ {} id name {} }} }} }}".format("sections { school { " * 4, "} } " * 4)
"""As deep as the limit on levels allows."""
SWITCHES = 45


def _pair(number: int) -> int:
    """
    The viewer of a request: two take turns, until both have used up their rate.

    Refused requests count, too: where refusals are quick, the attack comes from thousands of accounts.
    """
    return 2 * (number // (2 * REQUESTS_PER_VIEWER)) + number % 2


async def nested_lists(attackers: Attackers) -> None:
    """Lists in lists in lists: a few hundred bytes whose answer would be hundreds of megabytes."""

    async def send(number: int) -> None:
        reply = await attackers.post(f"{NESTED} # {number}", viewer=_pair(number))
        attackers.expect(len(reply.body) <= 1.2 * MAX_ANSWER_BYTES, "an answer is larger than its limit")

    await repeat(attackers, send)


async def known_pair(attackers: Attackers) -> None:
    """Two viewers ask for little, wait until each has saved loop time, and ask for as much as they can."""
    for viewer in (0, 1):
        await attackers.post("{ viewer { role } }", viewer=viewer)
    await asyncio.sleep(attackers.remaining_seconds / 2)

    async def send(number: int) -> None:
        await attackers.post(f"{NESTED} # {number}", viewer=number % 2)

    await repeat(attackers, send)


async def switched_fields(attackers: Attackers) -> None:
    """A document with 45 `@include` variables, each time in another combination."""
    names = [f"v{n}" for n in range(SWITCHES)]
    variables = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"gradeLevel @include(if: ${name})" for name in names)
    document = f'query ({variables}) {{ student(studentUniqueId: "1") {{ id {fields} }} }}'
    generator = random.Random(1)  # noqa: S311 - not for security

    async def send(number: int) -> None:
        switches = {name: generator.random() < 0.5 for name in names}
        await attackers.post(document, switches, viewer=_pair(number))

    await repeat(attackers, send)


async def distinct_documents(attackers: Attackers) -> None:
    """Documents of 5 KB, each another one."""

    async def send(number: int) -> None:
        fields = " ".join(
            f"gradeLevel name {{ lastName firstName }} provenance {{ source }} # {n}\n" for n in range(45)
        )
        document = f'query Q{number} {{ student(studentUniqueId: "{number}") {{ {fields} }} }}'
        await attackers.post(f"{document} # {'x' * 2000}", viewer=_pair(number))

    await repeat(attackers, send)


async def distinct_fields(attackers: Attackers) -> None:
    """Documents with thirty aliases that no other document has: as many row types as documents."""

    async def send(number: int) -> None:
        fields = " ".join(f"f{number}_{n}: gradeLevel" for n in range(29))
        document = f"{{ students(filter: {{}}, first: 2) {{ edges {{ node {{ {fields} }} }} }} }}"
        await attackers.post(document, viewer=_pair(number))

    await repeat(attackers, send)


async def refused_documents(attackers: Attackers) -> None:
    """Documents over a limit, each another one, and as long as they may be."""

    async def send(number: int) -> None:
        fields = " ".join(f"a{n}: gradeLevel" for n in range(600))
        document = f'query R{number} {{ student(studentUniqueId: "1") {{ {fields} }} }}'
        await attackers.post(document, viewer=_pair(number))

    await repeat(attackers, send)


async def unparsable_documents(attackers: Attackers) -> None:
    """Texts that are no GraphQL, each another one."""

    async def send(number: int) -> None:
        await attackers.post(f"{{ student{number} {'{ a ' * 900}", viewer=_pair(number))

    await repeat(attackers, send)


async def unknown_input_fields(attackers: Attackers) -> None:
    """An input object with 600 fields that do not exist, as a literal and as a variable."""
    literal = ", ".join(f"f{n}: 1" for n in range(600))
    variable = {f"f{n}": 1 for n in range(600)}

    async def send(number: int) -> None:
        viewer = _pair(number)
        if number % 2:
            await attackers.post(
                f"{{ students(filter: {{ {literal} }}) {{ totalCount }} }} # {number}", viewer=viewer
            )
        else:
            document = f"query Q{number} ($f: StudentFilter!) {{ students(filter: $f) {{ totalCount }} }}"
            await attackers.post(document, {"f": variable}, viewer=viewer)

    await repeat(attackers, send)


async def unknown_fields(attackers: Attackers) -> None:
    """A document with 800 fields that do not exist; the names are near to those that do."""

    async def send(number: int) -> None:
        fields = " ".join(f"gradeLeve{n}" for n in range(800))
        document = f'{{ student(studentUniqueId: "{number}") {{ {fields} }} }}'
        reply = await attackers.post(document, viewer=_pair(number))
        attackers.expect(len(reply.body) < 64 * 1024, "a refusal is longer than the document")

    await repeat(attackers, send)


async def aliases(attackers: Attackers) -> None:
    """Thousands of aliases of one field."""

    async def send(number: int) -> None:
        fields = " ".join(f"a{n}: __typename" for n in range(3000))
        await attackers.post(f"{{ {fields} }} # {number}", viewer=_pair(number))

    await repeat(attackers, send)


async def fractional_numbers(attackers: Attackers) -> None:
    """`first: 100.0` and its siblings: a number that is priced as one thing must not be executed as another."""
    document = (
        "query Q{number} ($n: Int!) {{ students(filter: {{}}, first: $n) {{ edges {{ node {{ "
        "assignments {{ title }} courseGrades {{ courseName section {{ courseTitle }} }} }} }} }} }}"
    )

    async def send(number: int) -> None:
        first = (100.0, 1e2, 100, 1e300)[number % 4]
        await attackers.post(document.format(number=number), {"n": first}, viewer=_pair(number))

    await repeat(attackers, send)


async def distinct_purposes(attackers: Attackers) -> None:
    """Requests for a page of students, each for another purpose."""
    document = "{ students(filter: {}, first: 5) { edges { node { gradeLevel } } } }"

    async def send(number: int) -> None:
        headers = {"Student-Graph-Purpose": f"purpose {number}"}
        await attackers.post(document, viewer=_pair(number), headers=headers)

    await repeat(attackers, send)


async def distinct_variables(attackers: Attackers) -> None:
    """One document, each time with other variables, a third of them as large as they may be."""
    document = "query ($n: String!) { student(studentUniqueId: $n) { gradeLevel } }"

    async def send(number: int) -> None:
        text = f"{number}{'x' * (40_000 if number % 3 == 0 else 10)}"
        await attackers.post(document, {"n": text}, viewer=_pair(number))

    await repeat(attackers, send)


async def long_names(attackers: Attackers) -> None:
    """Names of operations that are long, and names and purposes with control characters."""

    async def send(number: int) -> None:
        viewer = _pair(number)
        if number % 2:
            await attackers.post(f"query {'N' * 15_000}{number} {{ __typename }}", viewer=viewer)
        else:
            payload = {"query": "{ __typename }", "operationName": "\u001b[2J\u202e\u0000" + "n" * 1000}
            await attackers.exchange(
                attackers.request(payload, viewer, {"Student-Graph-Purpose": "\x1b[2J\x9b1m"})
            )

    await repeat(attackers, send)


ATTACKS = (
    Attack("nested lists", "growing", nested_lists, max_request_cpu_ms=500.0),
    Attack("nested lists of a known pair", "growing", known_pair, max_request_cpu_ms=500.0),
    Attack("45 switches in combinations", "growing", switched_fields),
    Attack("distinct documents of 5 KB", "growing", distinct_documents),
    Attack("distinct aliases", "growing", distinct_fields),
    Attack("refused documents", "growing", refused_documents),
    Attack("texts that are no GraphQL", "growing", unparsable_documents),
    Attack("unknown fields of an input object", "growing", unknown_input_fields),
    Attack("unknown fields", "growing", unknown_fields),
    Attack("thousands of aliases", "growing", aliases),
    Attack("fractional numbers", "growing", fractional_numbers, max_request_cpu_ms=500.0),
    Attack("distinct purposes", "growing", distinct_purposes),
    Attack("distinct variables", "growing", distinct_variables),
    Attack("long and odd names", "growing", long_names),
)
