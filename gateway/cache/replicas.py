"""
The other processes of a fleet, by Redis: answers are shared with them.

They are told what is to be forgotten, and which vendor wants to be left alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial

import msgspec

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache.events import Bulletin, News
from student_graph.gateway.cache.fleet import Fleet
from student_graph.gateway.cache.purges import Purge, Purged
from student_graph.gateway.cache.shared import Shared
from student_graph.gateway.http import gate_of


class Replicas:
    """What the cache of one process has to do with the others."""

    def __init__(self, fleet: Fleet, districts: Mapping[DistrictId, District]) -> None:
        self.fleet = fleet
        self._districts = districts
        self._purged = Purged()
        self._news = News(fleet, self._heard)
        self._telling: set[asyncio.Task[None]] = set()
        self._hear: Callable[[Purge], object] = lambda _: None

    def shared(self, fetch: Fetch) -> Fetch:
        """Ask all of them before `fetch`, and let them have what it brings."""
        return Shared(fetch, self.fleet, self._districts, self._purged)

    def start(self, hear: Callable[[Purge], object]) -> None:
        """Begin to listen; `hear` is told what others were told to forget."""
        self._hear = hear
        self._news.start()
        for source in self._sources():
            gate = gate_of(source.adapter.http)
            if gate is not None:
                gate.on_pause = partial(self._paused, source)

    def _sources(self) -> Iterator[Source]:
        for district in self._districts.values():
            yield from district.sources

    def _paused(self, source: Source, seconds: float) -> None:
        """Tell the others that a vendor wants to be left alone."""
        told = [source.district, source.name, seconds]
        task = asyncio.create_task(self._news.tell(time.time(), "pause", told, later=False))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def tell(self, purge: Purge) -> None:
        """Tell them what to forget, as soon as they can be told."""
        now = time.time()
        self._purged.note(purge, now)
        await self._news.tell(now, "purge", purge)

    @property
    def joined(self) -> bool:
        """Whether answers may be had of them just now."""
        return self.fleet.there and not self._news.away

    def counts(self) -> Mapping[str, int]:
        """What was had of them since start."""
        return asdict(self.fleet.counts)

    async def close(self) -> None:
        """Listen no more."""
        await self._news.stop()
        await self.fleet.close()

    def _heard(self, bulletin: Bulletin) -> None:
        """Do as others were told; what cannot be understood may have been anything, and all is forgotten."""
        try:
            match bulletin.kind:
                case "purge":
                    self._forget(msgspec.convert(bulletin.told, Purge), bulletin.at)
                case "pause":
                    self._pause(*msgspec.convert(bulletin.told, tuple[str, str, float]), bulletin.at)
                case _:
                    self._forget_all(bulletin.at)
        except msgspec.ValidationError:
            self._forget_all(bulletin.at)

    def _forget(self, purge: Purge, at: float) -> None:
        self._purged.note(purge, at)
        self._hear(purge)

    def _forget_all(self, at: float) -> None:
        for district in self._districts:
            self._forget(Purge(district=district), at)

    def _pause(self, district: str, name: str, seconds: float, at: float) -> None:
        """Close the gate of a source for as long as is left of a pause."""
        left = seconds - (time.time() - at)
        for source in self._sources():
            gate = gate_of(source.adapter.http)
            if (source.district, source.name) == (district, name) and gate is not None and left > 0:
                gate.pause(left)
