"""
Chooses, for each key of a batch, between a point read and the access paths that can answer it, by vendor calls.

The coarse keys of each key are known here, so the choice is a small covering problem: a coarse key costs its calls
once and helps all keys that need it, and a key is answered by a path only if all its coarse keys are read. The
solution is a local search from several starts: point reads only, each path alone, and all paths. The result
therefore never costs more calls than the best of these.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar

from student_graph.adapters.answers import Answers
from student_graph.adapters.contract import AccessPath

K = TypeVar("K", bound=Hashable)

SIMILAR_CALLS_RATIO = 1.1
"""Up to this ratio, more calls are accepted for fewer rounds of calls."""
MAX_SEARCHED_GROUPS = 100
"""Groups of keys up to which bundles of coarse keys are added and removed together."""
MAX_SEARCH_STEPS = 8
"""Passes of the search from one start; it nearly always ends after two."""


@dataclass(frozen=True)
class NamedCoarseKeys(Generic[K]):
    """The coarse keys of a batch, by an access path."""

    coarse_keys_of: Mapping[K, frozenset[Any]]
    """The coarse keys that answer a key together. A key that the path cannot answer is absent."""
    answers: Answers = field(default_factory=dict)
    """The answers that name them, by key; empty if none had to be read."""
    unknown: frozenset[K] = frozenset()
    """Keys that the source does not know."""
    is_complete: bool = True
    """Whether a key that the coarse answers do not hold is unknown to the source."""

    @cached_property
    def all_coarse_keys(self) -> frozenset[Any]:
        """The coarse keys of all keys."""
        return frozenset().union(*set(self.coarse_keys_of.values()))

    def is_same(self, other: NamedCoarseKeys[K]) -> bool:
        """Whether these are the coarse keys of another batch of the same keys, named by the same answers."""
        if self is other:
            return True
        has_answers = bool(self.answers) or bool(other.answers)
        return not has_answers and self.all_coarse_keys == other.all_coarse_keys


@dataclass(frozen=True, slots=True)
class Way(Generic[K]):
    """An access path with the coarse keys of a batch."""

    path: AccessPath[Any]
    named: NamedCoarseKeys[K]
    calls_of: Mapping[Any, float]
    """Vendor calls for each coarse key now; 0 for one that is cached or in flight."""

    @property
    def coarse_keys_of(self) -> Mapping[K, frozenset[Any]]:
        """The coarse keys that answer a key together. A key that the path cannot answer is absent."""
        return self.named.coarse_keys_of


@dataclass(frozen=True, slots=True)
class Choice(Generic[K]):
    """Which coarse keys are read, and which keys they answer; all other keys get point reads."""

    coarse_keys: Sequence[frozenset[Any]]
    """For each way, the coarse keys that are read."""
    keys: Sequence[Sequence[K]]
    """For each way, the keys that it answers."""
    calls: float
    """Vendor calls of all reads together."""
    rounds: float
    """How many calls follow each other, if each source answers `concurrency` calls at the same time."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Keys that need the same coarse keys."""

    needs: tuple[frozenset[Any] | None, ...]
    """For each way, the coarse keys that cost calls; None if the way cannot answer the keys."""
    calls: float
    """Calls of the keys' point reads."""


_Selection: TypeAlias = list[set[Any]]
"""For each way, the coarse keys to read that cost calls."""


def choose(
    point_calls: Mapping[K, float], ways: Sequence[Way[K]], concurrency: int = 1, *, strict: bool = False
) -> Choice[K]:
    """
    The choice with the fewest calls for some keys.

    `point_calls` are the calls of each key's point read, 0 if it is cached or in flight. Of choices with about
    equal calls the one with fewer rounds is taken, unless calls are counted `strict`ly.
    """
    problem = _Problem(point_calls, ways)
    candidates = [problem.choice(selection, concurrency) for selection in problem.selections()]
    fewest = min(candidate.calls for candidate in candidates)
    limit = fewest if strict else fewest * SIMILAR_CALLS_RATIO
    return min((c for c in candidates if c.calls <= limit), key=lambda c: (c.rounds, c.calls))


