"""Flooding clients: more requests than anybody needs, of one viewer, of many, of nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import count

from tests.attacks.client import REQUESTS_PER_VIEWER, Attackers
from tests.attacks.measurement import Attack

PIPELINED_REQUESTS = 40
ROLES = {"Head": b"SUPERINTENDENT", "Guardian": b"PARENT"}
"""Role in the answer by role in the token."""
STUDENT = "query ($n: String!) { student(studentUniqueId: $n) { gradeLevel name { lastName } } }"
DEFERRED_PARTS = 20
INTROSPECTION = (
    "{ __schema { types { name fields { name args { name type { name ofType { name } } } "
    "type { name ofType { name ofType { name } } } } } } }"
)


async def one_viewer(attackers: Attackers) -> None:
    """One viewer sends on sixteen connections, as fast as responses come."""
    students = [student.id for student in attackers.gateway.facts.students]

    async def send(number: int) -> None:
        await attackers.post(STUDENT, {"n": students[number % len(students)]})

    await repeat(attackers, send)


async def crowd(attackers: Attackers) -> None:
    """Each request is the first one of another viewer, with a token that must be verified."""

    async def send(number: int) -> None:
        await attackers.post("{ viewer { role } }", viewer=number)

    await repeat(attackers, send)


async def pipelined_requests(attackers: Attackers) -> None:
    """Viewers with two roles take turns on one connection, forty at once; each gets their own answer."""
    body = b'{"query": "{ viewer { role } }"}'
    for viewer in count():
        connection = await attackers.connect()
        roles = [list(ROLES)[number % 2] for number in range(PIPELINED_REQUESTS)]
        tokens = {role: attackers.gateway.token(f"{role}-{viewer}", role=role) for role in ROLES}
        heads = (
            attackers.head({"Authorization": f"Bearer {tokens[role]}", "Content-Length": str(len(body))})
            for role in roles
        )
        await connection.send(b"".join(head + body for head in heads))
        for role in roles:
            reply = await connection.reply()
            attackers.count(reply)
            foreign = next(text for name, text in ROLES.items() if name != role)
            attackers.expect(foreign not in reply.body, "a pipelined request got the answer of another viewer")
        connection.close()
        if not attackers.goes_on:
            break


async def deferred_parts(attackers: Attackers) -> None:
    """Each document defers as many parts as one may, and is abandoned when the first one is there."""
    part = '... @defer(label: "p%d") { a%d: attendanceEvents { totalCount } }'
    parts = " ".join(part % (number, number) for number in range(DEFERRED_PARTS))
    document = f"query ($n: String!) {{ student(studentUniqueId: $n) {{ {parts} }} }}"
    students = [student.id for student in attackers.gateway.facts.students]

    async def send(number: int) -> None:
        payload = {"query": document, "variables": {"n": students[number % len(students)]}}
        connection = await attackers.connect()
        viewer = number // REQUESTS_PER_VIEWER
        await connection.send(attackers.request(payload, viewer, {"Accept": "multipart/mixed, application/json"}))
        if number % 2:
            await connection.reader.read(100)
            attackers.replies["abandoned"] += 1
        else:
            attackers.count(await connection.reply())
        connection.close()

    await repeat(attackers, send)


async def introspection(attackers: Attackers) -> None:
    """The schema is asked for twenty times in one document, and again and again."""
    twenty = "{ " + " ".join(f"s{n}: __schema {{ types {{ name fields {{ name }} }} }}" for n in range(20)) + " }"

    async def send(number: int) -> None:
        document = twenty if number % 2 else INTROSPECTION
        await attackers.post(f"{document} # {number}", viewer=number // REQUESTS_PER_VIEWER)

    await repeat(attackers, send, max_tasks=2)


async def purges(attackers: Attackers) -> None:
    """Viewers who are no operators ask to empty the cache."""
    body = json.dumps({"district": attackers.district}).encode()

    async def send(number: int) -> None:
        head = attackers.head({"Content-Length": str(len(body))}, number // REQUESTS_PER_VIEWER, "/cache/purge")
        reply = await attackers.exchange(head + body)
        attackers.expect(reply.status != 204, "a viewer who is no operator emptied the cache")

    await repeat(attackers, send)


async def unknown_paths(attackers: Attackers) -> None:
    """Paths that do not exist, each another one."""

    async def send(number: int) -> None:
        head = attackers.head({"Content-Length": "0"}, 0, f"/{number}/{'x' * 200}")
        await attackers.exchange(head)

    await repeat(attackers, send)


async def no_http(attackers: Attackers) -> None:
    """Bytes that are no HTTP, on a connection of their own: the log gets no line for each."""

    async def send(number: int) -> None:
        await attackers.exchange(b"\x16\x03\x01 hello %d\r\n\r\n" % number)

    await repeat(attackers, send)


async def repeat(
    attackers: Attackers, send: Callable[[int], Awaitable[None]], max_tasks: int | None = None
) -> None:
    """Call `send` with the numbers from zero on until the attack is over, from several tasks at once."""
    numbers = count()

    async def send_all() -> None:
        while attackers.goes_on:
            await send(next(numbers))

    await asyncio.gather(*(send_all() for _ in range(max_tasks or attackers.max_tasks)))


ATTACKS = (
    Attack("one viewer floods", "flooding", one_viewer),
    Attack("a crowd of viewers", "flooding", crowd),
    Attack("pipelined requests of two roles", "flooding", pipelined_requests),
    Attack("deferred parts", "flooding", deferred_parts),
    Attack("introspection", "flooding", introspection),
    Attack("purges", "flooding", purges),
    Attack("unknown paths", "flooding", unknown_paths),
    Attack("bytes that are no HTTP", "flooding", no_http),
)
