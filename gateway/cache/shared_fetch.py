"""
Fetches each answer once per fleet: uses what other processes stored, and waits for what they are fetching.

A process claims an answer in Redis before it asks the source. Restricted classes of data stay in the memory of the
process that fetched them.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.cache.codec import (
    StoredAnswer,
    answer_digests,
    decode_answer,
    decode_error,
    encode_answer,
    encode_error,
)
from student_graph.gateway.cache.encryption import TIMESTAMP_BYTES
from student_graph.gateway.cache.lifetimes import Lifetimes, is_temporary, lifetimes_of, unknown_key_lifetimes
from student_graph.gateway.cache.purges import PurgeLog
from student_graph.gateway.cache.redis_store import CHANGED, CLAIM_SECONDS, RedisStore, RedisUnavailableError

MAX_ANSWERS_PER_OPERATION = 200
"""Answers that one Redis operation reads, writes or claims."""
MAX_CLOCK_DIFFERENCE_SECONDS = 1.0
"""How far the clocks of a fleet may differ. Answers requested so soon after a purge are not used either."""
FIRST_POLL_SECONDS, MAX_POLL_SECONDS = 0.005, 0.05
"""Time between two looks at an answer that another process is fetching: at first, and at most."""


class SharedFetch:
    """A `Fetch` that looks for answers in the fleet first."""

    def __init__(
        self,
        fetch: Fetch,
        store: RedisStore,
        districts: Mapping[DistrictId, District],
        purges: PurgeLog,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Call `fetch` for what no process has; `clock` returns seconds since 1970, the same in all processes."""
        self.fetch, self.store, self.purges, self.clock = fetch, store, purges, clock
        self._districts = districts
        self._digest_secret = store.encryptor.derive_key("places")
        self._releasing: set[asyncio.Task[None]] = set()

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask, from Redis, from another process or from the source."""
        if ask.lookup.sensitivity.restricted or not self.store.is_usable:
            return await self.fetch(source, ask)
        lifetimes = lifetimes_of(source, ask, self._districts.get(source.district))
        digests = answer_digests(self._digest_secret, source, ask)
        return await _SharedRequest(self, source, ask, lifetimes, digests).answers()

    def release_in_background(self, request_id: str, errors: Mapping[str, str]) -> None:
        """Release a request's claims without making its caller wait."""

        async def release() -> None:
            with suppress(RedisUnavailableError):
                await self.store.release(request_id, errors)

        task = asyncio.create_task(release())
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)


