"""The open connections of clients: how many one address may have, and how long each may wait for what."""

from __future__ import annotations

import asyncio
import enum
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from student_graph.gateway.web.refusal_pacing import address_key

CHECK_INTERVAL_SECONDS = 1.0
"""Time between two checks of all connections."""
MAX_CONNECTIONS = 4_096
"""Open connections in all."""
MAX_CONNECTIONS_PER_ADDRESS = 2_048
"""Open connections of one address: a proxy in front has all of them, and so has a school behind one router."""
MAX_UNFINISHED_REQUESTS_PER_ADDRESS = 256
"""Requests of one address that were received in part. Each may take the memory of a head and a body."""


class ConnectionState(enum.IntEnum):
    """What a connection is doing."""

    IDLE = enum.auto()
    """It waits for a request."""
    RECEIVING = enum.auto()
    """It has received a part of a request."""
    WORKING = enum.auto()
    """It has received a request completely, and its response is not complete."""


class TrackedConnection(Protocol):
    """A connection as the table sees it."""

    def check(self, now: float) -> None:
        """Close the connection if it is too slow; `now` is monotonic time in seconds."""

    def evict(self) -> None:
        """Close the connection, whose place another one takes."""


@dataclass(slots=True)
class _Address:
    """The connections of one address."""

    key: object
    connections: int = 0
    by_state: tuple[dict[TrackedConnection, None], ...] = field(
        default_factory=lambda: tuple({} for _ in range(1 + max(ConnectionState)))
    )
    """Connections by state, in the order in which they got into it."""

    def oldest(self, *states: ConnectionState) -> TrackedConnection | None:
        """The connection that has been in the first of these states for longest; None if there is none."""
        return next((connection for state in states for connection in self.by_state[state]), None)


class ConnectionTable:
    """
    Counts the open connections of each address and in all, and checks once a second whether one is too slow.

    Where there are too many, a new connection takes the place of the one that has waited for longest. One whose
    request is being answered is never closed for another.
    """

    def __init__(
        self,
        *,
        per_address: int = MAX_CONNECTIONS_PER_ADDRESS,
        unfinished_per_address: int = MAX_UNFINISHED_REQUESTS_PER_ADDRESS,
        total: int = MAX_CONNECTIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow so many connections; `clock` returns monotonic seconds."""
        self._per_address, self._unfinished_per_address, self._total = per_address, unfinished_per_address, total
        self.clock = clock
        self._addresses: dict[object, _Address] = {}
        self._entries: dict[TrackedConnection, tuple[_Address, ConnectionState]] = {}
        """Address and state of each connection."""
        self._next_check: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Number of open connections."""
        return len(self._entries)

    def add(self, connection: TrackedConnection, host: str) -> bool:
        """Add an idle connection of a client's host; return False if there is no place for it."""
        key = address_key(host)
        address = self._addresses.get(key) or _Address(key)
        if address.connections >= self._per_address:
            crowded = address
        elif len(self._entries) >= self._total:
            crowded = max(self._addresses.values(), key=lambda address: address.connections)
        else:
            crowded = None
        if crowded is not None and not self._evict_from(crowded):
            return False
        self._addresses[key] = address
        address.connections += 1
        address.by_state[ConnectionState.IDLE][connection] = None
        self._entries[connection] = (address, ConnectionState.IDLE)
        if self._next_check is None:
            self._schedule_check()
        return True

    def _evict_from(self, address: _Address) -> bool:
        """Close the connection of an address that has waited for longest; return False if none waits."""
        # An idle client loses nothing. Of those that send, a usual one needs milliseconds and is never the oldest.
        oldest = address.oldest(ConnectionState.IDLE, ConnectionState.RECEIVING)
        if oldest is None:
            return False
        self.remove(oldest)
        oldest.evict()
        return True

    def move(self, connection: TrackedConnection, state: ConnectionState) -> None:
        """Note the new state of a connection, which closes another one if too many of an address are receiving."""
        entry = self._entries.get(connection)
        if entry is None or entry[1] is state:
            return
        address, old_state = entry
        del address.by_state[old_state][connection]
        if (
            state is ConnectionState.RECEIVING
            and len(address.by_state[state]) >= self._unfinished_per_address
            and (oldest := address.oldest(state)) is not None
        ):
            self.remove(oldest)
            oldest.evict()
        address.by_state[state][connection] = None
        self._entries[connection] = (address, state)

    def remove(self, connection: TrackedConnection) -> None:
        """Forget a connection, if it is there."""
        entry = self._entries.pop(connection, None)
        if entry is None:
            return
        address, state = entry
        del address.by_state[state][connection]
        address.connections -= 1
        if not address.connections:
            del self._addresses[address.key]

    def _schedule_check(self) -> None:
        self._next_check = asyncio.get_running_loop().call_later(CHECK_INTERVAL_SECONDS, self._check)

    def _check(self) -> None:
        self._next_check = None
        now = self.clock()
        for connection in list(self._entries):
            connection.check(now)
        if self._entries:
            self._schedule_check()
