"""Slow clients: heads and bodies that do not come, do not end, or drip; responses that nobody reads."""

from __future__ import annotations

import asyncio
import contextlib

from tests.attacks.client import Attackers, Connection
from tests.attacks.measurement import Attack

CONNECTIONS_OF_A_PAIR = 16
"""Twice the requests that the gateway handles at once for one viewer."""
HALF_OPEN_CONNECTIONS = 300
SECONDS_BETWEEN_BYTES = 1.0
LARGE_QUERY = (
    "{ viewer { students(first: 60) { edges { node { id studentUniqueId gradeLevel name { lastName } } } } } }"
)


async def heads_without_bodies(attackers: Attackers) -> None:
    """Two viewers announce sixteen bodies, and send none; what the gateway closes is opened again."""
    heads = [attackers.head({"Content-Length": "400"}, viewer) for viewer in (0, 1)]

    async def hold(number: int) -> None:
        while attackers.goes_on:
            connection = await attackers.connect()
            await connection.send(heads[number % 2])
            await _hold(attackers, connection)

    await asyncio.gather(*(hold(number) for number in range(CONNECTIONS_OF_A_PAIR)))


async def heads_without_bodies_under_load(attackers: Attackers) -> None:
    """The same, while a third viewer keeps the gateway busy: announced bodies are no work that others wait for."""

    async def flood() -> None:
        while attackers.goes_on:
            await attackers.post(LARGE_QUERY, viewer=2)

    await asyncio.gather(heads_without_bodies(attackers), *(flood() for _ in range(4)))


async def half_open_heads(attackers: Attackers) -> None:
    """Hundreds of connections send a line of a head, and nothing else."""

    async def hold() -> None:
        while attackers.goes_on:
            connection = await attackers.connect()
            await connection.send(b"POST /graphql HTTP/1.1\r\nHost: gateway\r\n")
            await _hold(attackers, connection)

    await asyncio.gather(*(hold() for _ in range(HALF_OPEN_CONNECTIONS)))


async def endless_heads(attackers: Attackers) -> None:
    """Heads with one header after the other, as fast as the gateway reads them."""
    lines = b"".join(b"X-Header-%d: %s\r\n" % (number, b"x" * 100) for number in range(300))
    await _send_until_closed(attackers, b"POST /graphql HTTP/1.1\r\nHost: gateway\r\n", lines)


async def long_header_lines(attackers: Attackers) -> None:
    """Complete heads with a line of 60 KiB each."""
    while attackers.goes_on:
        await attackers.exchange(attackers.request({"query": "{ __typename }"}, 0, {"X-Long": "x" * 60 * 1024}))


async def endless_header_lines(attackers: Attackers) -> None:
    """One header whose line never ends."""
    await _send_until_closed(attackers, b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nX-Long: ", b"x" * 65_536)


async def bodies_byte_by_byte(attackers: Attackers) -> None:
    """Two viewers send sixteen bodies, a byte every second."""
    heads = [attackers.head({"Content-Length": "4000"}, viewer) + b"{" for viewer in (0, 1)]
    await asyncio.gather(*(_drip(attackers, heads[number % 2]) for number in range(CONNECTIONS_OF_A_PAIR)))


async def heads_byte_by_byte(attackers: Attackers) -> None:
    """Hundreds of connections send their heads a byte every second."""
    start = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nX-Slow: "
    await asyncio.gather(*(_drip(attackers, start) for _ in range(HALF_OPEN_CONNECTIONS)))


async def _drip(attackers: Attackers, start: bytes) -> None:
    """Send the start of a request, then a byte every second; what the gateway closes is opened again."""
    while attackers.goes_on:
        connection = await attackers.connect()
        is_open = await connection.send(start)
        while attackers.goes_on and is_open:
            await asyncio.sleep(min(SECONDS_BETWEEN_BYTES, attackers.remaining_seconds))
            is_open = await connection.send(b" ")
        if not is_open:
            attackers.count(await connection.reply())


async def endless_chunked_bodies(attackers: Attackers) -> None:
    """Bodies in chunks that never end, far beyond the size that is allowed."""
    head = attackers.head({"Transfer-Encoding": "chunked"})
    await _send_until_closed(attackers, head, b"8000\r\n" + b" " * 0x8000 + b"\r\n")


async def tiny_chunks(attackers: Attackers) -> None:
    """Bodies in chunks of one byte, each with an extension of a kilobyte."""
    head = attackers.head({"Transfer-Encoding": "chunked"})
    await _send_until_closed(attackers, head, (b"1;x=" + b"y" * 1024 + b"\r\n \r\n") * 30)


async def unread_responses(attackers: Attackers) -> None:
    """Large responses that nobody reads, twenty requests to a connection."""

    async def send(number: int) -> None:
        connection = await attackers.connect()
        request = attackers.request({"query": LARGE_QUERY}, number)
        connection.writer.write(request * 20)
        connection.writer.transport.pause_reading()
        await asyncio.sleep(attackers.remaining_seconds)

    await asyncio.gather(*(send(number) for number in range(CONNECTIONS_OF_A_PAIR)))


async def idle_connections(attackers: Attackers) -> None:
    """Hundreds of connections that send nothing at all."""
    connections = [await attackers.connect() for _ in range(HALF_OPEN_CONNECTIONS)]
    await asyncio.gather(*(_hold(attackers, connection) for connection in connections))


async def _hold(attackers: Attackers, connection: Connection) -> None:
    """Wait for the gateway to answer or to close the connection, until the attack is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(attackers.remaining_seconds):
            attackers.count(await connection.reply())
    connection.close()


async def _send_until_closed(attackers: Attackers, head: bytes, part: bytes) -> None:
    """Send a head, then the same part again and again until the gateway answers or closes the connection."""
    while attackers.goes_on:
        connection = await attackers.connect()
        reply = asyncio.create_task(connection.reply())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(attackers.remaining_seconds):
                await connection.send(head)
                while not reply.done() and await connection.send(part):  # noqa: ASYNC110 - another task reads
                    await asyncio.sleep(0)
                attackers.count(await reply)
        reply.cancel()
        connection.close()


ATTACKS = (
    Attack("heads without bodies", "slow", heads_without_bodies, max_request_cpu_ms=None),
    Attack("heads without bodies, and load", "slow", heads_without_bodies_under_load, max_request_cpu_ms=None),
    Attack("half-open heads", "slow", half_open_heads, max_request_cpu_ms=None),
    Attack("heads byte by byte", "slow", heads_byte_by_byte, max_request_cpu_ms=None),
    Attack("endless heads", "slow", endless_heads, max_request_cpu_ms=None),
    Attack("endless header lines", "slow", endless_header_lines, max_request_cpu_ms=None),
    Attack("header lines of 60 KiB", "slow", long_header_lines),
    Attack("bodies byte by byte", "slow", bodies_byte_by_byte, max_request_cpu_ms=None),
    Attack("endless chunked bodies", "slow", endless_chunked_bodies, max_request_cpu_ms=None),
    Attack("tiny chunks with extensions", "slow", tiny_chunks, max_request_cpu_ms=None),
    Attack("responses that nobody reads", "slow", unread_responses, max_request_cpu_ms=None),
    Attack("idle connections", "slow", idle_connections, max_request_cpu_ms=None),
)
