"""
Events between the processes of a fleet, over Redis: encrypted, and delivered within a second.

Events are stored, so that processes that start later receive them, too.
"""

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

from student_graph.gateway.cache.fleet.compatibility import (
    OtherKeyError,
    hold_name,
    reason_of,
    warn_of_eviction,
)
from student_graph.gateway.cache.fleet.redis_store import RedisStore, RedisUnavailableError

log = logging.getLogger("student_graph.cache")

RETENTION_SECONDS = 15 * 86_400.0
"""How long events are stored: the settings allow to serve an answer for 14 days at most."""
MAX_STORED_EVENTS = 50_000
"""Events that are stored in Redis. As many wait in a process while Redis is unavailable."""
POLL_INTERVAL_SECONDS = 5.0
"""Time after which a process looks for new events if it received no notification."""
OVERLAP_SECONDS = 10.0
"""How far back a process reads events again, because the clocks of a fleet differ."""
RETRY_INTERVAL_SECONDS = 0.5
"""Time between two attempts to reach Redis."""
LOST_EVENTS = "missed"
"""Kind of an event that replaces events that were lost or cannot be read. They may have been about anything."""


class Event(msgspec.Struct, kw_only=True):
    """Something that one process tells all other processes of its fleet."""

    at: float
    """When it happened, in seconds since 1970."""
    sender: str = msgspec.field(name="by")
    """The id of the process that published it."""
    kind: str
    """What happened, such as `purge`."""
    payload: Any = msgspec.field(name="told")


def events_name(store: RedisStore) -> str:
    """The Redis key of a fleet's events."""
    return f"{store.name}:news"


class Events:
    """Publishes and receives the events of a fleet for one process."""

    def __init__(self, store: RedisStore, on_event: Callable[[Event], None]) -> None:
        """
        Pass each event of other processes to `on_event` once, including events from before this process started.
        """
        self.process_id = secrets.token_hex(8)
        """The sender of this process's events."""
        self._store = store
        self._on_event = on_event
        self._name = events_name(store)
        self._read_from = 0.0
        """The time, in seconds since 1970, from which on events are read."""
        self._received: set[bytes] = set()
        """Events of the last read, encrypted."""
        self._unpublished: dict[bytes, Event] = {}
        """Events to publish once Redis is available, by kind and payload: equal events are published once."""
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.is_unavailable = False
        """Whether Redis was unavailable at the last attempt."""

    def start(self) -> None:
        """Start to receive events."""
        self._task = asyncio.create_task(self._receive())

    async def stop(self) -> None:
        """Stop receiving events."""
        # The flag is needed, too: the Redis client sometimes takes a cancellation for a timeout of its own.
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def publish(self, at: float, kind: str, payload: Any, *, retry: bool = True) -> None:
        """Send an event to all processes. If Redis is unavailable, send it later, or drop it without `retry`."""
        event = Event(at=at, sender=self.process_id, kind=kind, payload=payload)
        try:
            await self._store.run(self._send(event))
        except RedisUnavailableError:
            if retry:
                self._unpublished[msgspec.json.encode([kind, payload])] = event
            if len(self._unpublished) > MAX_STORED_EVENTS:
                self._unpublished = {b"": Event(at=at, sender=self.process_id, kind=LOST_EVENTS, payload=None)}

    async def _send(self, event: Event) -> None:
        now = time.time()  # not the time of the event: receivers may already have read later events
        value = self._store.encryptor.encrypt("", self._name, int(now * 1000), msgspec.json.encode(event))
        async with self._store.client.pipeline(transaction=False) as pipe:
            pipe.zadd(self._name, {value: now})
            pipe.zremrangebyscore(self._name, "-inf", now - RETENTION_SECONDS)
            pipe.zremrangebyrank(self._name, 0, -MAX_STORED_EVENTS - 1)
            pipe.publish(self._name, b"")
            await pipe.execute()

    async def _receive(self) -> None:
        """Receive events until stopped, and reconnect whenever Redis becomes unavailable."""
        while not self._stopping:
            try:
                await self._subscribe()
            except Exception as exc:  # noqa: BLE001 - if this task ended, no purge of others would arrive any more
                is_outage = isinstance(exc, RedisError | OSError | TimeoutError)
                if isinstance(exc, OtherKeyError) or not is_outage:
                    self._store.is_current = False
                self._log_unavailable(exc)
                await asyncio.sleep(RETRY_INTERVAL_SECONDS)

    def _log_unavailable(self, exc: Exception) -> None:
        """Log once for each outage that Redis is unavailable, with the type of the error for operators."""
        if not self.is_unavailable:
            log.warning("Redis is unavailable (%s); this process continues without it", reason_of(exc))
        self.is_unavailable = True

    async def _subscribe(self) -> None:
        pubsub = self._store.client.pubsub(ignore_subscribe_messages=True)
        try:
            async with asyncio.timeout(POLL_INTERVAL_SECONDS):
                await hold_name(self._store)
                await warn_of_eviction(self._store)
                await pubsub.subscribe(self._name)
            while not self._stopping:
                async with asyncio.timeout(POLL_INTERVAL_SECONDS):
                    await self._exchange_events()
                if not self._stopping:
                    async with asyncio.timeout(2 * POLL_INTERVAL_SECONDS):
                        await pubsub.get_message(timeout=POLL_INTERVAL_SECONDS)
        finally:
            with contextlib.suppress(RedisError, OSError):
                await pubsub.aclose()

    async def _exchange_events(self) -> None:
        """Publish the events that could not be published before, and read the new events of other processes."""
        await hold_name(self._store)
        for content, event in list(self._unpublished.items()):
            await self._send(event)
            self._unpublished.pop(content, None)
        values = await self._store.client.zrangebyscore(self._name, self._read_from, "+inf", withscores=True)
        now = time.time()
        if len(values) >= MAX_STORED_EVENTS:  # older events were removed before this process read them
            self._on_event(Event(at=values[0][1], sender="", kind=LOST_EVENTS, payload=None))
        for value, _ in values:
            if value not in self._received:
                self._handle(value)
        self._received = {value for value, _ in values}
        self._read_from = max(self._read_from, now - OVERLAP_SECONDS)
        self._store.is_current = True
        if self.is_unavailable:
            log.info("Redis is available again")
        self.is_unavailable = False

    def _handle(self, value: bytes) -> None:
        """Decrypt an event and pass it on, unless this process published it."""
        content = self._store.encryptor.decrypt("", self._name, value)
        if content is None:
            self._store.counts.corrupt += 1
            log.warning("ignored an event of the fleet that cannot be decrypted with this key")
            return
        try:
            event = msgspec.json.decode(content, type=Event)
        except msgspec.DecodeError:  # from a process of another version
            event = Event(at=time.time(), sender="", kind=LOST_EVENTS, payload=None)
        if event.sender != self.process_id:
            self._on_event(event)
