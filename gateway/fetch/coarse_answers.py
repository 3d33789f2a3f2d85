"""Coarse answers sorted by key: the records of a school's list by student, and the answers made from them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from sys import getsizeof
from time import perf_counter
from typing import Any, NamedTuple
from weakref import ref

from cachetools import LRUCache

from student_graph.adapters.answers import Answer, Answers, Ask
from student_graph.adapters.contract import AccessPath, Adapter
from student_graph.adapters.errors import AdapterError, UnavailableError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.gateway.fetch.cache_view import View
from student_graph.gateway.fetch.way_choice import NamedCoarseKeys, Way

RECORDS_PER_SLICE = 500
"""Records that are sorted between two looks at the time."""
MIN_BATCH_KEYS, MAX_BATCH_KEYS_RATIO = 64, 2
"""Keys of all answers that are kept beside a coarse answer: at least, and as a multiple of its own keys."""
ANSWER_BYTES = 200
"""Bytes of an answer to one key without its records, and of its slot in a mapping."""
MAX_SLICE_SECONDS = 0.005
"""How long sorting holds the event loop at a time."""


class Batch(NamedTuple):
    """The answers to an ask that were made from coarse answers, and what they were made from."""

    answers: SharedBatch
    named: NamedCoarseKeys[Any]
    coarse_answers: Answers | None
    """None for answers that are kept beside all coarse answers together, and are removed with them."""


class Groups:
    """The records of one coarse answer by key. Its lists are shared by all operations and must not be changed."""

    __slots__ = ("_loose_key", "_records", "_sort_key", "_spellings", "_unsorted", "batches", "requested")

    def __init__(self, records: dict[Any, list[Any]], sort_key: Any, loose_key: Callable[[Any], Any]) -> None:
        self._records, self._sort_key, self._loose_key = records, sort_key, loose_key
        self._spellings: dict[Any, set[Any]] = {}
        """Keys with records that are spelled differently from their loose form, by that form."""
        for key in records if loose_key is not Adapter.loose_key else ():
            if (form := loose_key(key)) != key:
                self._spellings.setdefault(form, set()).add(key)
        self._unsorted = set(records) if sort_key is not None else set()
        self.requested: set[Any] = set()
        """Keys that were requested since the coarse answer was read."""
        self.batches = new_batches(len(records))
        """Answers to earlier asks, by their keys."""

    @property
    def key_count(self) -> int:
        """Number of keys that have records."""
        return len(self._records)

    def records(self, key: Any) -> list[Any]:
        """The records of a key, in the order that the lookup promises."""
        records = self._records.get(key, [])
        if key in self._unsorted:
            self._unsorted.discard(key)
            records.sort(key=self._sort_key)
        return records

    def is_certain(self, key: Any) -> bool:
        """
        Whether no record has the key in another spelling: only the vendor knows whether it belongs to the key.
        """
        form = self._loose_key(key)
        if form != key and form in self._records:
            return False
        spellings = self._spellings.get(form)
        return spellings is None or spellings <= {key}

    @property
    def size(self) -> int:
        """Bytes that the groups and their batches take at most, without the records."""
        batch_bytes = int(self.batches.maxsize) * ANSWER_BYTES
        return (
            batch_bytes
            + getsizeof(self._records)
            + sum(map(getsizeof, self._records.values()))
            + getsizeof(self._unsorted)
            + getsizeof(self._spellings)
            + sum(map(getsizeof, self._spellings.values()))
        )


def batches_beside(read: CoarseRead, groups: Mapping[Any, Groups]) -> MutableMapping[Hashable, Batch]:
    """
    Where answers that are made from coarse answers are kept: beside a single one, or beside several together.

    An empty mapping if later operations do not get the same coarse answers.
    """
    if len(groups) == 1:
        return next(iter(groups.values())).batches
    if not groups or not isinstance(read.answers, SharedBatch):
        return {}
    try:
        batches: MutableMapping[Hashable, Batch] = read.answers.batches
    except AttributeError:
        count = sum(group.key_count for group in groups.values())
        batches = read.answers.batches = new_batches(count)
    return batches


def new_batches(keys: int) -> LRUCache[Hashable, Batch]:
    """Return a bounded mapping for the answers that are made from coarse answers with records of so many keys."""
    return LRUCache(max(MIN_BATCH_KEYS, keys * MAX_BATCH_KEYS_RATIO), getsizeof=lambda batch: len(batch.answers))


async def group_records(
    ask: Ask[Any], path: AccessPath[Any], records: Any, loose_key: Callable[[Any], Any] = Adapter.loose_key
) -> Groups:
    """Sort the records of a coarse answer by key, without holding the event loop for long."""
    by_key: dict[Any, list[Any]] = {}
    key_of, selects, arguments = path.key_of, path.selects, ask.arguments
    slice_ends = perf_counter() + MAX_SLICE_SECONDS
    for start in range(0, len(records), RECORDS_PER_SLICE):
        for record in records[start : start + RECORDS_PER_SLICE]:
            if selects is None or selects(record, arguments):
                by_key.setdefault(key_of(record), []).append(record)
        if perf_counter() > slice_ends:
            await asyncio.sleep(0)
            slice_ends = perf_counter() + MAX_SLICE_SECONDS
    return Groups(by_key, path.sort_key, loose_key)


def coarse_ask(ask: Ask[Any], path: AccessPath[Any], coarse_keys: Iterable[Any]) -> Ask[Any]:
    """
    The ask for coarse keys.

    Its arguments are those of the ask that the coarse lookup takes, and those that follow from the keys.
    """
    lookup = lookup_of(path.coarse_lookup)
    arguments = {name: value for name, value in ask.arguments.items() if name in lookup.argument_names}
    if path.coarse_arguments is not None:
        arguments |= path.coarse_arguments(ask.keys)
    return Ask(lookup, tuple(sorted(coarse_keys)), arguments, max_age=ask.max_age)


@dataclass(frozen=True, slots=True)
class CoarseRead:
    """The answers of one source to the coarse keys of an ask."""

    source: Source
    ask: Ask[Any]
    """The ask that they answer."""
    path: AccessPath[Any]
    coarse_ask: Ask[Any]
    answers: Answers
    """By coarse key."""

    @property
    def lists(self) -> Iterable[tuple[Any, Answer[Any]]]:
        """The coarse keys whose answer is no error, and their answers."""
        return [(key, a) for key, a in self.answers.items() if not isinstance(a.value, AdapterError)]


class GroupCache:
    """The groups of coarse answers, made once for each answer: kept beside a cached one, or for one operation."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._groups: dict[tuple[int, Hashable], tuple[Any, Groups]] = {}
        """By the identity of the records' list and the groups' name: that list, and its groups."""

    def known(self, read: CoarseRead) -> dict[Any, Groups] | None:
        """The groups by coarse key; None if some records are not in groups yet."""
        groups: dict[Any, Groups] = {}
        for key, answer in read.lists:
            known = self._known(read, key, answer)
            if known is None:
                return None
            groups[key] = known
        return groups

    async def get(self, read: CoarseRead) -> dict[Any, Groups]:
        """The groups by coarse key."""
        groups: dict[Any, Groups] = {}
        for key, answer in read.lists:
            groups[key] = self._known(read, key, answer) or await self._group(read, key, answer)
        return groups

    def _known(self, read: CoarseRead, key: Any, answer: Answer[Any]) -> Groups | None:
        name = groups_name(read)
        entry = self._view.entry(read.source, read.coarse_ask, key, answer)
        if entry is not None and name in entry.derived:
            groups: Groups = entry.derived[name]
            return groups
        records, known = self._groups.get((id(answer.value), name), (None, None))
        return known if records is answer.value else None

    async def _group(self, read: CoarseRead, key: Any, answer: Answer[Any]) -> Groups:
        groups = await group_records(read.ask, read.path, answer.value, read.source.adapter.loose_key)
        name = groups_name(read)
        self._groups[id(answer.value), name] = (answer.value, groups)
        entry = self._view.entry(read.source, read.coarse_ask, key, answer)
        if entry is not None:
            self._view.add_derived(entry, name, groups, groups.size)
        return groups


