"""The other workers, and the fleet behind Redis if there is one, as the cache of one worker uses them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch
from student_graph.gateway.cache import Fleet, Purge
from student_graph.gateway.server.workers.channel import ChannelError
from student_graph.gateway.server.workers.member import Membership

PURGE = "purge"


class WorkersFleet:
    """
    Shares purges and claims with the other workers, also while Redis is away. Implements `cache.Fleet`.

    Answers are shared by Redis alone.
    """

    def __init__(self, member: Membership, redis: Fleet | None) -> None:
        """Share with the workers of `member`, and with the processes that use the same Redis."""
        self._member, self._redis = member, redis

    def shared(self, fetch: Fetch) -> Fetch:
        """A fetch that looks for answers in Redis before it calls `fetch`; `fetch` itself without Redis."""
        return fetch if self._redis is None else self._redis.shared(fetch)

    def start(self, on_purge: Callable[[Purge], object]) -> None:
        """Start to receive purges."""
        self._member.listen(PURGE, lambda content: on_purge(msgspec.convert(content, Purge)))
        if self._redis is not None:
            self._redis.start(on_purge)

    def set_districts(self, districts: Mapping[DistrictId, District]) -> None:
        """Use these districts from now on."""
        if self._redis is not None:
            self._redis.set_districts(districts)

    async def publish_purge(self, purge: Purge) -> None:
        """Send a purge to the other workers, and to Redis as soon as that is possible."""
        publishing = [self._broadcast(purge)]
        if self._redis is not None:
            publishing.append(self._redis.publish_purge(purge))
        await asyncio.gather(*publishing)

    async def _broadcast(self, purge: Purge) -> None:
        with suppress(ChannelError):  # the supervisor has gone, and this process ends
            await self._member.broadcast(PURGE, msgspec.to_builtins(purge))

    async def claim(self, name: str, seconds: int) -> bool:
        """Return whether this worker, and no other process, may do the work of a name for `seconds`."""
        try:
            if not await self._member.claim(name, seconds):
                return False
        except ChannelError:
            return True
        return self._redis is None or await self._redis.claim(name, seconds)

    async def release(self, name: str) -> None:
        """Release a piece of work that this worker has claimed."""
        with suppress(ChannelError):
            await self._member.release(name)
        if self._redis is not None:
            await self._redis.release(name)

    @property
    def joined(self) -> bool:
        """Whether this worker shares answers by Redis now."""
        return self._redis is not None and self._redis.joined

    def counts(self) -> Mapping[str, int]:
        """Counts of Redis since this process started."""
        return {} if self._redis is None else self._redis.counts()

    async def close(self) -> None:
        """Leave Redis. The connection to the other workers stays open."""
        if self._redis is not None:
            await self._redis.close()
