"""
The real costs of reads at the sources, in vendor calls. The costs that adapters declare are only the first guess.

All operations of a process share these numbers. They hold no records: a key is remembered with a number.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from cachetools import LRUCache

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.contract import AccessPath
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.paging import COUNT_ONLY
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.fetch.way_choice import Choice, NamedCoarseKeys, Way
from student_graph.gateway.telemetry import CallCounter, counting_calls

MAX_REMEMBERED_KEYS = 20_000
"""How many keys of coarse lookups have remembered calls, and also how many have remembered demand."""
GUESS_WEIGHT_KEYS = 8.0
"""Weight of a declared cost: it counts as if this number of keys had been read at that cost."""
MAX_WEIGHT_KEYS = 500.0
"""Highest weight of earlier reads, in keys: more earlier keys count as this many, so that changes are noticed."""


@dataclass(slots=True)
class _Mean:
    """A mean of calls for a key."""

    calls: float = 0.0
    keys: float = 0.0

    def add(self, calls: float, keys: float) -> None:
        """Add the calls that reading a number of keys took."""
        share = min(1.0, MAX_WEIGHT_KEYS / (self.keys + keys))
        self.calls, self.keys = (self.calls + calls) * share, (self.keys + keys) * share

    def with_guess(self, guess: float) -> float:
        """The mean, in which the guess counts as much as `GUESS_WEIGHT_KEYS` keys."""
        return (self.calls + guess * GUESS_WEIGHT_KEYS) / (self.keys + GUESS_WEIGHT_KEYS)


class LearnedCosts:
    """Calls of point reads and coarse reads, and the demand for coarse keys, as last seen at each source."""

    def __init__(self) -> None:
        self._means: dict[tuple[Source, str], _Mean] = {}
        """Mean calls of the reads, by source and lookup."""
        self._calls: LRUCache[Hashable, float] = LRUCache(MAX_REMEMBERED_KEYS)
        """Calls of the last read of a key of a coarse lookup."""
        self._coarse_keys: dict[Hashable, float] = {}
        """Coarse keys of the last batch, by source, lookup, coarse lookup, and the batch's size."""
        self._demand: LRUCache[Hashable, tuple[float, float]] = LRUCache(MAX_REMEMBERED_KEYS)
        """By coarse key, the calls that a coarse read would have replaced, and when they were counted."""

    def record(self, source: Source, ask: Ask[Any], calls: int, answers: Answers) -> None:
        """
        Remember the calls of a read.

        Reads without calls or with a failure say little about the cost and are ignored.
        """
        if not calls or not ask.keys or ask.window == COUNT_ONLY:
            return
        if any(isinstance(answer.value, AdapterError) for answer in answers.values()):
            return
        self._means.setdefault((source, ask.lookup.name), _Mean()).add(calls, len(ask.keys))
        if ask.lookup.is_list and ask.window is None:
            reads_changes = source.adapter.reads_changes
            for key, key_calls in _calls_by_key(ask, calls, answers).items():
                name = (source, *ask.call_key, key)
                # A read of changes costs less than the next full read.
                self._calls[name] = max(key_calls, self._calls.get(name, 0.0)) if reads_changes else key_calls

    def point_calls(self, source: Source, lookup: Lookup, guess: float) -> float:
        """Calls for one key of a lookup: the mean of the last reads, or the guess before the first one."""
        mean = self._means.get((source, lookup.name))
        return guess if mean is None else mean.with_guess(guess)

    def coarse_calls(self, source: Source, ask: Ask[Any], key: Any, guess: float) -> float:
        """
        Calls for a coarse key, as in its last read.

        For a key that was never read they are those of the lookup's other keys, and at first the guess.
        """
        calls = self._calls.get((source, *ask.call_key, key))
        if calls is not None:
            return calls
        return self.mean_calls(source, ask.lookup, guess)

    def is_known(self, source: Source, ask: Ask[Any], key: Any) -> bool:
        """Whether the calls for a coarse key are known from a read, or from the vendor's count of its list."""
        return (source, *ask.call_key, key) in self._calls or (source, ask.lookup.name) in self._means

    def record_count(self, source: Source, ask: Ask[Any], key: Any, calls: float) -> None:
        """Remember the calls for a coarse key by the length of its list, until the list is read."""
        self._calls[source, *ask.call_key, key] = calls

    def mean_calls(self, source: Source, lookup: Lookup, guess: float) -> float:
        """Calls for one key of a coarse lookup, as in the last reads; at first the guess."""
        mean = self._means.get((source, lookup.name))
        return guess if mean is None else mean.calls / mean.keys

    def is_learned(self, source: Source, lookup: Lookup) -> bool:
        """Whether a read of the lookup was seen."""
        return (source, lookup.name) in self._means

    def coarse_keys(self, source: Source, lookup: Lookup, path: AccessPath[Any], keys: int, guess: float) -> float:
        """How many coarse keys the last batch of about this size had; the guess if there was none."""
        return self._coarse_keys.get(_batch_size_key(source, lookup, path, keys), guess)

    def record_coarse_keys(
        self, source: Source, lookup: Lookup, path: AccessPath[Any], keys: int, named: NamedCoarseKeys[Any]
    ) -> None:
        """Remember how many coarse keys a batch had."""
        self._coarse_keys[_batch_size_key(source, lookup, path, keys)] = float(len(named.all_coarse_keys))

    def demand(self, source: Source, ask: Ask[Any], key: Any, now: float) -> float:
        """Calls of other reads that the coarse key would have replaced lately: older calls count less."""
        calls, at = self._demand.get((source, *ask.call_key, key), (0.0, now))
        return calls * exp(-max(now - at, 0.0) / _fresh_seconds(source, ask)) if calls else 0.0

    def add_demand(self, source: Source, ask: Ask[Any], key: Any, calls: float, now: float) -> None:
        """Count calls that the coarse key replaces, or would have replaced; a negative number takes them back."""
        total = self.demand(source, ask, key, now) + calls
        self._demand[(source, *ask.call_key, key)] = (max(total, 0.0), now)

    def add_demands(self, source: Source, ask: Ask[Any], calls: Mapping[Any, float], now: float) -> None:
        """Count calls by coarse key."""
        for key, key_calls in calls.items():
            if key_calls:
                self.add_demand(source, ask, key, key_calls, now)

    def forget(self, sources: Collection[Source]) -> None:
        """Forget sources that are no longer configured."""
        known: tuple[MutableMapping[Any, Any], ...] = (self._means, self._calls, self._coarse_keys, self._demand)
        for values in known:
            for key in [key for key in values if key[0] in sources]:
                del values[key]


