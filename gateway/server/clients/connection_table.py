"""The open connections of clients: how many one address may have, and how long each may wait for what."""

from __future__ import annotations

import asyncio
import enum
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from student_graph.gateway.server.clients.trusted_proxies import TrustedProxies
from student_graph.gateway.web.refusal_pacing import address_key

CHECK_INTERVAL_SECONDS = 1.0
"""Time between two checks of all connections."""
MAX_CONNECTIONS = 4_096
"""Open connections in all."""
MAX_CONNECTIONS_PER_ADDRESS = 2_048
"""Open connections of one address: a school behind one router has many. A trusted proxy may have all."""
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
    is_proxy: bool = False
    """Whether it is a proxy's: others share its connections, and it has no limit of its own."""
    connections: int = 0
    """Its open connections; none for a client behind a proxy."""
    by_state: tuple[dict[TrackedConnection, None], ...] = field(
        default_factory=lambda: tuple({} for _ in range(1 + max(ConnectionState)))
    )
    """Connections by state, in the order in which they got into it. A client's requests by a proxy are here."""

    def oldest(self, *states: ConnectionState) -> TrackedConnection | None:
        """The connection that has been in the first of these states for longest; None if there is none."""
        return next((connection for state in states for connection in self.by_state[state]), None)


class ConnectionTable:
    """
    Counts the open connections of each address and in all, and checks once a second whether one is too slow.

    Where there are too many, a new connection takes the place of the one that has waited for longest. One whose
    request is being answered is never closed for another. The connections of a proxy belong to nobody: a request
    that it sends counts as one of the client that it names.
    """

    def __init__(
        self,
        *,
        per_address: int = MAX_CONNECTIONS_PER_ADDRESS,
        unfinished_per_address: int = MAX_UNFINISHED_REQUESTS_PER_ADDRESS,
        total: int = MAX_CONNECTIONS,
        proxies: TrustedProxies | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow so many connections; `clock` returns monotonic seconds."""
        self._per_address, self._unfinished_per_address, self._total = per_address, unfinished_per_address, total
        self.clock, self._proxies = clock, proxies or TrustedProxies()
        self._addresses: dict[object, _Address] = {}
        self._clients: dict[object, _Address] = {}
        """Clients whose requests proxies are sending."""
        self._entries: dict[TrackedConnection, tuple[_Address, _Address, ConnectionState]] = {}
        """For each connection: its address, the address that its request counts for, and its state."""
        self._next_check: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Number of open connections."""
        return len(self._entries)

    def add(self, connection: TrackedConnection, host: str) -> bool:
        """Add an idle connection of a client's host; return False if there is no place for it."""
        key = address_key(host)
        address = self._addresses.get(key) or _Address(key, host in self._proxies)
        if address.connections >= self._per_address and not address.is_proxy:
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
        self._entries[connection] = (address, address, ConnectionState.IDLE)
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

    def client_of(self, host: str, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The address for which a proxy at `host` sends a request with these headers; None if it is no proxy."""
        return self._proxies.client_of(host, headers)

    def move(self, connection: TrackedConnection, state: ConnectionState, client: str | None = None) -> None:
        """
        Set the new state of a connection. If too many of an address are receiving then, the oldest is closed.

        `client` is the address for which a proxy sends the request; None while it is unknown, or without a proxy.
        """
        entry = self._entries.get(connection)
        if entry is None:
            return
        address, holder, old_state = entry
        is_sent_for_client = state is ConnectionState.RECEIVING and client is not None
        new_holder = self._client(client or "") if is_sent_for_client else address
        if state is old_state and new_holder is holder:
            return
        self._remove_from_holder(connection, holder, old_state)
        if (
            state is ConnectionState.RECEIVING
            and not new_holder.is_proxy
            and len(new_holder.by_state[state]) >= self._unfinished_per_address
            and (oldest := new_holder.oldest(state)) is not None
        ):
            self.remove(oldest)
            oldest.evict()
        if is_sent_for_client:
            self._clients[new_holder.key] = new_holder
        new_holder.by_state[state][connection] = None
        self._entries[connection] = (address, new_holder, state)

    def _client(self, host: str) -> _Address:
        """A client behind a proxy."""
        key = address_key(host)
        return self._clients.get(key) or _Address(key)

    def _remove_from_holder(self, connection: TrackedConnection, holder: _Address, state: ConnectionState) -> None:
        """Remove a connection from the address that it counts for, and a client of a proxy after its last one."""
        del holder.by_state[state][connection]
        if not holder.connections and not holder.by_state[ConnectionState.RECEIVING]:
            self._clients.pop(holder.key, None)

    def remove(self, connection: TrackedConnection) -> None:
        """Forget a connection, if it is there."""
        entry = self._entries.pop(connection, None)
        if entry is None:
            return
        address, holder, state = entry
        self._remove_from_holder(connection, holder, state)
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
