"""The other processes of a fleet, by Redis: answers are shared with them, and what is to be forgotten is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import msgspec

from adapters.model import DistrictId
from adapters.sources import District, Fetch
from gateway.cache.fleet import Fleet
from gateway.cache.news import Bulletin, News
from gateway.cache.purges import Purge, Purged
from gateway.cache.shared import Shared


class Replicas:
    """What the cache of one process has to do with the others."""

    def __init__(self, fleet: Fleet, districts: Mapping[DistrictId, District]) -> None:
        self.fleet = fleet
        self._districts = districts
        self._purged = Purged()
        self._news = News(fleet, self._heard)
        self._hear: Callable[[Purge], object] = lambda _: None

    def shared(self, fetch: Fetch) -> Fetch:
        """Ask all of them before `fetch`, and let them have what it brings."""
        return Shared(fetch, self.fleet, self._districts, self._purged)

    def start(self, hear: Callable[[Purge], object]) -> None:
        """Begin to listen; `hear` is told what others were told to forget."""
        self._hear = hear
        self._news.start()

    async def tell(self, purge: Purge) -> bool:
        """Tell them what to forget; whether they could be told already."""
        now = time.time()
        self._purged.note(purge, now)
        return await self._news.tell(now, "purge", purge)

    async def close(self) -> None:
        """Listen no more."""
        await self._news.stop()
        await self.fleet.close()

    def _heard(self, bulletin: Bulletin) -> None:
        if bulletin.kind == "purge":
            purge = msgspec.convert(bulletin.told, Purge)
            self._purged.note(purge, bulletin.at)
            self._hear(purge)