class _Problem(Generic[K]):
    """One batch: its keys in groups, and the ways."""

    def __init__(self, point_calls: Mapping[K, float], ways: Sequence[Way[K]]) -> None:
        self._point_calls, self._ways = point_calls, ways
        self._free = [{c for c, calls in way.calls_of.items() if not calls} for way in ways]
        calls_of_needs: dict[tuple[frozenset[Any] | None, ...], float] = {}
        needs_of_keys: dict[frozenset[Any], frozenset[Any]] = {}
        for key, calls in point_calls.items():
            if not calls:
                continue
            needs = tuple([self._needs(index, key, needs_of_keys) for index in range(len(ways))])
            if frozenset() not in needs and any(needs):
                calls_of_needs[needs] = calls_of_needs.get(needs, 0.0) + calls
        self._groups = [_Group(needs, calls) for needs, calls in calls_of_needs.items()]

    def _needs(self, index: int, key: K, known: dict[frozenset[Any], frozenset[Any]]) -> frozenset[Any] | None:
        """The coarse keys that cost calls and that a way needs for a key; None if it cannot answer the key."""
        coarse_keys = self._ways[index].coarse_keys_of.get(key)
        if coarse_keys is None or not self._free[index]:
            return coarse_keys
        needs = known.get(coarse_keys) if len(self._ways) == 1 else None
        if needs is None:
            needs = known[coarse_keys] = coarse_keys - self._free[index]
        return needs

    def selections(self) -> Iterable[_Selection]:
        """The best selections of some starts: nothing, each way alone, and all ways."""
        indexes = range(len(self._ways))
        if not self._groups:
            return [[set() for _ in indexes]]
        starts: list[_Selection] = [[set() for _ in indexes], *(self._all_of([index]) for index in indexes)]
        if len(self._ways) > 1:
            starts.append(self._all_of(indexes))
        selections = [*starts, *(self._searched(start) for start in starts)]
        return [selection for number, selection in enumerate(selections) if selection not in selections[:number]]

    def choice(self, selection: _Selection, concurrency: int) -> Choice[K]:
        """The choice that reads the coarse keys of a selection; keys are answered by the first way that can."""
        read = [free | chosen for free, chosen in zip(self._free, selection, strict=True)]
        keys: list[list[K]] = [[] for _ in self._ways]
        calls = point_calls = 0.0
        for key, key_calls in self._point_calls.items():
            if not key_calls:
                continue
            for index, way in enumerate(self._ways):
                coarse_keys = way.coarse_keys_of.get(key)
                if coarse_keys is not None and coarse_keys <= read[index]:
                    keys[index].append(key)
                    break
            else:
                point_calls += key_calls
        coarse_keys_read = [
            frozenset().union(*{way.coarse_keys_of[key] for key in answered})
            for way, answered in zip(self._ways, keys, strict=True)
        ]
        for way, coarse in zip(self._ways, coarse_keys_read, strict=True):
            calls += sum(way.calls_of[coarse_key] for coarse_key in coarse)
        if math.isinf(calls):  # a list that is longer than an adapter may read; other choices are cheaper
            return Choice(coarse_keys_read, keys, calls, rounds=0)
        # A list is read page by page only after its first page, which says how long it is.
        coarse_rounds = 1 + math.ceil(max(calls - 1, 0) / concurrency) if calls else 0
        rounds = max(math.ceil(point_calls / concurrency), coarse_rounds)
        return Choice(coarse_keys_read, keys, calls + point_calls, rounds)

    def _all_of(self, indexes: Iterable[int]) -> _Selection:
        """All coarse keys of some ways."""
        selection: _Selection = [set() for _ in self._ways]
        for group in self._groups:
            for index in indexes:
                selection[index].update(group.needs[index] or ())
        return selection

    def _searched(self, start: _Selection) -> _Selection:
        """A selection that no single change makes cheaper, from a start that stays unchanged."""
        selection = [set(chosen) for chosen in start]
        for _ in range(MAX_SEARCH_STEPS):
            changed = self._remove(selection, ((index, frozenset({c})) for index, c in _coarse_keys(selection)))
            if len(self._groups) <= MAX_SEARCHED_GROUPS:
                bundles = {
                    (index, needs)
                    for group in self._groups
                    for index, needs in enumerate(group.needs)
                    if needs is not None
                }
                changed |= self._remove(selection, bundles)
                changed |= self._add(selection, bundles)
            if not changed:
                break
        return selection

    def _is_answered(self, group: _Group, selection: _Selection, index: int) -> bool:
        needs = group.needs[index]
        return needs is not None and needs <= selection[index]

    def _remove(self, selection: _Selection, bundles: Iterable[tuple[int, frozenset[Any]]]) -> bool:
        """Remove bundles that cost at least as much as the point reads that they replace; returns if any was."""
        answering = [
            {index for index in range(len(self._ways)) if self._is_answered(group, selection, index)}
            for group in self._groups
        ]
        users: dict[tuple[int, Any], list[int]] = {}
        for number, group in enumerate(self._groups):
            for index in answering[number]:
                for coarse_key in group.needs[index] or ():
                    users.setdefault((index, coarse_key), []).append(number)

        def losing(index: int, bundle: frozenset[Any]) -> set[int]:
            """The groups that the way answers now and does not answer without the bundle."""
            numbers = {number for c in bundle for number in users.get((index, c), ())}
            return {number for number in numbers if index in answering[number]}

        def loss(index: int, bundle: frozenset[Any]) -> float:
            """Calls of the point reads that become necessary, less the calls that are saved."""
            point = sum(self._groups[n].calls for n in losing(index, bundle) if len(answering[n]) == 1)
            return point - self._calls(index, bundle & selection[index])

        removed = False
        for _, index, bundle in sorted(((loss(*item), *item) for item in bundles), key=lambda item: item[0]):
            if bundle & selection[index] and loss(index, bundle) <= 0:
                for number in losing(index, bundle):
                    answering[number].discard(index)
                selection[index] -= bundle
                removed = True
        return removed

    def _add(self, selection: _Selection, bundles: Iterable[tuple[int, frozenset[Any]]]) -> bool:
        """Add bundles that cost less than the point reads that they replace; returns whether any was added."""
        added = False
        for index, bundle in bundles:
            new = bundle - selection[index]
            if not new:
                continue
            widened = [*selection]
            widened[index] = selection[index] | new
            gain = sum(
                group.calls
                for group in self._groups
                if self._is_answered(group, widened, index)
                and not any(self._is_answered(group, selection, i) for i in range(len(self._ways)))
            )
            if gain > self._calls(index, new):
                selection[index] |= new
                added = True
        return added

    def _calls(self, index: int, coarse_keys: Iterable[Any]) -> float:
        calls_of = self._ways[index].calls_of
        return sum(calls_of[coarse_key] for coarse_key in coarse_keys)


def _coarse_keys(selection: _Selection) -> Iterable[tuple[int, Any]]:
    return [(index, coarse_key) for index, chosen in enumerate(selection) for coarse_key in chosen]