def groups_name(read: CoarseRead) -> Hashable:
    """
    The name of groups beside a coarse answer. It contains the ask's arguments if the path selects records by them.
    """
    name = read.ask.lookup.name
    return name if read.path.selects is None else (name, *sorted(read.ask.arguments.items()))


def answers_by_key(
    read: CoarseRead, way: Way[Any], keys: Iterable[Any], groups: Mapping[Any, Groups]
) -> tuple[dict[Any, Answer[Any]], list[Any]]:
    """The answers to keys from coarse answers, and the keys that still need a point read."""
    by_key: dict[Any, Answer[Any]] = {}
    unanswered: list[Any] = []
    coarse_keys_of, is_list, sort_key = way.coarse_keys_of, read.ask.lookup.is_list, way.path.sort_key
    for key in keys:
        coarse_keys = coarse_keys_of[key]
        if not coarse_keys:  # a record says that the key has no records
            by_key[key] = way.named.empty[key]._replace(value=[])
            continue
        parts = [read.answers[c] for c in coarse_keys if c in read.answers]
        if len(parts) < len(coarse_keys) or not _is_certain(read, groups, key, coarse_keys):
            failure = next((part for part in parts if isinstance(part.value, UnavailableError)), None)
            if failure is not None:
                by_key[key] = failure
            else:
                unanswered.append(key)
            continue
        if len(parts) == 1:
            (coarse_key,) = coarse_keys
            records = groups[coarse_key].records(key)
        else:
            records = [record for c in sorted(coarse_keys) for record in groups[c].records(key)]
            if sort_key is not None:
                records.sort(key=sort_key)
        if is_list:
            by_key[key] = _answer(records, parts)
        elif records:
            by_key[key] = _answer(records[0], parts)
        elif not way.named.is_complete or read.ask.lookup.is_by_id:
            # The id may come from a client: only the adapter knows whether the vendor can have it.
            unanswered.append(key)
    return by_key, unanswered


