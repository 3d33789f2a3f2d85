"""A guard that sees every connection and process that is started while an adapter works."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_EVENTS = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendto",
        "subprocess.Popen",
        "os.system",
        "os.posix_spawn",
    }
)
"""What Python announces before it connects or looks up a host, or starts a program that could."""
_watchers: list[list[str]] = []
_is_hooked = False


@contextmanager
def watching_connections() -> Iterator[list[str]]:
    """
    Refuse connections and programs of this process, whoever starts them, and list the names of their events.

    The sandbox is called in this process meanwhile, which takes no connection.
    """
    global _is_hooked  # noqa: PLW0603 - an audit hook cannot be removed, so that there is one
    if not _is_hooked:
        sys.addaudithook(_refuse)
        _is_hooked = True
    events: list[str] = []
    _watchers.append(events)
    try:
        yield events
    finally:
        _watchers.remove(events)


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if _watchers and event in _EVENTS:
        for events in _watchers:
            events.append(event)
        raise ConnectionRefusedError("an adapter connects with its client only")
