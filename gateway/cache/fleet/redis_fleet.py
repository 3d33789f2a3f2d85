"""A fleet whose processes share answers, purges and the pauses that vendors ask for, over Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from weakref import WeakSet

import msgspec

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache.fleet.events import Event, Events
from student_graph.gateway.cache.fleet.redis_store import RedisStore, RedisUnavailableError
from student_graph.gateway.cache.fleet.shared_fetch import SharedFetch
from student_graph.gateway.cache.purges import Purge, PurgeLog
from student_graph.gateway.http import Gate, gate_of


class RedisFleet:
    """The other processes of the fleet, as the cache of one process uses them. Implements `cache.Fleet`."""

    def __init__(self, store: RedisStore, districts: Mapping[DistrictId, District]) -> None:
        self.store = store
        self._districts = dict(districts)
        """Districts by id; `SharedFetch` reads the same mapping."""
        self._purges = PurgeLog()
        self._events = Events(store, self._handle)
        self._publishing: set[asyncio.Task[None]] = set()
        self._gates: WeakSet[Gate] = WeakSet()
        """Gates whose pauses are published."""
        self._on_purge: Callable[[Purge], object] = lambda _: None

    def shared(self, fetch: Fetch) -> Fetch:
        """A fetch that looks for answers in the fleet before it calls `fetch`, and shares the results."""
        return SharedFetch(fetch, self.store, self._districts, self._purges)

    def start(self, on_purge: Callable[[Purge], object]) -> None:
        """Start to receive events; `on_purge` gets the purges of other processes."""
        self._on_purge = on_purge
        self._events.start()
        self._listen_for_pauses()

    def set_districts(self, districts: Mapping[DistrictId, District]) -> None:
        """Share the answers of these districts from now on."""
        self._districts.clear()
        self._districts.update(districts)
        self._listen_for_pauses()

    def _listen_for_pauses(self) -> None:
        """Publish the pauses that the vendors of all sources ask for."""
        for source in self._sources():
            gate = gate_of(source.adapter.http)
            if gate is not None and gate not in self._gates:
                self._gates.add(gate)
                gate.add_pause_listener(partial(self._publish_pause, source))

    def _sources(self) -> Iterator[Source]:
        for district in self._districts.values():
            yield from district.sources

    def _publish_pause(self, source: Source, seconds: float) -> None:
        """Tell the other processes that a vendor asked for a pause."""
        payload = [source.district, source.name, seconds]
        task = asyncio.create_task(self._events.publish(time.time(), "pause", payload, retry=False))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)

    async def publish_purge(self, purge: Purge) -> None:
        """Send a purge to the other processes, now or as soon as Redis is available."""
        now = time.time()
        self._purges.add(purge, now)
        await self._events.publish(now, "purge", purge)

    async def claim(self, name: str, seconds: int) -> bool:
        """
        Claim a piece of work by its name; returns whether this process may do it.

        Without Redis, every process may.
        """
        try:
            return await self.store.claim_work(name, seconds)
        except RedisUnavailableError:
            return True

    async def release(self, name: str) -> None:
        """
        Release a piece of work that this process has claimed. Without Redis, the claim ends when its time is over.
        """
        with suppress(RedisUnavailableError):
            await self.store.release_work(name)

    @property
    def joined(self) -> bool:
        """Whether this process shares answers with the fleet now."""
        return self.store.is_usable and not self._events.is_unavailable

    def counts(self) -> Mapping[str, int]:
        """Counts since this process started."""
        return asdict(self.store.counts)

    async def close(self) -> None:
        """Stop receiving events and close the connections."""
        await self._events.stop()
        await self.store.close()

    def _handle(self, event: Event) -> None:
        """Apply an event of another process. An unknown event may have been any purge, so everything is purged."""
        try:
            match event.kind:
                case "purge":
                    self._purge(msgspec.convert(event.payload, Purge), event.at)
                case "pause":
                    self._pause(*msgspec.convert(event.payload, tuple[str, str, float]), event.at)
                case _:
                    self._purge_everything(event.at)
        except msgspec.ValidationError:
            self._purge_everything(event.at)

    def _purge(self, purge: Purge, at: float) -> None:
        self._purges.add(purge, at)
        self._on_purge(purge)

    def _purge_everything(self, at: float) -> None:
        for district in self._districts:
            self._purge(Purge(district=district), at)

    def _pause(self, district: str, name: str, seconds: float, at: float) -> None:
        """Send no requests to a source for the rest of a pause that began at `at`, in seconds since 1970."""
        seconds_left = seconds - (time.time() - at)
        for source in self._sources():
            gate = gate_of(source.adapter.http)
            if (source.district, source.name) == (district, name) and gate is not None and seconds_left > 0:
                gate.pause(seconds_left)
