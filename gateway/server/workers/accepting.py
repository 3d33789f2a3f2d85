"""
Takes connections from a listening socket that several workers share.

The system gives a waiting connection to the worker that asks first, mostly the same one while there is little to
do. A worker that has more connections than another one therefore leaves a new one to the others for a moment.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from student_graph.gateway.server.workers.board import ConnectionBoard

log = logging.getLogger("student_graph.workers")

LEAVE_SECONDS, MAX_LEAVE_SECONDS = 0.01, 0.1
"""
How long a worker leaves connections to one that has fewer, for each one fewer, and at most.

That one may be busy, so the worker then takes those that still wait.
"""
MAX_ACCEPTED_AT_ONCE = 8
"""Connections that a worker takes after it has left them."""
RETRY_SECONDS = 1.0
"""Time until the next attempt when the system refuses a connection, as when too many files are open."""


class Acceptor:
    """Accepts the connections of one worker."""

    def __init__(
        self,
        listener: socket.socket,
        board: ConnectionBoard,
        worker: int,
        protocol: Callable[[], asyncio.Protocol],
        connections: Callable[[], int],
    ) -> None:
        """Let `protocol` make the protocol of each connection; `connections` is how many there are now."""
        self._listener, self._board, self._worker = listener, board, worker
        self._protocol, self._connections = protocol, connections
        self._pause: asyncio.TimerHandle | None = None
        self._connecting: set[asyncio.Task[object]] = set()
        self._is_open = False

    def start(self) -> None:
        """Accept connections from now on."""
        self._listener.setblocking(False)
        self._is_open = True
        self.note()
        self._listen()

    def note(self) -> None:
        """Tell the other workers how many connections there are."""
        if self._is_open:
            self._board.write(self._worker, self._connections() + len(self._connecting))

    def stop(self) -> None:
        """Accept no more connections."""
        self._is_open = False
        self._board.leave(self._worker)
        asyncio.get_running_loop().remove_reader(self._listener)
        if self._pause is not None:
            self._pause.cancel()

    def _listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._listener, self._on_waiting)

    def _on_waiting(self) -> None:
        """Accept a connection that waits, at once or after a moment."""
        self.note()
        difference = self._connections() + len(self._connecting) - self._board.fewest()
        if difference > 0:
            self._wait(min(LEAVE_SECONDS * difference, MAX_LEAVE_SECONDS), self._accept_waiting)
        else:
            self._accept()

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)
        self._pause = loop.call_later(seconds, then)

    def _accept_waiting(self) -> None:
        self._listen()
        for _ in range(MAX_ACCEPTED_AT_ONCE):
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Accept a connection; return False if none waits."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False  # another worker has taken it, or its client has gone
        except OSError as exc:
            log.warning("no connection can be accepted: %s", exc.strerror)
            self._wait(RETRY_SECONDS, self._listen)
            return False
        connection.setblocking(False)
        connecting = asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        task: asyncio.Task[object] = asyncio.create_task(connecting)
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)
        self.note()
        return True
