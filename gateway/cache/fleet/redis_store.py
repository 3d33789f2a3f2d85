"""
The Redis that the processes of a fleet share. It holds encrypted answers, claims on vendor requests, and events.

Redis may be slow, full, restarted or gone. Each operation has a timeout, 50 ms by default. After a few failures in
a row, Redis is not used for a while, and the process continues without it.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiocache import Cache as AioCache
from aiocache.serializers import NullSerializer
from redis.exceptions import RedisError

from student_graph.gateway.cache.fleet.encryption import TIMESTAMP_BYTES, Encryptor
from student_graph.gateway.cache.fleet.login import RedisLogin

T = TypeVar("T")

OPERATION_TIMEOUT_SECONDS = 0.05
"""Default timeout of one operation."""
CONNECT_SECONDS = 5.0
"""Time to connect, also while this process waits for a processor. The operation that waits for it has less."""
MAX_CONNECTIONS = 64
"""Connections to Redis at the same time."""
MAX_OPERATIONS = 48
"""Operations at the same time; others wait for one of them. Events have connections of their own."""
MAX_FAILURES_IN_A_ROW = 3
"""Failures in a row after which Redis is not used for a while."""
FIRST_PAUSE_SECONDS = 1.0
"""Length of the first such pause; it doubles with every further `MAX_FAILURES_IN_A_ROW` failures."""
MAX_PAUSE_SECONDS = 8.0
CLAIM_SECONDS = 5.0
"""Time after which a claim expires if it is not renewed: its process counts as dead."""
ERROR_SECONDS = 5.0
"""How long the error of a failed request can be read by processes that wait for it."""

CHANGED = "changed"
"""Result of a claim on an answer that was replaced since the process read it."""

_CLAIM_SCRIPT = """
local results = {}
for i = 1, #KEYS, 2 do
  local answer, claim, seen = KEYS[i], KEYS[i + 1], ARGV[2 + (i + 1) / 2]
  local holder = redis.call('get', claim)
  if redis.call('getrange', answer, 0, 12) ~= seen then
    results[#results + 1] = 'changed'
  elseif holder and string.sub(holder, 1, 1) ~= '!' then
    results[#results + 1] = holder
  else
    redis.call('set', claim, ARGV[1], 'PX', ARGV[2])
    results[#results + 1] = ''
  end
end
return results
"""
_RENEW_SCRIPT = """
for i = 1, #KEYS do
  if redis.call('get', KEYS[i]) == ARGV[1] then redis.call('pexpire', KEYS[i], ARGV[2]) end
end
"""
_RELEASE_SCRIPT = """
for i = 1, #KEYS do
  if redis.call('get', KEYS[i]) == ARGV[1] then
    if ARGV[2 + i] == '' then redis.call('del', KEYS[i])
    else redis.call('set', KEYS[i], ARGV[2 + i], 'PX', ARGV[2]) end
  end
end
"""


class RedisUnavailableError(Exception):
    """Redis did not answer in time, or not at all."""


@dataclass(slots=True)
class RedisCounts:
    """Counts of one process since its start."""

    reads: int = 0
    """Answers that were looked for in Redis."""
    hits: int = 0
    """Answers that were found and used."""
    corrupt: int = 0
    """Values that could not be decrypted or decoded."""
    failures: int = 0
    """Operations that failed or timed out."""


class RedisStore:
    """Reads and writes shared answers and claims. Answers are named by their digests (`codec.answer_digests`)."""

    def __init__(
        self,
        url: str,
        encryptor: Encryptor,
        login: RedisLogin | None = None,
        name: str = "student-graph",
        timeout: float = OPERATION_TIMEOUT_SECONDS,
    ) -> None:
        """
        Use the Redis at `redis://HOST:PORT/DB`, or `rediss://` for TLS; it need not be available yet.

        Without `login`, it asks for no password. Processes with the same name and encryption key share their
        answers. `timeout` is in seconds, for one operation.
        """
        parts, login = urlsplit(url), login or RedisLogin()
        self.encryptor = encryptor
        self.name = name
        self._timeout = timeout
        self.counts = RedisCounts()
        self._cache = AioCache(
            AioCache.REDIS,
            serializer=NullSerializer(encoding=None),
            timeout=None,  # `run` limits the time, and does not count delays in this process
            endpoint=parts.hostname or "127.0.0.1",
            port=parts.port or 6379,
            db=int(parts.path.strip("/") or 0),
            password=login.password,
            ssl=parts.scheme == "rediss",
            pool_max_size=MAX_CONNECTIONS,
            create_connection_timeout=CONNECT_SECONDS,
            # With version 3 the client takes connections for open that Redis has closed, as after a restart or
            # because they were idle: each is then a failure of the operation that uses it next.
            connection_pool_kwargs={"protocol": 2, **login.connection_options()},
        )
        self.client = self._cache.client
        self._process_id = secrets.token_hex(8)
        self.is_current = False
        """Whether all earlier purges are known to this process. Until then, no stored answer can be trusted."""
        self._failures_in_a_row = 0
        self._resume_at = 0.0
        self._turns = asyncio.Semaphore(MAX_OPERATIONS)
        self._running: set[asyncio.Future[Any]] = set()

    @property
    def is_usable(self) -> bool:
        """Whether answers can be read from Redis now."""
        return self.is_current and time.monotonic() >= self._resume_at

    @property
    def digest_secret(self) -> bytes:
        """The key of the digests of answers."""
        return self.encryptor.derive_key("places")

    def answer_name(self, digest: str) -> str:
        """The Redis key of an answer."""
        return f"{self.name}:a:{digest}"

    def claim_name(self, digest: str) -> str:
        """The Redis key of the claim on an answer: the id of the request that fetches it, or its error."""
        return f"{self.name}:f:{digest}"

    async def values(self, digests: Sequence[str]) -> list[bytes | None]:
        """The encrypted answer of each digest; None if there is none. Raises RedisUnavailableError."""
        values: list[bytes | None] = await self.run(self._cache.multi_get([*map(self.answer_name, digests)]))
        return values

    async def claims(self, digests: Sequence[str]) -> list[str]:
        """
        The claim on each answer: a request id, `!ID ERROR` for a failed request, or "" for none.

        Raises:
            RedisUnavailableError: Redis did not answer.
        """
        values = await self.run(self._cache.multi_get([*map(self.claim_name, digests)]))
        return [value.decode() if value else "" for value in values]

    async def set(self, values: Mapping[str, bytes], seconds: float) -> None:
        """Store encrypted answers by digest for a number of seconds. Raises RedisUnavailableError."""
        pairs = [(self.answer_name(digest), value) for digest, value in values.items()]
        await self.run(self._cache.multi_set(pairs, ttl=float(seconds)))

    async def claim(self, request_id: str, seen: Mapping[str, bytes | None]) -> list[str]:
        """
        Claim answers for a request; `seen` holds the value that was last read, by digest.

        For each answer the result is "" if the request has the claim now, `CHANGED` if there is another value by
        now, or else the id of the request that has the claim. Raises RedisUnavailableError.
        """
        names = [name for digest in seen for name in (self.answer_name(digest), self.claim_name(digest))]
        timestamps = [value[:TIMESTAMP_BYTES] if value else b"" for value in seen.values()]
        results = await self._run_script(_CLAIM_SCRIPT, names, request_id, int(CLAIM_SECONDS * 1000), *timestamps)
        return [result.decode() for result in results]

    async def claim_work(self, name: str, seconds: int) -> bool:
        """
        Claim a piece of work by its name, for `seconds`; returns whether this process has it now.

        Raises:
            RedisUnavailableError: Redis did not answer.
        """
        key = f"{self.name}:w:{name}"
        return bool(await self.run(self._cache.raw("set", key, self._process_id, nx=True, ex=seconds)))

    async def release_work(self, name: str) -> None:
        """Release a piece of work, if this process has claimed it. Raises RedisUnavailableError."""
        await self._run_script(_RELEASE_SCRIPT, [f"{self.name}:w:{name}"], self._process_id, 1, "")

    async def renew(self, request_id: str, digests: Sequence[str]) -> None:
        """Extend a request's claims. Raises RedisUnavailableError."""
        await self._run_script(
            _RENEW_SCRIPT, [*map(self.claim_name, digests)], request_id, int(CLAIM_SECONDS * 1000)
        )

    async def release(self, request_id: str, errors: Mapping[str, str]) -> None:
        """
        Release a request's claims; `errors` holds the encoded error by digest, or "" if there was none.

        Processes that wait for a failed request can read its error for a while. Raises RedisUnavailableError.
        """
        claims = [f"!{request_id} {error}" if error else "" for error in errors.values()]
        names = [*map(self.claim_name, errors)]
        await self._run_script(_RELEASE_SCRIPT, names, request_id, int(ERROR_SECONDS * 1000), *claims)

    async def _run_script(self, script: str, names: Sequence[str], *arguments: Any) -> Any:
        return await self.run(self._cache.raw("eval", script, len(names), *names, *arguments))

    async def run(self, operation: Coroutine[Any, Any, T]) -> T:
        """
        The result of an operation, within the timeout.

        Raises:
            RedisUnavailableError: the operation failed or timed out, or Redis is not used at the moment.
        """
        task: asyncio.Future[T] | None = None
        try:
            async with self._turns:
                if time.monotonic() < self._resume_at:
                    raise RedisUnavailableError
                task = asyncio.ensure_future(operation)
                self._running.add(task)
                task.add_done_callback(self._running.discard)
                result = await _result_within(task, self._timeout)
        except (TimeoutError, RedisError, OSError) as exc:
            self._count_failure()
            raise RedisUnavailableError from exc
        finally:
            if task is None:
                operation.close()
            else:
                task.cancel()
        self._failures_in_a_row = 0
        return result

    def _count_failure(self) -> None:
        """Count a failure. Operations that were running when a pause began do not extend it when they fail."""
        self.counts.failures += 1
        if time.monotonic() < self._resume_at:
            return
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            doublings = (self._failures_in_a_row - MAX_FAILURES_IN_A_ROW) // MAX_FAILURES_IN_A_ROW
            self._resume_at = time.monotonic() + min(FIRST_PAUSE_SECONDS * 2**doublings, MAX_PAUSE_SECONDS)

    async def close(self) -> None:
        """Cancel running operations, close all connections, and start no further operations."""
        self._resume_at = math.inf
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.client.aclose()


async def _result_within(task: asyncio.Future[T], seconds: float) -> T:
    """
    The result of a task within a timeout. The timeout starts again if this process, not Redis, caused the delay.

    Raises:
        TimeoutError: the task took too long.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    await asyncio.wait({task}, timeout=seconds)
    while not task.done() and loop.time() - deadline > seconds / 5:
        deadline = loop.time() + seconds
        await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        raise TimeoutError
    return task.result()
