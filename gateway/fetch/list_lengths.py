"""
How many records a source has for one key of a lookup: learned from its answers, or counted by the vendor.

The vendor counts a list before many point reads, so that the choice between them does not depend on a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.lookup import Lookup, Page
from student_graph.adapters.paging import COUNT_ONLY, CountsLists
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.fetch.coarse_answers import coarse_ask
from student_graph.gateway.fetch.way_choice import Way
from student_graph.gateway.fetch.way_costs import WayCosts

MIN_KEYS = 20
"""Keys whose answers must be known before their average replaces the length that the lookup declares."""
MIN_DISTRICTS = 1
"""`MIN_KEYS` for lists of a district: a source has only one list of each kind, and it is rarely read."""
MAX_KEYS = 1_000
"""Highest weight of earlier answers, in keys: more earlier keys count as this many."""
MIN_CALLS_BEFORE_COUNT = 50.0
"""
From this number of calls of single reads on, the vendor is first asked for the length of a list that would replace
them.

A class needs fewer, and so do most of the students that remain of a population; six classes need more.
"""


class ListLengths:
    """Average numbers of records for one key, by source and lookup."""

    def __init__(self) -> None:
        self._averages: dict[tuple[Source, str], tuple[float, int]] = {}
        """Average and number of keys."""

    def __call__(self, source: Source, lookup: Lookup) -> float:
        """
        Return the average of the last answers, or the length that the lookup declares if few answers are known.
        """
        average, keys = self._averages.get((source, lookup.name), (0.0, 0))
        enough = MIN_DISTRICTS if lookup.key_kind == "district" else MIN_KEYS
        return average if keys >= enough else lookup.records_per_key

    def learn(self, source: Source, lookup: Lookup, answers: Answers) -> None:
        """Count the records of the answers. Errors do not count, nor do pages, which are only a part of a list."""
        lengths = [len(answer.value) for answer in answers.values() if isinstance(answer.value, list)]
        if not lengths:
            return
        average, keys = self._averages.get((source, lookup.name), (0.0, 0))
        total = keys + len(lengths)
        self._averages[source, lookup.name] = (
            (average * keys + sum(lengths)) / total,
            min(total, MAX_KEYS),
        )

    def forget(self, sources: Collection[Source]) -> None:
        """Forget sources that are no longer configured."""
        for key in [key for key in self._averages if key[0] in sources]:
            del self._averages[key]


def measured(fetch: Fetch, lengths: ListLengths) -> Fetch:
    """Learn the lengths of lists from the answers of a fetch."""

    async def fetch_measured(source: Source, ask: Ask[Any], /) -> Answers:
        answers = await fetch(source, ask)
        if ask.lookup.is_list:
            lengths.learn(source, ask.lookup, answers)
        return answers

    return fetch_measured


async def count_lists(
    source: Source, ask: Ask[Any], ways: Sequence[Way[Any]], calls: float, *, fetch: Fetch, costs: WayCosts
) -> bool:
    """
    Ask the vendor for the lengths of some ways' lists, if their costs are guesses and the ask needs many calls.

    Returns whether the vendor was asked. `calls` are those of the best way so far.
    """
    if calls < MIN_CALLS_BEFORE_COUNT or not isinstance(source.adapter, CountsLists):
        return False
    lists: list[tuple[Way[Any], Ask[Any]]] = []
    for way in ways:
        keys = [key for key, cost in way.calls_of.items() if cost >= calls]
        read = coarse_ask(ask, way.path, keys)
        if len(keys) == 1 and not costs.learned.is_known(source, read, keys[0]):
            lists.append((way, replace(read, window=COUNT_ONLY)))
    counts = await asyncio.gather(*(fetch(source, read) for _, read in lists))
    for (way, read), answers in zip(lists, counts, strict=True):
        (key,) = read.keys
        guess = way.path.cost(source.adapter.estimates).per_coarse_key
        calls_of_list = _calls_of_list(source.adapter, read.lookup, answers.get(key), guess)
        if calls_of_list is not None:
            costs.learned.record_count(source, replace(read, window=None), key, calls_of_list)
    return bool(lists)


def _calls_of_list(adapter: CountsLists, lookup: Lookup, count: Answer[Any] | None, guess: float) -> float | None:
    """The calls of a list by its count; the guess if the vendor does not count it, None if it did not answer."""
    if count is None:
        return guess
    if not isinstance(count.value, Page):
        return None
    return guess if count.value.total is None else adapter.calls_of_list(lookup, count.value.total)