def spent_calls(
    point_calls: Mapping[Any, float], ways: Sequence[Way[Any]], choice: Choice[Any]
) -> dict[Any, float]:
    """The calls that a choice spends on each key: those of its point read, or its part of those of lists."""
    spent = dict(point_calls)
    for way, keys in zip(ways, choice.keys, strict=True):
        users: dict[Any, int] = {}
        for coarse_keys in map(way.coarse_keys_of.__getitem__, keys):
            for coarse_key in coarse_keys:
                users[coarse_key] = users.get(coarse_key, 0) + 1
        parts = {coarse_key: way.calls_of[coarse_key] / count for coarse_key, count in users.items()}
        spent.update((key, sum(parts[c] for c in way.coarse_keys_of[key])) for key in keys)
    return spent


def saved_calls(
    coarse_keys_of: Mapping[Any, frozenset[Any]], point_calls: Mapping[Any, float]
) -> dict[Any, float]:
    """By coarse key, the calls of point reads that it helps to replace."""
    saved: dict[Any, float] = {}
    for key, coarse_keys in coarse_keys_of.items():
        if calls := point_calls.get(key, 0.0):
            for coarse_key in coarse_keys:
                saved[coarse_key] = saved.get(coarse_key, 0.0) + calls / len(coarse_keys)
    return saved


def _batch_size_key(source: Source, lookup: Lookup, path: AccessPath[Any], keys: int) -> Hashable:
    """Batches whose sizes have the same number of bits count as equal."""
    return source, lookup.name, lookup_of(path.coarse_lookup).name, keys.bit_length()


def _fresh_seconds(source: Source, ask: Ask[Any]) -> float:
    return max(source.freshness(ask.lookup).fresh.total_seconds(), 1.0)


def _calls_by_key(ask: Ask[Any], calls: int, answers: Answers) -> Mapping[Any, float]:
    """The calls of a read by key: one for each, and the others in proportion to the records."""
    keys = len(ask.keys)
    if calls <= keys:
        return dict.fromkeys(ask.keys, calls / keys)
    records = {key: len(records_in(answers[key].value)) if key in answers else 0 for key in ask.keys}
    total = sum(records.values()) or 1
    return {key: 1 + (calls - keys) * count / total for key, count in records.items()}


def learning(fetch: Fetch, costs: LearnedCosts) -> Fetch:
    """Remember what each read of a fetch costs."""

    async def fetch_learning(source: Source, ask: Ask[Any], /) -> Answers:
        counter = CallCounter()
        with counting_calls(counter):
            answers = await fetch(source, ask)
        costs.record(source, ask, counter.count, answers)
        return answers

    return fetch_learning
