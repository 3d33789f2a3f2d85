"""How many records a source has for one key of a lookup, learned from its answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from student_graph.adapters.answers import Answers, Ask
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sources import Fetch, Source

MIN_KEYS = 20
"""Keys whose answers must be known before their average replaces the length that the lookup declares."""
MIN_DISTRICTS = 1
"""The same for lists of a district: a source has one of each, and it is read seldom."""
MAX_KEYS = 1_000
"""Weight of the past, in keys: a longer past counts as much as so many keys."""


class ListLengths:
    """Average numbers of records for one key, by source and lookup."""

    def __init__(self) -> None:
        self._averages: dict[tuple[Source, str], tuple[float, int]] = {}
        """Average and number of keys."""

    def __call__(self, source: Source, lookup: Lookup) -> float:
        """Return the average of the last answers; what the lookup declares while few are known."""
        average, keys = self._averages.get((source, lookup.name), (0.0, 0))
        enough = MIN_DISTRICTS if lookup.key_kind == "district" else MIN_KEYS
        return average if keys >= enough else lookup.records_per_key

    def learn(self, source: Source, lookup: Lookup, answers: Answers) -> None:
        """Count the records of the answers; errors and pages, which are a part of a list, do not count."""
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
