"""
Translated answers of sources with ids of their own, used until an answer that they were made from changes.

A translation is kept beside the source's cached answers and is removed with them. It is used only if every read
that it was made from would return the same cached mapping again. These reads are counted for the operation that
uses it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol
from weakref import ref

from cachetools import LRUCache

from student_graph.adapters.answers import Answers, Ask, records_in
from student_graph.adapters.sources import Fetch, Source
from student_graph.gateway.cache.entries import SharedBatch
from student_graph.gateway.fetch.access_paths import CachedRead

MAX_TRANSLATED_RECORDS = 20_000
"""Records of all translations of a process: each is a copy of a cached one, of about a kilobyte."""


class CachedReads(Protocol):
    """Looks answers up in the cache, first without counting them as used."""

    def peek(self, source: Source, ask: Ask[Any], reads: list[CachedRead]) -> Answers | None:
        """The answers to an ask, with the reads that they come from; None if a source must be asked."""

    def serve(self, reads: Iterable[CachedRead]) -> None:
        """Count reads as used by the operation."""


@dataclass(slots=True)
class RecordedFetch:
    """A fetch that remembers what it returned."""

    fetch: Fetch
    reads: list[tuple[Source, Ask[Any], Answers]] = field(default_factory=list)

    async def __call__(self, source: Source, ask: Ask[Any], /) -> Answers:
        """The answers of the fetch."""
        answers = await self.fetch(source, ask)
        self.reads.append((source, ask, answers))
        return answers


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Translation:
    """The translated answers to one ask, and the cached answers that they were made from."""

    answers: SharedBatch
    reads: list[tuple[Source, Ask[Any], ref[SharedBatch]]]
    owner: ref[SharedBatch]
    """The source's own answers, which hold the only lasting reference to the translation."""

    def remove(self) -> None:
        """Remove it from its owner."""
        if (owner := self.owner()) is not None:
            del owner.translation


class _Translations(LRUCache[Hashable, "ref[_Translation]"]):
    """The translations of a process; the least recently used ones are removed from their owners."""

    def popitem(self) -> tuple[Hashable, ref[_Translation]]:
        """Remove the least recently used translation."""
        key, reference = super().popitem()
        if (translation := reference()) is not None:
            translation.remove()
        return key, reference


class TranslationCache:
    """The translations of a process, by source and ask."""

    def __init__(self) -> None:
        self._translations = _Translations(MAX_TRANSLATED_RECORDS, getsizeof=_count_records)

    def get(self, source: Source, ask: Ask[Any], day: date, cached: CachedReads) -> Answers | None:
        """
        The translated answers to an ask on a day; None if they must be computed.

        They must be if there are none yet, or if one of the reads that they were made from now has another result.
        """
        reference = self._translations.get(_name(source, ask, day))
        translation = reference() if reference is not None else None
        if translation is None:
            return None
        reads: list[CachedRead] = []
        for read_source, read, answers in translation.reads:
            if cached.peek(read_source, read, reads) is not answers():
                return None
        cached.serve(reads)
        return translation.answers

    def add(self, source: Source, ask: Ask[Any], day: date, recorded: RecordedFetch, answers: Answers) -> Answers:
        """
        Keep translated answers if all reads that they were made from are cached; returns the answers.

        They are for one day, because the current school year depends on it.
        """
        batches = [(s, read, batch) for s, read, batch in recorded.reads if isinstance(batch, SharedBatch)]
        owner = next((batch for s, _, batch in reversed(batches) if s is source), None)
        if owner is None or len(batches) < len(recorded.reads) or ask.lookup.sensitivity.restricted:
            return answers
        shared = SharedBatch(answers)
        translation = _Translation(shared, [(s, read, ref(batch)) for s, read, batch in batches], ref(owner))
        if _count_records(ref(translation)) <= MAX_TRANSLATED_RECORDS:
            owner.translation = translation
            self._translations[_name(source, ask, day)] = ref(translation)
        return shared


def _name(source: Source, ask: Ask[Any], day: date) -> Hashable:
    return (source, *ask.batch_key, ask.keys, day)


def _count_records(reference: ref[_Translation]) -> int:
    """The number of records of a translation, and of its keys without any."""
    translation = reference()
    return sum(1 + len(records_in(a.value)) for a in translation.answers.values()) if translation else 0
