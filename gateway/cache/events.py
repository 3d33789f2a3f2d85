"""What the processes of a fleet tell each other: sealed, kept for those who start later, heard within a second."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec
from redis.exceptions import RedisError

from student_graph.gateway.cache.fleet import AwayError, Fleet

log = logging.getLogger("student_graph.cache")

KEPT = 15 * 86_400.0
"""Seconds for which news is kept: settings let no answer be served for longer than 14 days."""
MOST = 50_000
"""Pieces of news that are kept."""
LOOK = 5.0
"""Seconds after which one looks for news although nobody called."""
OVERLAP = 10.0
"""Seconds by which one looks back: clocks differ."""
MISSED = "missed"
"""The kind of news that stands for what cannot be had or understood: whatever it said, all is doubtful."""
TRIES = 0.5
"""Seconds between two tries to reach Redis."""


class Bulletin(msgspec.Struct, kw_only=True):
    """A piece of news."""

    at: float
    """When it happened, in seconds since 1970."""
    by: str
    """The process that tells it."""
    kind: str
    """What it is about, such as `purge`."""
    told: Any


class News:
    """The news of a fleet, as one process tells and hears it."""

    def __init__(self, fleet: Fleet, hear: Callable[[Bulletin], None]) -> None:
        """Tell `hear` each piece once, also what other processes told before this one started."""
        self.me = secrets.token_hex(8)
        """This process, as others hear of it."""
        self._fleet = fleet
        self._hear = hear
        self._name = f"{fleet.name}:news"
        self._after = 0.0
        self._known: set[bytes] = set()
        self._untold: dict[bytes, Bulletin] = {}
        """What could not be told yet, each thing once, by what it says."""
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self.away = False
        """Whether Redis could not be used when it was last tried."""

    def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Listen no more; the client of Redis now and then takes a cancellation for a timeout of its own."""
        self._ending = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def tell(self, at: float, kind: str, told: Any, *, later: bool = True) -> None:
        """Tell all others, as soon as it can be done; what is worth nothing `later` is told now or not at all."""
        bulletin = Bulletin(at=at, by=self.me, kind=kind, told=told)
        try:
            await self._fleet.within(self._send(bulletin))
        except AwayError:
            if later:
                self._untold[msgspec.json.encode([kind, told])] = bulletin
            if len(self._untold) > MOST:
                self._untold = {b"": Bulletin(at=at, by=self.me, kind=MISSED, told=None)}

    async def _send(self, bulletin: Bulletin) -> None:
        now = time.time()  # not when it happened: who listens has looked past that
        sealed = self._fleet.vault.close("", self._name, int(now * 1000), msgspec.json.encode(bulletin))
        async with self._fleet.client.pipeline(transaction=False) as pipe:
            pipe.zadd(self._name, {sealed: now})
            pipe.zremrangebyscore(self._name, "-inf", now - KEPT)
            pipe.zremrangebyrank(self._name, 0, -MOST - 1)
            pipe.publish(self._name, b"")
            await pipe.execute()

    async def _listen(self) -> None:
        """Hear what is told, however often Redis goes and comes back."""
        while not self._ending:
            try:
                await self._subscribed()
            except (RedisError, OSError, TimeoutError) as exc:
                self._away(exc)
                await asyncio.sleep(TRIES)

    def _away(self, exc: Exception) -> None:
        """Say once that Redis is not there: an operator wants to know, and which kind of trouble it is."""
        if not self.away:
            log.warning("Redis cannot be used (%s): this process goes on by itself", type(exc).__name__)
        self.away = True

    async def _subscribed(self) -> None:
        pubsub = self._fleet.client.pubsub(ignore_subscribe_messages=True)
        try:
            async with asyncio.timeout(LOOK):
                await pubsub.subscribe(self._name)
            while not self._ending:
                async with asyncio.timeout(LOOK):
                    await self._catch_up()
                if not self._ending:
                    async with asyncio.timeout(2 * LOOK):
                        await pubsub.get_message(timeout=LOOK)
        finally:
            with contextlib.suppress(RedisError, OSError):
                await pubsub.aclose()

    async def _catch_up(self) -> None:
        """Tell what could not be told before, and hear what others told."""
        for what, bulletin in list(self._untold.items()):
            await self._send(bulletin)
            self._untold.pop(what, None)
        told = await self._fleet.client.zrangebyscore(self._name, self._after, "+inf", withscores=True)
        now = time.time()
        if len(told) >= MOST:  # there was more, of which nobody knows any longer
            self._hear(Bulletin(at=told[0][1], by="", kind=MISSED, told=None))
        for sealed, _ in told:
            if sealed not in self._known:
                self._open(sealed)
        self._known = {sealed for sealed, _ in told}
        self._after = max(self._after, now - OVERLAP)
        self._fleet.current = True
        if self.away:
            log.warning("Redis can be used again")
        self.away = False

    def _open(self, sealed: bytes) -> None:
        content = self._fleet.vault.open("", self._name, sealed)
        if content is None:
            self._fleet.counts.corrupt += 1
            log.warning("news of the fleet that this key does not open was left alone")
            return
        try:
            bulletin = msgspec.json.decode(content, type=Bulletin)
        except msgspec.DecodeError:  # of a process of another version
            bulletin = Bulletin(at=time.time(), by="", kind=MISSED, told=None)
        if bulletin.by != self.me:
            self._hear(bulletin)
