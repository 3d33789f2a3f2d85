"""
Pacing: a client that gets many refusals gets each further one later, so that a flood of them costs little.

A refusal costs the gateway about a tenth of a millisecond, and a client that sends the next bad request at once
could keep the processor busy with nothing else. Only refusals wait: other requests from the same address, such as
those of a school or a proxy, are answered as ever. Refusals under overload (503) are counted apart from a client's
mistakes (4xx): each of them says that the client must wait for a second or two, and few do not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from cachetools import LRUCache
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REFUSALS_PER_SECOND, REFUSALS_BURST = 200.0, 1_000
"""
Refusals of mistakes (4xx) that an address gets without delay: each second, and at once after a quiet time.
"""
OVERLOAD_REFUSALS_PER_SECOND, OVERLOAD_REFUSALS_BURST = 1_000.0, 2_000
"""
Refusals for overload (503) that an address gets without delay: more than a crowd behind one proxy gets, and
less than a client that never waits.
"""
MAX_REFUSAL_DELAY_SECONDS = 2.0
OVERLOAD_STATUS = 503
MAX_PACED_ADDRESSES = 10_000
"""Addresses whose refusals are counted; the one refused least recently is forgotten."""


@lru_cache(MAX_PACED_ADDRESSES)
def address_key(host: str) -> Hashable:
    """
    What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which one client may have.

    Each refusal looks it up, and Python's objects for addresses are slow to compare.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return int(address) >> 64 if address.ipv4_mapped is None else str(address.ipv4_mapped)
    return str(address)


class RefusalPacing:
    """ASGI middleware that delays responses with status 4xx or 503 to an address that gets too many of them."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Pace the refusals of `app`; `clock` returns monotonic seconds."""
        self._app = app
        self._clock, self._sleep = clock, sleep
        self._next_refusals: LRUCache[object, float] = LRUCache(MAX_PACED_ADDRESSES)
        """By address and kind, when the next refusal would be due if they came at the allowed rate."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_paced(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == OVERLOAD_STATUS or 400 <= status < 500:
                    host = (scope.get("client") or ("",))[0]
                    delay = self.delay(host, is_overload=status == OVERLOAD_STATUS)
                    if delay > 0:
                        await self._sleep(delay)
            await send(message)

        await self._app(scope, receive, send_paced)

    def delays_overload(self, host: str) -> bool:
        """Whether the next refusal of a host under overload would wait; it is not counted."""
        now = self._clock()
        due = self._next_refusals.get((address_key(host), True), now)
        return due - now > OVERLOAD_REFUSALS_BURST / OVERLOAD_REFUSALS_PER_SECOND

    def delay(self, host: str, *, is_overload: bool = False) -> float:
        """Count a refusal of a host, and return the seconds that it waits."""
        rate, burst = REFUSALS_PER_SECOND, REFUSALS_BURST
        if is_overload:
            rate, burst = OVERLOAD_REFUSALS_PER_SECOND, OVERLOAD_REFUSALS_BURST
        key, now = (address_key(host), is_overload), self._clock()
        due = max(self._next_refusals.get(key, now), now)
        delay = due - now - burst / rate
        if delay < MAX_REFUSAL_DELAY_SECONDS:
            due += 1 / rate
        self._next_refusals[key] = due
        return max(delay, 0.0)
