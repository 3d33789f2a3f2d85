"""One ask that the processes of a fleet answer together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.cache.fleet.codec import (
    StoredAnswer,
    decode_answer,
    decode_error,
    encode_answer,
    encode_error,
)
from student_graph.gateway.cache.fleet.encryption import TIMESTAMP_BYTES
from student_graph.gateway.cache.fleet.redis_store import CHANGED, CLAIM_SECONDS, RedisStore, RedisUnavailableError
from student_graph.gateway.cache.lifetimes import Lifetimes, is_temporary
from student_graph.gateway.cache.purges import PurgeLog
from student_graph.gateway.concurrency.arrivals import (
    ArrivedAnswers,
    OnArrival,
    current_receiver,
    receiving_arrivals,
)
from student_graph.gateway.concurrency.deadlines import MAX_WORK_SECONDS, work_deadline

MAX_ANSWERS_PER_OPERATION = 200
"""Answers that one Redis operation reads, writes or claims."""
MAX_CLOCK_DIFFERENCE_SECONDS = 1.0
"""
How far the clocks of a fleet may differ. Answers that were requested so soon after a purge are not used either.
"""
FIRST_POLL_SECONDS, MAX_POLL_SECONDS = 0.005, 0.05
"""Time between two looks at an answer that another process is fetching: at first, and at most."""


class Shared(Protocol):
    """What the requests of one process have in common."""

    fetch: Fetch
    store: RedisStore
    purges: PurgeLog
    clock: Callable[[], float]
    """Seconds since 1970, the same in all processes."""

    def release_in_background(self, request_id: str, errors: Mapping[str, str]) -> None:
        """Release a request's claims without making its caller wait."""


