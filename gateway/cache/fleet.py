"""
What the processes of a fleet share, by Redis: answers, who is asking for one, and news.

Redis may be slow, full, restarted or gone: each operation ends within 50 ms, after a few failures it is left alone
for a while, and whoever wanted something of it goes on without.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from aiocache import Cache as AioCache
from aiocache.serializers import NullSerializer
from redis.exceptions import RedisError

from student_graph.gateway.cache.encryption import WRITTEN, Vault

T = TypeVar("T")

OPERATION = 0.05
"""Seconds that one operation may take."""
FAILURES, PAUSE, LONGEST_PAUSE = 3, 1.0, 8.0
"""After so many failures in a row Redis is left alone for so many seconds, twice as long each time."""
LEASE = 5.0
"""Seconds after which an asker that says nothing more counts as gone."""
OUTCOME = 5.0
"""Seconds for which those who wait may learn that an asker failed."""

CHANGED = "changed"
"""Stands for a place where something else stands now than the asker saw."""

_CLAIM = """
local told = {}
for i = 1, #KEYS, 2 do
  local place, claim, seen = KEYS[i], KEYS[i + 1], ARGV[2 + (i + 1) / 2]
  local holder = redis.call('get', claim)
  if redis.call('getrange', place, 0, 12) ~= seen then
    told[#told + 1] = 'changed'
  elseif holder and string.sub(holder, 1, 1) ~= '!' then
    told[#told + 1] = holder
  else
    redis.call('set', claim, ARGV[1], 'PX', ARGV[2])
    told[#told + 1] = ''
  end
end
return told
"""
_RENEW = """
for i = 1, #KEYS do
  if redis.call('get', KEYS[i]) == ARGV[1] then redis.call('pexpire', KEYS[i], ARGV[2]) end
end
"""
_RELEASE = """
for i = 1, #KEYS do
  if redis.call('get', KEYS[i]) == ARGV[1] then
    if ARGV[2 + i] == '' then redis.call('del', KEYS[i])
    else redis.call('set', KEYS[i], ARGV[2 + i], 'PX', ARGV[2]) end
  end
end
"""


class AwayError(Exception):
    """Redis did not answer in time, or not at all."""


@dataclass(slots=True)
class Counts:
    """What was had of the fleet since start."""

    reads: int = 0
    hits: int = 0
    corrupt: int = 0
    """Values that were not what was written there."""
    failures: int = 0


class Fleet:
    """The shared store of a fleet."""

    def __init__(
        self,
        url: str,
        vault: Vault,
        password: str | None = None,
        name: str = "student-graph",
        patience: float = OPERATION,
    ) -> None:
        """
        The store at `redis://HOST:PORT/DB` (or `rediss://`); processes that give the same name and key share it.

        An operation may take `patience` seconds.

        Nothing is asked of it yet: it need not be there.
        """
        parts = urlsplit(url)
        self.vault = vault
        self.name = name
        self._patience = patience
        self.counts = Counts()
        self._cache = AioCache(
            AioCache.REDIS,
            serializer=NullSerializer(encoding=None),
            timeout=None,  # each operation is bounded here, and not when it was this process that was late
            endpoint=parts.hostname or "127.0.0.1",
            port=parts.port or 6379,
            db=int(parts.path.strip("/") or 0),
            password=password or (unquote(parts.password) if parts.password else None),
            ssl=parts.scheme == "rediss",
            pool_max_size=64,
            create_connection_timeout=1.0,
        )
        self.client = self._cache.client
        self.current = False
        """Whether all that was told to be forgotten is known: until then no answer can be trusted."""
        self._failed = 0
        self._back_at = 0.0
        self._under_way: set[asyncio.Future[Any]] = set()

    @property
    def there(self) -> bool:
        """Whether answers may be had of it just now."""
        return self.current and time.monotonic() >= self._back_at

    def place(self, place: str) -> str:
        """The name of a place in Redis."""
        return f"{self.name}:a:{place}"

    def claim_on(self, place: str) -> str:
        """The name of what says who is asking for the answer that belongs there."""
        return f"{self.name}:f:{place}"

    async def values(self, places: Sequence[str]) -> list[bytes | None]:
        """What stands at each place; None for nothing. Raises AwayError."""
        found: list[bytes | None] = await self.within(self._cache.multi_get([*map(self.place, places)]))
        return found

    async def claims(self, places: Sequence[str]) -> list[str]:
        """Who is asking for what belongs at each place, or how that failed; empty for nobody. Raises AwayError."""
        found = await self.within(self._cache.multi_get([*map(self.claim_on, places)]))
        return [value.decode() if value else "" for value in found]

    async def keep(self, values: Mapping[str, bytes], seconds: float) -> None:
        """Let values stand at their places for a while. Raises AwayError."""
        pairs = [(self.place(place), value) for place, value in values.items()]
        await self.within(self._cache.multi_set(pairs, ttl=float(seconds)))

    async def claim(self, flight: str, seen: Mapping[str, bytes | None]) -> list[str]:
        """
        Say that a flight is asking for what belongs at places where `seen` stands.

        For each: empty when it is the flight's to ask, `CHANGED` when something else stands there now, or who is
        asking already. Raises AwayError.
        """
        names = [name for place in seen for name in (self.place(place), self.claim_on(place))]
        heads = [value[:WRITTEN] if value else b"" for value in seen.values()]
        told = await self._script(_CLAIM, names, flight, int(LEASE * 1000), *heads)
        return [each.decode() for each in told]

    async def renew(self, flight: str, places: Sequence[str]) -> None:
        """Say that a flight is still asking. Raises AwayError."""
        await self._script(_RENEW, [*map(self.claim_on, places)], flight, int(LEASE * 1000))

    async def release(self, flight: str, outcomes: Mapping[str, str]) -> None:
        """Say that a flight is over; an outcome that is not empty tells those who wait why it failed."""
        told = [f"!{flight} {text}" if text else "" for text in outcomes.values()]
        await self._script(_RELEASE, [*map(self.claim_on, outcomes)], flight, int(OUTCOME * 1000), *told)

    async def _script(self, script: str, names: Sequence[str], *arguments: Any) -> Any:
        return await self.within(self._cache.raw("eval", script, len(names), *names, *arguments))

    async def within(self, work: Coroutine[Any, Any, T]) -> T:
        """
        What an operation brings, within its time.

        Raises:
            AwayError: it failed, took too long, or Redis is being left alone.
        """
        if time.monotonic() < self._back_at:
            work.close()
            raise AwayError
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            told = await _patiently(task, self._patience)
        except (TimeoutError, RedisError, OSError) as exc:
            self._fail()
            raise AwayError from exc
        finally:
            task.cancel()
        self._failed = 0
        return told

    def _fail(self) -> None:
        self.counts.failures += 1
        self._failed += 1
        if self._failed >= FAILURES:
            pause = min(PAUSE * 2 ** ((self._failed - FAILURES) // FAILURES), LONGEST_PAUSE)
            self._back_at = time.monotonic() + pause

    async def close(self) -> None:
        """End what is under way, close the connections, and open none any more."""
        self._back_at = math.inf
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.client.aclose()


async def _patiently(task: asyncio.Future[T], patience: float) -> T:
    """
    What an operation brings; a wait that ends late was held up in this process, and is not held against Redis.

    Raises:
        TimeoutError: it took longer than it may.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    await asyncio.wait({task}, timeout=patience)
    while not task.done() and loop.time() - until > patience / 5:
        until = loop.time() + patience
        await asyncio.wait({task}, timeout=patience)
    if not task.done():
        raise TimeoutError
    return task.result()