class _SharedRequest:
    """One ask that is answered by the fleet."""

    def __init__(
        self, shared: SharedFetch, source: Source, ask: Ask[Any], lifetimes: Lifetimes, digests: Mapping[Any, str]
    ) -> None:
        self._shared, self._store = shared, shared.store
        self._source, self._ask, self._lifetimes, self._digests = source, ask, lifetimes, digests
        self._id = secrets.token_hex(8)
        self._answers: dict[Any, Answer[Any]] = {}
        self._values: dict[Any, bytes | None] = {}
        """The encrypted value of each key when it was last read."""
        self._stale_answers: dict[Any, Answer[Any]] = {}
        """Answers to use for keys whose source fails."""
        self._deadline = asyncio.get_running_loop().time() + source.adapter.settings.timeout

    async def answers(self) -> Answers:
        """The answers. Where the source fails, a stored stale answer takes the place of the error."""
        remaining: Sequence[Any] = self._ask.keys
        try:
            while remaining:
                missing = await self._read(remaining)
                remaining = await self._fetch_or_wait(missing) if missing else ()
        except RedisUnavailableError:
            self._answers.update(await self._fetch([key for key in remaining if key not in self._answers]))
        return {key: self._stale_if_failed(key, answer) for key, answer in self._answers.items()}

    async def _read(self, keys: Sequence[Any]) -> list[Any]:
        """Use the stored answers that are fresh; returns the keys that have none."""
        for part in _parts(keys):
            values = await self._store.values([self._digests[key] for key in part])
            self._store.counts.reads += len(part)
            self._values.update(zip(part, values, strict=True))
        return [key for key in keys if not self._use(key, self._values[key])]

    def _use(self, key: Any, value: bytes | None) -> bool:
        """Use a stored value as the key's answer if it is fresh; returns whether it is."""
        stored = self._decode(key, value)
        if stored is None:
            return False
        age = max(self._shared.clock() - stored.fetched_at, 0.0)
        lifetimes = self._lifetimes if stored.answer is not None else unknown_key_lifetimes(self._lifetimes)
        max_age = self._ask.max_age
        if age < lifetimes.fresh_seconds and (max_age is None or age <= max_age.total_seconds()):
            self._store.counts.hits += 1
            if stored.answer is not None:
                self._answers[key] = stored.answer
            return True
        if age < lifetimes.expiry_seconds and stored.answer is not None and max_age is None:
            self._stale_answers[key] = stored.answer._replace(stale=True)
        return False

    def _decode(self, key: Any, value: bytes | None) -> StoredAnswer | None:
        """The stored answer; None if there is none, it is corrupt, or it was requested before a purge."""
        if value is None:
            return None
        content = self._store.encryptor.decrypt(self._source.district, self._digests[key], value)
        stored = decode_answer(self._source, self._ask.lookup, content) if content is not None else None
        if stored is None:
            self._store.counts.corrupt += 1
            return None
        purged_at = self._shared.purges.last_purge(self._source, self._ask.lookup, key)
        if purged_at and stored.requested_at <= purged_at + MAX_CLOCK_DIFFERENCE_SECONDS:
            return None
        return stored

    async def _fetch_or_wait(self, keys: Sequence[Any]) -> list[Any]:
        """Fetch the keys that no other request is fetching, and wait for the rest; returns keys to read again."""
        claims: dict[Any, str] = {}
        try:
            for part in _parts(keys):
                seen = {self._digests[key]: self._values[key] for key in part}
                claims.update(zip(part, await self._store.claim(self._id, seen), strict=True))
        except RedisUnavailableError:
            self._shared.release_in_background(self._id, {self._digests[key]: "" for key in keys})
            raise
        claimed = [key for key, holder in claims.items() if not holder]
        changed = [key for key, holder in claims.items() if holder == CHANGED]
        holders = {key: holder for key, holder in claims.items() if holder not in ("", CHANGED)}
        _, finished = await asyncio.gather(self._fetch_and_store(claimed), self._wait(holders))
        return [*changed, *finished]

    async def _fetch_and_store(self, keys: Sequence[Any]) -> None:
        """Fetch claimed keys, store their answers, and release the claims."""
        if not keys:
            return
        requested_at = self._shared.clock()
        errors = dict.fromkeys((self._digests[key] for key in keys), "")
        renewing = asyncio.create_task(self._renew_claims(list(errors)))
        try:
            answers = await self._fetch(keys)
            self._answers.update(answers)
            for key, answer in answers.items():
                if key in self._digests and isinstance(answer.value, AdapterError):
                    errors[self._digests[key]] = encode_error(answer.value)
            with suppress(RedisUnavailableError):
                await self._write(requested_at, {key: answers.get(key) for key in keys})
        finally:
            renewing.cancel()
            self._shared.release_in_background(self._id, errors)

    async def _renew_claims(self, digests: Sequence[str]) -> None:
        """Renew the claims from time to time, until cancelled."""
        while True:
            await asyncio.sleep(CLAIM_SECONDS / 4)
            with suppress(RedisUnavailableError):
                await self._store.renew(self._id, digests)

    async def _write(self, requested_at: float, answers: Mapping[Any, Answer[Any] | None]) -> None:
        """Store answers by key, with the time of the request; None means that the source does not know it."""
        now = self._shared.clock()
        for lifetimes, group in (
            (self._lifetimes, {key: answer for key, answer in answers.items() if answer is not None}),
            (unknown_key_lifetimes(self._lifetimes), {key: None for key, a in answers.items() if a is None}),
        ):
            values = {
                digest: self._store.encryptor.encrypt(
                    self._source.district, digest, int(now * 1000), encode_answer(requested_at, answer)
                )
                for key, answer in group.items()
                if not (answer is not None and isinstance(answer.value, AdapterError))
                for digest in (self._digests[key],)
            }
            for part in _parts(list(values)):
                seconds = max(lifetimes.expiry_seconds, 0.001)
                await self._store.set({digest: values[digest] for digest in part}, seconds)

    async def _wait(self, holders: dict[Any, str]) -> list[Any]:
        """Wait for keys that other requests are fetching, given by their ids; returns the keys to read again."""
        finished: list[Any] = []
        interval = FIRST_POLL_SECONDS
        while holders and asyncio.get_running_loop().time() < self._deadline:
            await asyncio.sleep(interval)
            interval = min(interval * 1.5, MAX_POLL_SECONDS)
            try:
                await self._remove_finished(holders, finished)
            except RedisUnavailableError:
                if not self._store.is_usable:  # after a single failure, the other request may still finish
                    self._answers.update(await self._fetch(list(holders)))
                    return finished
        for key in holders:
            self._set_error(key, UnavailableError("no answer in time"))
        return finished

    async def _remove_finished(self, holders: dict[Any, str], finished: list[Any]) -> None:
        """Move keys whose request ended from `holders` to `finished`, or set the error with which it failed."""
        for part in _parts(list(holders)):
            digests = [self._digests[key] for key in part]
            values, claims = await asyncio.gather(self._store.values(digests), self._store.claims(digests))
            for key, value, claim in zip(part, values, claims, strict=True):
                if claim.startswith(f"!{holders[key]} "):
                    self._set_error(key, decode_error(claim.partition(" ")[2]))
                    del holders[key]
                elif claim != holders[key] or _timestamp(value) != _timestamp(self._values[key]):
                    finished.append(key)
                    del holders[key]

    def _set_error(self, key: Any, error: AdapterError) -> None:
        error.source = self._source.name
        self._answers[key] = Answer(error, self._source.name, datetime.now(UTC))

    async def _fetch(self, keys: Sequence[Any]) -> Answers:
        """The source's answers for some of the keys."""
        return await self._shared.fetch(self._source, replace(self._ask, keys=tuple(keys))) if keys else {}

    def _stale_if_failed(self, key: Any, answer: Answer[Any]) -> Answer[Any]:
        """The stored stale answer if there is one and the source failed temporarily; otherwise the answer."""
        value = answer.value
        if isinstance(value, AdapterError) and is_temporary(value):
            return self._stale_answers.get(key, answer)
        return answer


def _timestamp(value: bytes | None) -> bytes:
    """When a value was written; empty for no value."""
    return (value or b"")[:TIMESTAMP_BYTES]


def _parts(keys: Sequence[Any]) -> list[Sequence[Any]]:
    """The keys in parts of the size of one Redis operation."""
    size = MAX_ANSWERS_PER_OPERATION
    return [keys[start : start + size] for start in range(0, len(keys), size)]
