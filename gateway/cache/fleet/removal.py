"""Finds and removes all data on a fleet's Redis about a district that is no longer in the settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec

from student_graph.gateway.cache.fleet.codec import DIGEST_BYTES, district_tag
from student_graph.gateway.cache.fleet.compatibility import hold_name
from student_graph.gateway.cache.fleet.events import Event, events_name
from student_graph.gateway.cache.fleet.redis_store import RedisStore

KEYS_AT_ONCE = 500
"""Keys that one command finds or removes."""
WORK_OF_DISTRICT = ("warm/{}/*", "calendars/{}")
"""Names of claimed work that name a district; other claims are kept for an hour at most."""


class Remains(NamedTuple):
    """How much data of a district is on Redis."""

    answers: int = 0
    claims: int = 0
    """Claims on answers that are being fetched, or their errors."""
    work: int = 0
    """Claims on warm-ups and calendars."""
    events: int = 0
    """Purges and pauses."""

    @property
    def total(self) -> int:
        """All of these together."""
        return sum(self)


class DistrictOnRedis:
    """What a fleet's Redis holds of one district."""

    def __init__(self, store: RedisStore, district: str) -> None:
        self._store, self._client, self._district = store, store.client, district
        tag = district_tag(store.digest_secret, district)
        work = [f"{store.name}:w:{name.format(district)}" for name in WORK_OF_DISTRICT]
        self._patterns = {
            "answers": [f"{store.answer_name(tag)}*"],
            "claims": [f"{store.claim_name(tag)}*"],
            "work": work,
        }
        self._events_name = events_name(store)

    async def find(self) -> Remains:
        """
        Count the district's data.

        Raises:
            RedisError: Redis does not answer, or holds a fleet of this name with another key.
        """
        await hold_name(self._store)
        counts = {kind: sum([1 async for _ in self._keys(patterns)]) for kind, patterns in self._patterns.items()}
        return Remains(**counts, events=len(await self._events()))

    async def remove(self) -> None:
        """
        Remove the district's data.

        Raises:
            RedisError: Redis does not answer, or holds a fleet of this name with another key.
        """
        await hold_name(self._store)
        for patterns in self._patterns.values():
            keys = [key async for key in self._keys(patterns)]
            for start in range(0, len(keys), KEYS_AT_ONCE):
                await self._client.unlink(*keys[start : start + KEYS_AT_ONCE])
        if events := await self._events():
            await self._client.zrem(self._events_name, *events)

    async def count_of_older_versions(self) -> int:
        """
        Number of answers that an earlier version stored.

        Their districts cannot be known; they expire by themselves.
        """
        digest = "?" * (2 * DIGEST_BYTES)
        return sum([1 async for _ in self._keys([self._store.answer_name(digest)])])

    async def _keys(self, patterns: list[str]) -> AsyncIterator[bytes]:
        for pattern in patterns:
            async for key in self._client.scan_iter(match=pattern, count=KEYS_AT_ONCE):
                yield key

    async def _events(self) -> list[bytes]:
        """The events that name the district, encrypted as they are stored."""
        values: list[bytes] = await self._client.zrange(self._events_name, 0, -1)
        return [value for value in values if self._is_about_district(value)]

    def _is_about_district(self, value: bytes) -> bool:
        content = self._store.encryptor.decrypt("", self._events_name, value)
        if content is None:
            return False
        try:
            payload: Any = msgspec.json.decode(content, type=Event).payload
        except msgspec.DecodeError:
            return False
        named = payload.get("district") if isinstance(payload, dict) else payload[0] if payload else None
        return bool(named == self._district)
