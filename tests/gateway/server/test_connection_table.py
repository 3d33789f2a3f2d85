"""How many connections one address may have, and which of them makes room for another."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from student_graph.gateway.config.sections import ServerConfig
from student_graph.gateway.server.clients import connection_table
from student_graph.gateway.server.clients.connection_table import ConnectionState, ConnectionTable
from student_graph.gateway.server.service import Service
from tests.gateway.cache.small_cache import Clock

IDLE, RECEIVING, WORKING = ConnectionState.IDLE, ConnectionState.RECEIVING, ConnectionState.WORKING


class Connection:
    """A connection that knows whether it was closed for another."""

    def __init__(self, name: object = "") -> None:
        self.name = name
        self.is_evicted = False
        self.checked_at: list[float] = []

    def check(self, now: float) -> None:
        """Note the time."""
        self.checked_at.append(now)

    def evict(self) -> None:
        """Close it."""
        self.is_evicted = True


async def test_the_connection_that_waited_for_longest_makes_room() -> None:
    """Idle connections first, then those that receive; none that works, so the address gets no other then."""
    table = ConnectionTable(per_address=3, clock=Clock())
    working, receiving, idle, new, newer, newest = (Connection() for _ in range(6))
    for connection in (receiving, working, idle):
        assert table.add(connection, "192.0.2.1")
    table.move(working, WORKING)
    table.move(receiving, RECEIVING)
    assert table.add(new, "192.0.2.1")
    table.move(new, WORKING)
    assert (idle.is_evicted, receiving.is_evicted) == (True, False)
    assert table.add(newer, "192.0.2.1")
    table.move(newer, WORKING)
    assert receiving.is_evicted
    assert not table.add(newest, "192.0.2.1")
    assert table.add(newest, "192.0.2.2")
    assert not any(connection.is_evicted for connection in (working, new, newer, newest))


async def test_an_address_sends_only_so_many_requests_at_once() -> None:
    """The oldest of them makes room, whoever sent it: an attack is older than a request that comes at once."""
    table = ConnectionTable(unfinished_per_address=2, clock=Clock())
    connections = [Connection() for _ in range(4)]
    for connection in connections:
        table.add(connection, "192.0.2.1")
    for connection in connections[:3]:
        table.move(connection, RECEIVING)
    assert [connection.is_evicted for connection in connections] == [True, False, False, False]
    assert len(table) == 3


async def test_the_address_with_most_connections_makes_room_for_all() -> None:
    """An attack from one address closes no connection of another."""
    table = ConnectionTable(total=10, clock=Clock())
    others = [Connection() for _ in range(4)]
    for number, connection in enumerate(others):
        assert table.add(connection, f"192.0.2.{number}")
    attack = [Connection() for _ in range(100)]
    for connection in attack:
        assert table.add(connection, "198.51.100.1")
    assert table.add(late := Connection(), "192.0.2.99")
    assert not any(connection.is_evicted for connection in [*others, late])
    assert len(table) == 10


@pytest.mark.parametrize(("first", "second", "are_one"), [
    ("192.0.2.1", "192.0.2.2", False),
    ("2001:db8::1", "2001:db8::2:0:0:2", True),
    ("2001:db8::1", "2001:db8:0:1::1", False),
    ("::ffff:192.0.2.1", "192.0.2.1", True),
    ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ("fe80::1%eth0", "fe80::2", True),
    ("a name", "a name", True),
])  # fmt: skip
async def test_what_counts_as_one_address(first: str, second: str, are_one: bool) -> None:
    """One client may have a whole IPv6 network of 64 bits."""
    table = ConnectionTable(per_address=1, clock=Clock())
    connection = Connection()
    table.add(connection, first)
    table.add(Connection(), second)
    assert connection.is_evicted == are_one


def test_the_setting_and_the_service_have_the_same_default() -> None:
    """The settings file and the code allow one address equally many connections."""
    assert ServerConfig().connections_per_address == Service([], {}).connections_per_address


async def test_the_limits_hold_in_any_order_of_events() -> None:
    """Connections come, change and go at random; a plain list of them is counted each time."""
    rng = random.Random(15)  # noqa: S311 - a fixed seed
    table = ConnectionTable(per_address=6, unfinished_per_address=3, total=15, clock=Clock())
    known: list[tuple[Connection, str]] = []
    states: dict[Connection, ConnectionState] = {}
    for step in range(2_000):
        if known and rng.random() < 0.6:
            connection, host = rng.choice(known)
            if rng.random() < 0.2:
                table.remove(connection)
                known.remove((connection, host))
            else:
                states[connection] = rng.choice(list(ConnectionState))
                table.move(connection, states[connection])
        else:
            connection, host = Connection(step), f"192.0.2.{rng.randrange(5)}"
            if table.add(connection, host):
                known.append((connection, host))
                states[connection] = IDLE
        assert not any(c.is_evicted and states[c] is WORKING for c, _ in known)
        known = [(c, host) for c, host in known if not c.is_evicted]
        assert len(table) == len(known) <= 15
        assert max(Counter(host for _, host in known).values(), default=0) <= 6
        receiving = Counter(host for c, host in known if states[c] is RECEIVING)
        assert max(receiving.values(), default=0) <= 3
    for connection, _ in known:
        table.remove(connection)
        table.remove(connection)
    assert (len(table), table._addresses) == (0, {})


async def test_open_connections_are_checked_again_and_again() -> None:
    """The checks begin with the first connection and end with the last one."""
    clock = Clock()
    table = ConnectionTable(clock=clock)
    connection = Connection()
    assert table._next_check is None
    table.add(connection, "192.0.2.1")
    assert table._next_check is not None
    for _ in range(2):
        table._next_check.cancel()
        clock.now += connection_table.CHECK_INTERVAL_SECONDS
        table._check()
    table.remove(connection)
    table._next_check.cancel()
    table._check()
    assert len(connection.checked_at) == 2
    assert table._next_check is None