def _is_certain(read: CoarseRead, groups: Mapping[Any, Groups], key: Any, coarse_keys: frozenset[Any]) -> bool:
    """
    Whether the groups certainly hold all records of the key, even if the vendor ignores differences in spelling.

    True if no other spelling of the key has records, and no list is read under two spellings.
    """
    if not all(c in groups and groups[c].is_certain(key) for c in coarse_keys):
        return False
    return len(coarse_keys) == 1 or len(set(map(read.source.adapter.loose_key, coarse_keys))) == len(coarse_keys)


def _answer(value: Any, parts: Sequence[Answer[Any]]) -> Answer[Any]:
    """An answer with the age of the oldest coarse answer that it is made from."""
    if len(parts) == 1:
        return Answer(value, parts[0].source, parts[0].fetched_at, parts[0].stale, parts[0].withheld)
    oldest = min(parts, key=lambda part: part.fetched_at)
    withheld = tuple(error for part in parts for error in part.withheld)
    return Answer(value, oldest.source, oldest.fetched_at, any(part.stale for part in parts), withheld)


def mixed(answers: Answers, others: Answers) -> Answers:
    """
    Answers merged with answers to other keys.

    If all operations share both parts, they also share the merged mapping.
    """
    if not (isinstance(answers, SharedBatch) and isinstance(others, SharedBatch)):
        return {**answers, **others}
    known: tuple[ref[SharedBatch], SharedBatch] | None = getattr(answers, "mix", None)
    if known is None or known[0]() is not others:
        known = answers.mix = (ref(others), SharedBatch({**answers, **others}))
    return known[1]


def with_keys(ask: Ask[Any], keys: Iterable[Any]) -> Ask[Any]:
    """The ask for other keys."""
    keys = tuple(keys)
    return ask if keys == ask.keys else replace(ask, keys=keys)