class SharedRequest:
    """One ask that is answered by the fleet."""

    def __init__(
        self, shared: Shared, source: Source, ask: Ask[Any], lifetimes: Lifetimes, digests: Mapping[Any, str]
    ) -> None:
        self._shared, self._store = shared, shared.store
        self._source, self._ask, self._lifetimes, self._digests = source, ask, lifetimes, digests
        self._id = secrets.token_hex(8)
        self._arrived: dict[Any, Answer[Any] | None] = {}
        self._pass_on = current_receiver()
        self._values: dict[Any, bytes | None] = {}
        """The encrypted value of each key when it was last read."""
        self._stale_answers: dict[Any, Answer[Any]] = {}
        """Answers to use for keys whose source fails."""
        self._deadline = work_deadline(MAX_WORK_SECONDS)

    async def answers(self) -> Answers:
        """The answers. If the source fails, a stored stale answer is used instead of the error."""
        await self._resolve(self._ask.keys)
        return {key: answer for key, answer in self._arrived.items() if answer is not None}

    def _arrive(self, answers: ArrivedAnswers) -> None:
        """Store the answers to some keys as results, and pass them on."""
        new = {
            key: answer if answer is None else self._stale_if_failed(key, answer)
            for key, answer in answers.items()
            if key not in self._arrived
        }
        self._arrived.update(new)
        self._pass_on(new)

    async def _resolve(self, keys: Sequence[Any]) -> None:
        """Answer keys with stored answers, from the source, or with answers that other processes are fetching."""
        if not keys:
            return
        try:
            claims = await self._claim(await self._read(keys))
        except RedisUnavailableError:
            await self._fetch([key for key in keys if key not in self._arrived], self._arrive)
            return
        changed = [key for key, holder in claims.items() if holder == CHANGED]
        holders = {key: holder for key, holder in claims.items() if holder not in ("", CHANGED)}
        await asyncio.gather(
            self._fetch_and_store([key for key, holder in claims.items() if not holder]),
            self._wait(holders),
            self._resolve(changed),
        )

    async def _read(self, keys: Sequence[Any]) -> list[Any]:
        """Use the stored answers that are fresh; returns the keys that have none."""
        for part in _parts(keys):
            values = await self._store.values([self._digests[key] for key in part])
            self._store.counts.reads += len(part)
            self._values.update(zip(part, values, strict=True))
        return [key for key in keys if not self._use(key)]

    def _use(self, key: Any) -> bool:
        """Use the key's stored value as its answer if it is fresh; returns whether it is."""
        stored = self._decode(key, self._values[key])
        if stored is None:
            return False
        age = max(self._shared.clock() - stored.fetched_at, 0.0)
        lifetimes = self._lifetimes if stored.answer is not None else self._lifetimes.of_unknown_key
        max_age = self._ask.max_age
        if age < lifetimes.fresh_seconds and (max_age is None or age <= max_age.total_seconds()):
            self._store.counts.hits += 1
            self._arrive({key: stored.answer})
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

    async def _claim(self, keys: Sequence[Any]) -> dict[Any, str]:
        """Claim keys, and return by key who has the claim now; see `RedisStore.claim`."""
        claims: dict[Any, str] = {}
        try:
            for part in _parts(keys):
                seen = {self._digests[key]: self._values[key] for key in part}
                claims.update(zip(part, await self._store.claim(self._id, seen), strict=True))
        except RedisUnavailableError:
            self._shared.release_in_background(self._id, {self._digests[key]: "" for key in keys})
            raise
        return claims

    async def _fetch_and_store(self, keys: Sequence[Any]) -> None:
        """Fetch claimed keys. Each answer is stored, and its claim released, as soon as it has arrived."""
        if not keys:
            return
        requested_at = self._shared.clock()
        claimed = {self._digests[key]: "" for key in keys}
        unstored: asyncio.Queue[ArrivedAnswers | None] = asyncio.Queue()
        renewing = asyncio.create_task(self._renew_claims(claimed))
        storing = asyncio.create_task(self._store_arrivals(requested_at, unstored, claimed))

        def arrive(answers: ArrivedAnswers) -> None:
            unstored.put_nowait({key: answer for key, answer in answers.items() if key not in self._arrived})
            self._arrive(answers)

        try:
            await self._fetch(keys, arrive)
            unstored.put_nowait(None)
            await storing
        finally:
            renewing.cancel()
            storing.cancel()
            self._shared.release_in_background(self._id, claimed)

    async def _renew_claims(self, claimed: Collection[str]) -> None:
        """Renew the claims on these digests from time to time, until cancelled."""
        while True:
            await asyncio.sleep(CLAIM_SECONDS / 4)
            with suppress(RedisUnavailableError):
                await self._store.renew(self._id, list(claimed))

    async def _store_arrivals(
        self, requested_at: float, unstored: asyncio.Queue[ArrivedAnswers | None], claimed: dict[str, str]
    ) -> None:
        """Store answers and release their claims until None arrives. Answers that wait are stored together."""
        is_last = False
        while not is_last:
            parts = [await unstored.get()]
            while not unstored.empty():
                parts.append(unstored.get_nowait())
            is_last = None in parts
            answers = {
                key: answer
                for part in parts
                for key, answer in (part or {}).items()
                if self._digests.get(key) in claimed
            }
            errors = {self._digests[key]: _error_text(answer) for key, answer in answers.items()}
            claimed.update(errors)
            with suppress(RedisUnavailableError):
                await self._write(requested_at, answers)
                await self._store.release(self._id, errors)
                for digest in errors:
                    del claimed[digest]

    async def _write(self, requested_at: float, answers: Mapping[Any, Answer[Any] | None]) -> None:
        """Store answers by key, with the time of the request; None means that the source does not know it."""
        now = self._shared.clock()
        for lifetimes, group in (
            (self._lifetimes, {key: answer for key, answer in answers.items() if answer is not None}),
            (self._lifetimes.of_unknown_key, {key: None for key, a in answers.items() if a is None}),
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

    async def _wait(self, holders: dict[Any, str]) -> None:
        """Wait for keys that other requests are fetching, given by their ids."""
        interval = FIRST_POLL_SECONDS
        while holders and asyncio.get_running_loop().time() < self._deadline():
            await asyncio.sleep(interval)
            interval = min(interval * 1.5, MAX_POLL_SECONDS)
            try:
                unanswered = await self._remove_finished(holders)
            except RedisUnavailableError:
                if not self._store.is_usable:  # after a single failure, the other request may still finish
                    await self._fetch(list(holders), self._arrive)
                    return
            else:
                if unanswered:
                    await asyncio.gather(self._wait(holders), self._resolve(unanswered))
                    return
        self._arrive({key: self._failed(UnavailableError("no answer in time")) for key in holders})

    async def _remove_finished(self, holders: dict[Any, str]) -> list[Any]:
        """Remove the keys that are no longer being fetched, and return those that have no answer."""
        unanswered = []
        for part in _parts(list(holders)):
            digests = [self._digests[key] for key in part]
            values, claims = await asyncio.gather(self._store.values(digests), self._store.claims(digests))
            for key, value, claim in zip(part, values, claims, strict=True):
                if claim.startswith(f"!{holders[key]} "):
                    self._arrive({key: self._failed(decode_error(claim.partition(" ")[2]))})
                    del holders[key]
                elif claim != holders[key] or _timestamp(value) != _timestamp(self._values[key]):
                    del holders[key]
                    self._values[key] = value
                    if not self._use(key):
                        unanswered.append(key)
        return unanswered

    def _failed(self, error: AdapterError) -> Answer[Any]:
        error.source = self._source.name
        return Answer(error, self._source.name, datetime.now(UTC))

    async def _fetch(self, keys: Sequence[Any], on_arrival: OnArrival) -> None:
        """Request keys from the source, and pass its answers to `on_arrival`."""
        if not keys:
            return
        with receiving_arrivals(on_arrival):
            answers = await self._shared.fetch(self._source, replace(self._ask, keys=tuple(keys)))
        on_arrival({**{key: answers.get(key) for key in keys}, **answers})

    def _stale_if_failed(self, key: Any, answer: Answer[Any]) -> Answer[Any]:
        """The stored stale answer if there is one and the source failed temporarily; otherwise the answer."""
        value = answer.value
        if isinstance(value, AdapterError) and is_temporary(value):
            return self._stale_answers.get(key, answer)
        return answer


def _error_text(answer: Answer[Any] | None) -> str:
    """The error of an answer for other processes; empty without one, or if only this process's time was over."""
    error = answer.value if answer is not None else None
    return encode_error(error) if isinstance(error, AdapterError) and error.code != "DEADLINE" else ""


def _timestamp(value: bytes | None) -> bytes:
    """When a value was written; empty for no value."""
    return (value or b"")[:TIMESTAMP_BYTES]


def _parts(keys: Sequence[Any]) -> list[Sequence[Any]]:
    """The keys in parts of the size of one Redis operation."""
    size = MAX_ANSWERS_PER_OPERATION
    return [keys[start : start + size] for start in range(0, len(keys), size)]
