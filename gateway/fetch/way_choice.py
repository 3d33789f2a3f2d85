"""
Chooses, for each key of a batch, between a point read and the access paths that can answer it, by vendor calls.

The coarse keys of each key are known here, so the choice is a small covering problem: a coarse key costs its calls
once and helps all keys that need it, and a key is answered by a path only if all its coarse keys are read. The
solution is a local search from several starts: point reads only, each path alone, and all paths. The result
therefore never costs more calls than the best of these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from student_graph.adapters.answers import Answer
from student_graph.adapters.contract import AccessPath

K = TypeVar("K", bound=Hashable)

SIMILAR_CALLS_RATIO = 1.1
"""Up to this ratio, more calls are accepted for fewer rounds of calls."""
MAX_BUNDLED_NEEDS, MAX_SEARCHED_NEEDS = 300, 2_000
"""
Sizes of a batch, in coarse keys that its groups need. Up to the first one, bundles are tried; up to the second
one, several starts.
"""
MAX_SEARCH_STEPS = 4
"""Passes of the search from one start; it nearly always ends after two."""
MAX_ROUNDING_ERROR = 1e-6
"""Differences of calls up to this count as rounding errors."""


@dataclass(frozen=True)
class NamedCoarseKeys(Generic[K]):
    """The coarse keys of a batch, by an access path."""

    coarse_keys_of: Mapping[K, frozenset[Any]]
    """The coarse keys that answer a key together. A key that the path cannot answer is absent."""
    empty: Mapping[K, Answer[Any]] = field(default_factory=dict)
    """The answers that name no coarse key for their keys: these keys have no records."""
    is_read: bool = False
    """Whether a read was needed to name the coarse keys."""
    unknown: frozenset[K] = frozenset()
    """Keys that the source does not know."""
    failed: Mapping[K, Answer[Any]] = field(default_factory=dict)
    """Errors of keys whose coarse keys are unknown, because the operation's time ran out before they were read."""
    is_complete: bool = True
    """Whether the source does not know a key if the coarse answers do not contain it."""

    @cached_property
    def all_coarse_keys(self) -> frozenset[Any]:
        """The coarse keys of all keys."""
        return frozenset().union(*set(self.coarse_keys_of.values()))

    def is_same(self, other: NamedCoarseKeys[K]) -> bool:
        """
        Whether another batch of the same keys has the same coarse keys, and neither needed a read to name them.
        """
        is_read = self.is_read or other.is_read
        return self is other or (not is_read and self.all_coarse_keys == other.all_coarse_keys)


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


def choose(
    point_calls: Mapping[K, float], ways: Sequence[Way[K]], concurrency: int = 1, *, strict: bool = False
) -> Choice[K]:
    """
    The choice with the fewest calls for some keys.

    `point_calls` are the calls of each key's point read, 0 if it is cached or in flight. If several choices need
    about the same number of calls, the one with the fewest rounds is taken. With `strict`, only calls count.
    """
    problem = _Problem(point_calls, ways)
    candidates = problem.candidates()
    limit = min(candidate.calls for candidate in candidates) * (1 if strict else SIMILAR_CALLS_RATIO)
    best = min(
        (candidate for candidate in candidates if candidate.calls <= limit + MAX_ROUNDING_ERROR),
        key=lambda candidate: (candidate.calls if strict else candidate.rounds(concurrency), candidate.calls),
    )
    return problem.choice(best.selected)


class _Candidate(NamedTuple):
    """A selection of coarse keys."""

    selected: frozenset[int]
    """Numbers of the coarse keys to read that cost calls."""
    coarse_calls: float
    point_calls: float

    @property
    def calls(self) -> float:
        """Calls of all reads."""
        return self.coarse_calls + self.point_calls

    def rounds(self, concurrency: int) -> int:
        """How many calls must wait for each other: the other pages of a list are read after its first one."""
        coarse = 1 + math.ceil(max(self.coarse_calls - 1, 0) / concurrency) if self.coarse_calls else 0
        return max(math.ceil(self.point_calls / concurrency), coarse)


