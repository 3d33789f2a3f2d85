"""The network address that a request came from, which the log writes beside the request's id."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

MAX_CACHED_ADDRESSES = 1_000
"""Addresses whose JSON is kept: a proxy, or a client with a connection of its own, sends many requests."""
_address: ContextVar[bytes] = ContextVar("address", default=b"null")
"""The network address of the present request, as JSON; null if it is not known."""


def note_address(scope: Mapping[str, Any]) -> None:
    """
    Note the address of the client of an ASGI request, for what is recorded while it is answered.

    A trusted proxy's header has replaced the proxy's own address. A text that is no address, such as the path of a
    socket or a text from a proxy, is not noted.
    """
    client = scope.get("client")
    _address.set(_as_json(client[0] if client else ""))


def noted_address() -> bytes:
    """The address of the request that is answered, as JSON; null if it is not known."""
    return _address.get()


@lru_cache(MAX_CACHED_ADDRESSES)
def _as_json(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return b"null"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return b'"%b"' % str(mapped or address).encode()
