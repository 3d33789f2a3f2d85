"""Batching within one operation: keys requested in the same turn of the event loop share a call."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.sources import CachedAnswers, Fetch, Source, no_cached_answers
from student_graph.gateway.concurrency.observation import Attribute, current_span, span


@dataclass(slots=True, eq=False)
class _PendingBatch:
    """A call that collects keys for some turns of the event loop, then runs. Without waiters it is cancelled."""

    ask: Ask[Any]
    keys: dict[Any, None] = field(default_factory=dict)
    """Ordered, without duplicates."""
    waiters: int = 0
    cancelled: bool = False
    task: asyncio.Task[Answers] | None = None


@dataclass(slots=True)
class _OperationBatches:
    """All batches of one operation."""

    collecting: dict[Hashable, _PendingBatch] = field(default_factory=dict)
    """Batches that still accept keys, by source and batch key."""
    by_key: dict[Hashable, dict[Any, _PendingBatch]] = field(default_factory=dict)
    """By source and batch key, then by key."""


class Batcher:
    """
    Merges the asks of one operation that differ only in their keys, and fetches each key once.

    An ask for a single key waits `turns` turns of the event loop for others. Resolvers that ask for one key per
    parent need two turns: the resolvers of one list start in the first one, and those that a finished batch wakes
    start in the next one. An ask for several keys starts at once, because its caller has merged them already.

    Some asks do not need records at other schools (`Ask.at_enrolled_schools`). They wait a turn for asks that do,
    and take the answers to their keys from those.
    """

    def __init__(
        self,
        fetch: Fetch,
        turns: int = 0,
        cached_answers: CachedAnswers = no_cached_answers,
        batches: _OperationBatches | None = None,
    ) -> None:
        """Fetch with `fetch` all asks that `cached_answers` does not answer; `batches` are shared with another."""
        self._fetch = fetch
        self._turns = turns
        self._cached_answers = cached_answers
        self._batches = batches or _OperationBatches()

    def with_turns(self, turns: int) -> Batcher:
        """A batcher that shares its batches with this one; its single keys wait `turns` turns."""
        return Batcher(self._fetch, turns, self._cached_answers, self._batches)

    def joined_by(self, fetch: Fetch) -> Batcher:
        """
        A batcher that shares its batches with this one and reads what they do not hold with `fetch`.

        It does not refer to this one: a fetch may wait for those who wait for it, without a cycle of references.
        """
        return Batcher(fetch, batches=self._batches)

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers to an ask, cached or from the batches that hold its keys."""
        cached = self._cached_answers(source, ask)
        if cached is not None:
            return cached
        if ask.at_enrolled_schools:
            await asyncio.sleep(0)
        batches = self._join(source, ask)
        if len(batches) == 1:
            answers = await _wait_for(batches[0])
        else:
            parts = await asyncio.gather(*map(_wait_for, batches))
            answers = {key: answer for part in parts for key, answer in part.items()}
        # Nearly always the batch holds the keys of this ask and no others; then its mapping is returned unchanged.
        return (
            answers if len(answers) <= len(ask.keys) else {key: answers[key] for key in ask.keys if key in answers}
        )

    def unheld_keys(self, source: Source, ask: Ask[Any], keys: list[Any]) -> list[Any]:
        """The keys of an ask that no batch of the operation has requested yet."""
        known = self._batches.by_key.get((source, *ask.batch_key))
        if not known:
            return keys
        return [key for key in keys if (batch := known.get(key)) is None or batch.cancelled]

    def holds(self, source: Source, ask: Ask[Any]) -> bool:
        """Whether all keys of an ask were requested, and the answers to them wait for no other lookup."""
        paths = source.adapter.paths.get(ask.lookup.method, ())
        waits = any(path.coarse_keys_from is not None for path in paths)
        return not waits and not self.unheld_keys(source, ask, list(ask.keys))

    def _join(self, source: Source, ask: Ask[Any]) -> list[_PendingBatch]:
        """The batches that hold the keys of an ask: earlier ones, and one for all new keys."""
        batch_key = (source, *ask.batch_key)
        known = self._batches.by_key.setdefault(batch_key, {})
        complete = self._complete_batches(source, ask)
        batches: dict[int, _PendingBatch] = {}
        new_keys = []
        for key in ask.keys:
            batch = complete.get(key)
            if batch is None or batch.cancelled:
                batch = known.get(key)
            if batch is None or batch.cancelled:
                new_keys.append(key)
            else:
                batches[id(batch)] = batch
        if new_keys:
            batch = self._batches.collecting.get(batch_key)
            if batch is None or batch.cancelled:
                batch = self._batches.collecting[batch_key] = _PendingBatch(ask)
                turns = self._turns if len(new_keys) == 1 else 0
                batch.task = asyncio.create_task(self._run(source, batch_key, batch, turns))
            batch.keys.update(dict.fromkeys(new_keys))
            known.update(dict.fromkeys(new_keys, batch))
            if not ask.reached_via <= batch.ask.reached_via:
                batch.ask = replace(batch.ask, reached_via=batch.ask.reached_via | ask.reached_via)
            batches[id(batch)] = batch
        return list(batches.values())

    def _complete_batches(self, source: Source, ask: Ask[Any]) -> Mapping[Any, _PendingBatch]:
        """By key, the batches of the same ask that also include records at other schools; empty for most asks."""
        if not ask.at_enrolled_schools:
            return {}
        return self._batches.by_key.get((source, *replace(ask, at_enrolled_schools=False).batch_key), {})

    async def _run(self, source: Source, batch_key: Hashable, batch: _PendingBatch, turns: int) -> Answers:
        """Collect keys for some turns, then fetch them."""
        for _ in range(turns):
            await asyncio.sleep(0)
        if self._batches.collecting.get(batch_key) is batch:
            del self._batches.collecting[batch_key]
        return await self._fetch(source, replace(batch.ask, keys=tuple(batch.keys)))


async def _wait_for(batch: _PendingBatch) -> Answers:
    """The answers of a batch; if this was its last waiter and is cancelled, the batch is cancelled too."""
    assert batch.task is not None
    batch.waiters += 1
    try:
        return await asyncio.shield(batch.task)
    finally:
        batch.waiters -= 1
        if not batch.waiters and not batch.task.done():
            batch.cancelled = True
            batch.task.cancel()


def in_spans(fetch: Fetch) -> Fetch:
    """
    Open a span in the operation's trace for each lookup that the cache alone cannot answer.

    The span has the number of keys, never the keys themselves: they are numbers of students.
    """

    async def fetch_in_span(source: Source, ask: Ask[Any], /) -> Answers:
        if current_span() is None:
            return await fetch(source, ask)
        with span(f"lookup {ask.lookup.name}", _attributes(source, ask)) as lookup:
            answers = await fetch(source, ask)
            if lookup is not None:
                lookup.set("student_graph.answers", len(answers))
                codes = {
                    answer.value.code for answer in answers.values() if isinstance(answer.value, AdapterError)
                }
                if codes:
                    lookup.set("student_graph.error_codes", ",".join(sorted(codes)))
        return answers

    return fetch_in_span


def _attributes(source: Source, ask: Ask[Any]) -> dict[str, Attribute]:
    """The attributes of the span of a lookup."""
    return {
        "student_graph.district": source.district,
        "student_graph.source": source.name,
        "student_graph.lookup": ask.lookup.name,
        "student_graph.keys": len(ask.keys),
    }