class _Problem(Generic[K]):
    """
    One batch, with numbers for its coarse keys that cost calls.

    Keys that need the same coarse keys are a group. Each way that can answer a group is an option of it.
    """

    def __init__(self, point_calls: Mapping[K, float], ways: Sequence[Way[K]]) -> None:
        self._point_calls, self._ways = point_calls, ways
        self._numbers: dict[tuple[int, Any], int] = {}
        """By way and coarse key."""
        self.calls: list[float] = []
        """Calls of each coarse key."""
        self.users: list[list[int]] = []
        """The options that need each coarse key."""
        self.options: list[tuple[int, ...]] = []
        """The coarse keys that each option needs."""
        self.group_of: list[int] = []
        """The group of each option."""
        self.group_calls: list[float] = []
        """Calls of the point reads of each group."""
        self._add_groups()

    def _add_groups(self) -> None:
        """Sort the keys that cost calls, however they are read, into groups."""
        groups: dict[tuple[frozenset[Any] | None, ...], float] = {}
        for key, calls in self._point_calls.items():
            if calls:
                needs = tuple([way.coarse_keys_of.get(key) for way in self._ways])
                groups[needs] = groups.get(needs, 0.0) + calls
        for needs, calls in groups.items():
            options = [
                (index, tuple([c for c in coarse_keys if self._ways[index].calls_of[c]]))
                for index, coarse_keys in enumerate(needs)
                if coarse_keys is not None
            ]
            if options and all(coarse_keys for _, coarse_keys in options):
                self.group_calls.append(calls)
                for index, coarse_keys in options:
                    self._add_option(index, coarse_keys)

    def _add_option(self, index: int, coarse_keys: Sequence[Any]) -> None:
        option = len(self.options)
        numbers = []
        for coarse_key in coarse_keys:
            number = self._numbers.get((index, coarse_key))
            if number is None:
                number = self._numbers[index, coarse_key] = len(self.calls)
                self.calls.append(self._ways[index].calls_of[coarse_key])
                self.users.append([])
            self.users[number].append(option)
            numbers.append(number)
        self.options.append(tuple(numbers))
        self.group_of.append(len(self.group_calls) - 1)

    def candidates(self) -> list[_Candidate]:
        """Point reads only, each way alone, and the results of a search from these and from all ways."""
        indexes = range(len(self._ways))
        starts = [[], *([n for (way, _), n in self._numbers.items() if way == index] for index in indexes)]
        fixed = [_Search(self, start) for start in starts]
        candidates = [search.candidate() for search in fixed]
        needs = sum(map(len, self.options))
        if needs > MAX_SEARCHED_NEEDS:
            fixed = [min(fixed, key=lambda search: search.calls)]
        elif len(indexes) > 1:
            fixed.append(_Search(self, range(len(self.calls))))
        for search in fixed if needs else ():
            search.run(with_bundles=needs <= MAX_BUNDLED_NEEDS)
            candidates.append(search.candidate())
        return candidates

    def choice(self, selected: frozenset[int]) -> Choice[K]:
        """The choice that reads some coarse keys; keys are answered by the first way that can."""
        read = [{c for c, calls in way.calls_of.items() if not calls} for way in self._ways]
        for (index, coarse_key), number in self._numbers.items():
            if number in selected:
                read[index].add(coarse_key)
        keys: list[list[K]] = [[] for _ in self._ways]
        coarse_keys_read: list[set[Any]] = [set() for _ in self._ways]
        calls = 0.0
        for key, key_calls in self._point_calls.items():
            if not key_calls:
                continue
            for index, way in enumerate(self._ways):
                coarse_keys = way.coarse_keys_of.get(key)
                if coarse_keys is not None and coarse_keys <= read[index]:
                    keys[index].append(key)
                    coarse_keys_read[index] |= coarse_keys
                    break
            else:
                calls += key_calls
        for way, coarse in zip(self._ways, coarse_keys_read, strict=True):
            calls += sum(way.calls_of[coarse_key] for coarse_key in coarse)
        return Choice(list(map(frozenset, coarse_keys_read)), keys, calls)


class _Search:
    """A selection of coarse keys that is changed step by step, as long as it becomes cheaper."""

    def __init__(self, problem: _Problem[Any], start: Iterable[int]) -> None:
        self._problem = problem
        self._selected: set[int] = set()
        self._missing = list(map(len, problem.options))
        """For each option, how many of its coarse keys are not selected."""
        self._answering = [0] * len(problem.group_calls)
        """For each group, how many options answer it."""
        self._coarse_calls, self._point_calls = 0.0, sum(problem.group_calls)
        for number in start:
            self._add(number)

    @property
    def calls(self) -> float:
        """Calls of all reads."""
        return self._coarse_calls + self._point_calls

    def candidate(self) -> _Candidate:
        """The selection as it is now."""
        return _Candidate(frozenset(self._selected), self._coarse_calls, self._point_calls)

    def run(self, *, with_bundles: bool) -> None:
        """Remove and add coarse keys, and bundles of those that options need, until none is worth it."""
        calls = self._problem.calls
        bundles = sorted(set(self._problem.options)) if with_bundles else []
        for _ in range(MAX_SEARCH_STEPS):
            before = self.calls
            for number in sorted(self._selected, key=lambda n: -calls[n]):
                self._try(self._remove, [number])
            for bundle in bundles:
                self._try(self._remove, [number for number in bundle if number in self._selected])
            for bundle in bundles:
                self._try(self._add, [number for number in bundle if number not in self._selected])
            if self.calls > before - MAX_ROUNDING_ERROR:
                break

    def _try(self, change: Callable[[int], None], numbers: Sequence[int]) -> None:
        """Make a change, and undo it if the selection becomes more expensive."""
        before = self.calls
        for number in numbers:
            change(number)
        if self.calls > before:
            undo = self._add if change == self._remove else self._remove
            for number in numbers:
                undo(number)

    def _add(self, number: int) -> None:
        problem = self._problem
        self._selected.add(number)
        self._coarse_calls += problem.calls[number]
        for option in problem.users[number]:
            self._missing[option] -= 1
            if not self._missing[option]:
                group = problem.group_of[option]
                self._answering[group] += 1
                if self._answering[group] == 1:
                    self._point_calls -= problem.group_calls[group]

    def _remove(self, number: int) -> None:
        problem = self._problem
        self._selected.discard(number)
        self._coarse_calls -= problem.calls[number]
        for option in problem.users[number]:
            self._missing[option] += 1
            if self._missing[option] == 1:
                group = problem.group_of[option]
                self._answering[group] -= 1
                if not self._answering[group]:
                    self._point_calls += problem.group_calls[group]
