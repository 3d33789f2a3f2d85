"""
Confusing vendors: responses that do not end, do not come, or are far larger than anybody expects.

A second response to one request is played by `tests/faults/test_extra_responses.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.attacks.client import REQUESTS_PER_VIEWER, Attackers
from tests.attacks.flooding import repeat
from tests.attacks.measurement import Attack
from tests.attacks.measurement import Script as AttackScript
from tests.faults.vendor import GZIP_BITS, FaultyVendor, Request, Script, http_response, zip_bomb

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PAGE = "query ($n: String!) { student(studentUniqueId: $n) { name { lastName } assignments { title score } } }"
READERS = 6
"""Requests at once that need the vendor."""
DEEP_JSON = b"[" * 500_000 + b"]" * 500_000
HUGE_NUMBER = b'[{"id": ' + b"9" * 1_000_000 + b', "score": 1e999}]'


def of_vendor(script: Script) -> AttackScript:
    """An attack by a vendor that handles every request by a script, while viewers ask for what it has."""

    async def attack(attackers: Attackers) -> None:
        vendor = FaultyVendor(script)
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(vendor.serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        listener = attackers.gateway.hostile_vendors[attackers.district].dup()
        server = await asyncio.start_server(accept, sock=listener)
        students = [student.id for student in attackers.gateway.facts.students]

        async def ask(number: int) -> None:
            variables = {"n": students[number % len(students)]}
            reply = await attackers.post(PAGE, variables, viewer=number // REQUESTS_PER_VIEWER)
            has_name = reply.status != 200 or b'"lastName":"' in reply.body
            attackers.expect(has_name, "a field of the other source is missing")

        try:
            await repeat(attackers, ask, min(READERS, attackers.max_tasks))
            attackers.expect(bool(vendor.requests or not attackers.replies), "the vendor got no request")
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return attack


def endless(start: bytes, part: bytes, pause: float = 0.0) -> Script:
    """Send `start`, then `part` again and again, `pause` seconds after each, until the gateway closes."""

    async def script(request: Request) -> None:
        await request.send(start)
        while not request.writer.is_closing():
            await request.send(part, pause=pause)
            await asyncio.sleep(0)

    return script


def content(body: bytes, *headers: str) -> Script:
    """Send a response with this body."""
    return _sending(http_response("200 OK", body, *headers))


def _sending(response: bytes) -> Script:
    async def script(request: Request) -> None:
        await request.send(response)

    return script


def _numbered(build: Callable[[int], bytes]) -> Script:
    async def script(request: Request) -> None:
        await request.send(build(request.number))

    return script


def _redirect(number: int) -> bytes:
    return http_response("302 Found", b"", f"Location: /api/v1/{number}")


def _next_page(number: int) -> bytes:
    return http_response("200 OK", b"[]", f'Link: </api/v1/users?page={number}>; rel="next"')


SCRIPTS: dict[str, Script] = {
    "endless interim responses": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100),
    "endless chunk extensions": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x=" + b"y" * 65_536),
    "chunks of one byte": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 5_000),
    "slow bodies": endless(HEAD + b"Content-Length: 1000\r\n\r\n", b" ", pause=0.2),
    "endless bodies": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b" " * 0x8000 + b"\r\n"),
    "huge headers": endless(HEAD, b"X-Header: " + b"x" * 8_000 + b"\r\n"),
    "gzip bombs": content(zip_bomb(GZIP_BITS), "Content-Encoding: gzip"),
    "deep JSON": content(DEEP_JSON),
    "huge numbers": content(HUGE_NUMBER),
    "redirects without an end": _numbered(_redirect),
    "pages without an end": _numbered(_next_page),
}
"""How each vendor handles a request, by the name of the attack."""
ATTACKS = tuple(
    Attack(
        f"vendor: {name}",
        "confusing",
        of_vendor(script),
        district=name.replace(" ", "-").lower(),
        max_request_cpu_ms=None,
    )
    for name, script in SCRIPTS.items()
)
