"""
Name resolution in threads of its own, one at a time for each source.

The system's resolver may take half a minute for a name whose server is dead. In the pool of threads that the event
loop shares, a few such names would hold up all other sources, and the record of disclosures.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from typing import Any, TypeAlias

AddressInfo: TypeAlias = tuple[Any, Any, int, str, tuple[Any, ...]]
"""Family, type, protocol, canonical name and socket address, as `socket.getaddrinfo` returns them."""
_Lookup: TypeAlias = asyncio.Future[Sequence[AddressInfo]]


class SystemResolver:
    """Asks the operating system for the addresses of names, for one source."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, int, socket.AddressFamily], _Lookup] = {}
        """The running lookups. A second lookup of a name waits for the thread of the first one."""

    async def __call__(self, host: str, port: int, family: socket.AddressFamily) -> Sequence[AddressInfo]:
        """
        The addresses of a name.

        Raises:
            OSError: there are none.
        """
        key = host, port, family
        lookup = self._running.get(key)
        if lookup is None or lookup.get_loop() is not asyncio.get_running_loop():
            lookup = self._running[key] = asyncio.get_running_loop().create_future()
            lookup.add_done_callback(lambda done: self._forget(key, done))
            # A daemon thread: the end of the process does not wait for a dead server of names.
            threading.Thread(target=_look_up, args=(lookup, *key), name="names", daemon=True).start()
        return await asyncio.shield(lookup)

    def _forget(self, key: tuple[str, int, socket.AddressFamily], lookup: _Lookup) -> None:
        if self._running.get(key) is lookup:
            del self._running[key]
        if not lookup.cancelled():
            lookup.exception()  # nobody may be waiting for it any more


def _look_up(lookup: _Lookup, host: str, port: int, family: socket.AddressFamily) -> None:
    """Look up a name in the current thread, and report to the event loop of `lookup`."""
    result: Sequence[AddressInfo] | OSError
    try:
        result = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    except OSError as exc:
        result = exc
    try:
        lookup.get_loop().call_soon_threadsafe(_finish, lookup, result)
    except RuntimeError:  # the event loop has ended meanwhile
        return


def _finish(lookup: _Lookup, result: Sequence[AddressInfo] | OSError) -> None:
    if lookup.done():
        return
    if isinstance(result, OSError):
        lookup.set_exception(result)
    else:
        lookup.set_result(result)
