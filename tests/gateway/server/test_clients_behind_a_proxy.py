"""Limits for an address count the clients behind a trusted proxy, not the proxy."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from student_graph.gateway.server.clients.connection_table import ConnectionState, ConnectionTable
from student_graph.gateway.server.clients.trusted_proxies import TrustedProxies
from student_graph.gateway.web.refusal_pacing import REFUSALS_BURST, RefusalPacing
from tests.gateway.server.one_connection import OneConnection
from tests.gateway.server.test_connection_table import Connection
from tests.gateway.servers import client_for

PROXY = "10.0.0.6"
IDLE, RECEIVING, WORKING = ConnectionState


def table_of(**limits: int) -> ConnectionTable:
    """A table behind a proxy."""
    return ConnectionTable(proxies=TrustedProxies(["10.0.0.0/24"]), **limits)


async def test_a_proxy_opens_as_many_connections_as_there_is_room_for() -> None:
    """Another address has its limit as before."""
    table = table_of(per_address=2, total=10)
    of_proxy = [Connection(number) for number in range(6)]
    of_another = [Connection(number) for number in range(3)]
    assert all(table.add(connection, PROXY) for connection in of_proxy)
    assert all(table.add(connection, "192.0.2.1") for connection in of_another)

    assert not any(connection.is_evicted for connection in of_proxy)
    assert [connection.is_evicted for connection in of_another] == [True, False, False]


async def test_unfinished_requests_count_for_the_client_that_the_proxy_names() -> None:
    """One client with many slow requests closes its own; those of others, and heads under way, stay."""
    table = table_of(unfinished_per_address=2)
    connections = [Connection(number) for number in range(8)]
    for connection in connections:
        table.add(connection, PROXY)
        table.move(connection, RECEIVING)  # a part of a head: nobody is named yet
    for connection, client in zip(connections, ("a", "a", "b", "a", "b"), strict=False):
        table.move(connection, RECEIVING, f"192.0.2.{ord(client)}")

    assert [connection.is_evicted for connection in connections] == [True] + [False] * 7


async def test_a_request_of_a_proxy_that_was_received_leaves_nothing_behind() -> None:
    """In any order of events there is one place for each connection, and a client holds so many at most."""
    rng = random.Random(19)  # noqa: S311 - a fixed seed
    table = table_of(unfinished_per_address=3, total=40)
    known: dict[Connection, str | None] = {}
    for step in range(2_000):
        if known and rng.random() < 0.7:
            connection = rng.choice(list(known))
            state, client = rng.choice(list(ConnectionState)), rng.choice([None, "192.0.2.1", "192.0.2.2"])
            known[connection] = client if state is RECEIVING else None
            table.move(connection, state, client)
        elif table.add(connection := Connection(step), PROXY):
            known[connection] = None
        known = {connection: client for connection, client in known.items() if not connection.is_evicted}
        receiving = Counter(filter(None, known.values()))
        assert len(table) == len(known) <= 40
        assert max(receiving.values(), default=0) <= 3
        assert len(table._clients) == len(receiving)
    for connection in known:
        table.remove(connection)

    assert (len(table), table._addresses, table._clients) == (0, {}, {})


async def test_the_client_is_known_from_the_end_of_the_head_to_the_end_of_the_body() -> None:
    """Then the connection is the proxy's again."""
    table = ConnectionTable(proxies=TrustedProxies(["192.0.2.0/24"]))
    connection = OneConnection(table=table)
    clients = []
    for part in (
        b"POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\n",
        b"Content-Length: 2\r\n\r\n",
        b"a",
        b"b",
    ):
        await connection.send(part)
        clients.append([str(key) for key in table._clients])

    assert clients == [[], ["198.51.100.7"], ["198.51.100.7"], []]


async def test_refusals_wait_for_the_client_that_gets_too_many() -> None:
    """Others behind the same proxy do not."""
    waits: list[float] = []

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await Response(status_code=404)(scope, receive, send)

    async def note(seconds: float) -> None:
        waits.append(seconds)

    pacing = RefusalPacing(refuse, clock=lambda: 0.0, sleep=note)
    for _ in range(REFUSALS_BURST + 10):
        pacing.delay("192.0.2.7")
    with client_for(pacing, ("127.0.0.1",)) as client:
        for address in ("192.0.2.8", "192.0.2.7", "192.0.2.8"):
            await asyncio.to_thread(client.get, "/", headers={"X-Forwarded-For": address})

    assert len(waits) == 1


def test_a_header_of_an_untrusted_proxy_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Without the address, which may be a person's."""
    proxies = TrustedProxies([PROXY])
    headers = [(b"host", b"a"), (b"x-forwarded-for", b"203.0.113.66")]
    with caplog.at_level(logging.WARNING):
        clients = [proxies.client_of("198.51.100.1", headers) for _ in range(3)]

    assert clients == [None] * 3
    assert len(caplog.messages) == 1
    assert "X-Forwarded-For is ignored: its sender is not in server.trusted_proxies" in caplog.text
    assert "203.0.113.66" not in caplog.text
    assert "198.51.100.1" not in caplog.text
