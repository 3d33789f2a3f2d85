"""
Answers in memory, bounded in bytes and in number; what was used longest ago goes first.

Answers to one question stand on one shelf, by key. A batch whose answers are all fresh is put together once: until
one of them is replaced or goes, whoever asks for the same keys gets the same mapping.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from operator import attrgetter
from sys import getsizeof
from typing import Any, NamedTuple

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.limits import Limits
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cache.sizes import size_of

ENTRY = 740
"""Bytes of an entry without the answer's value: itself, the answer, its places on the shelf and in the line."""
SHELF = 640
"""Bytes of a shelf with nothing on it."""
MEMO_SHARE = 8
"""Batches that were put together take at most this part of the memory."""
_KEPT = attrgetter("kept")


class Times(NamedTuple):
    """When an answer was fetched, and until when it is what; by the cache's clock, shared by a batch."""

    fetched: float
    fresh: float
    at_once: float
    gone: float


class Entry:
    """What one source said to one key."""

    __slots__ = ("_stale", "answer", "key", "shelf", "size", "times")

    def __init__(self, shelf: Shelf, key: Any, answer: Answer[Any] | None, times: Times) -> None:
        """Keep an answer; None says that the source does not know the key."""
        self.shelf, self.key, self.answer, self.times = shelf, key, answer, times
        self.size = ENTRY + getsizeof(key) + (size_of(answer.value) if answer is not None else 0)
        self._stale: Answer[Any] | None = None

    @property
    def stale(self) -> Answer[Any] | None:
        """The answer, marked as stale; the records are the same."""
        if self._stale is None and self.answer is not None:
            self._stale = self.answer._replace(stale=True)
        return self._stale


class Together(dict[Any, Answer[Any]]):
    """Answers to a batch that are kept together, so that what was found out about them once need not be again."""

    __slots__ = ("census",)

    census: Any
    """What the policy counted in them; not there before it did."""


class Memo:
    """The answers to a batch, put together while all of them were fresh, or while none was."""

    __slots__ = ("answers", "entries", "fetched", "kept", "keys", "shelf", "size", "stale", "until", "used")

    def __init__(self, shelf: Shelf, keys: tuple[Any, ...], entries: Sequence[Entry], *, stale: bool) -> None:
        self.shelf, self.keys, self.entries, self.stale = shelf, keys, entries, stale
        answers = ((entry.key, entry.stale if stale else entry.answer) for entry in entries)
        self.answers = Together({key: answer for key, answer in answers if answer is not None})
        self.until = min(entry.times.gone if stale else entry.times.fresh for entry in entries)
        """Until when they are what they are: fresh, or stale and not gone."""
        self.fetched = min(entry.times.fetched for entry in entries)
        self.size = sum(map(getsizeof, (keys, entries, self.answers))) + 2 * SHELF
        self.used = False
        self.kept = False
        """Whether all its answers are still the ones that are kept."""


class Shelf:
    """What is kept of one question, by key."""

    __slots__ = ("entries", "lookup", "memos", "question", "retry", "source")

    def __init__(self, source: Source, lookup: Lookup, question: Hashable) -> None:
        self.source, self.lookup, self.question = source, lookup, question
        self.entries: dict[Any, Entry] = {}
        self.memos: dict[tuple[tuple[Any, ...], bool], Memo] = {}
        """By keys, and whether the answers are stale."""
        self.retry = 0.0
        """Before then the question is not asked behind again."""


def stand(memos: Iterable[Memo]) -> bool:
    """Whether all of these batches are still kept: none of their answers was replaced, purged or let go."""
    return all(map(_KEPT, memos))


class Store:
    """All shelves."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._shelves: dict[Hashable, Shelf] = {}
        self._line: OrderedDict[Entry, None] = OrderedDict()
        """All entries, the one used longest ago first; uses by memo are told when somebody must go."""
        self._memos: OrderedDict[Memo, None] = OrderedDict()
        self._memo_bytes = 0
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._line)

    def entries(self) -> Iterable[Entry]:
        """All that is kept, the one used longest ago first."""
        return self._line

    def shelf(self, source: Source, ask: Ask[Any]) -> Shelf | None:
        """What is kept of what a source is asked."""
        return self._shelves.get((source, *ask.call_key))

    def keep(self, source: Source, ask: Ask[Any], answers: Mapping[Any, Answer[Any] | None], times: Times) -> None:
        """Keep answers to what a source was asked, in place of older ones."""
        if not self._limits.memory or not answers:
            return
        question = (source, *ask.call_key)
        shelf = self._shelves.get(question)
        if shelf is None:
            shelf = self._shelves[question] = Shelf(source, ask.lookup, question)
            self.bytes += SHELF
        for key, answer in answers.items():
            if key in shelf.entries:
                self._take(shelf.entries[key])
            entry = shelf.entries[key] = Entry(shelf, key, answer, times)
            self._line[entry] = None
            self.bytes += entry.size
        self._trim()

    def drop(self, source: Source, ask: Ask[Any], key: Any) -> None:
        """Forget what a source said to a key."""
        shelf = self.shelf(source, ask)
        if shelf is not None and key in shelf.entries:
            self._remove(shelf.entries[key])

    def expire(self, source: Source, ask: Ask[Any], now: float) -> None:
        """Forget what a source said that may not be served any more."""
        shelf = self.shelf(source, ask)
        for entry in [] if shelf is None else list(shelf.entries.values()):
            if now >= entry.times.gone:
                self._remove(entry)

    def purge(self, purge: Purge) -> int:
        """Forget what a purge takes; how many answers those were."""
        taken = [
            entry
            for shelf in list(self._shelves.values())
            if purge.concerns(shelf.source, shelf.lookup)
            for key, entry in shelf.entries.items()
            if purge.takes(shelf.source, shelf.lookup, key)
        ]
        for entry in taken:
            self._remove(entry)
        return len(taken)

    def use(self, entries: Sequence[Entry]) -> None:
        """Note that entries were used."""
        move = self._line.move_to_end
        for entry in entries:
            move(entry)

    def use_memos(self, memos: Iterable[Memo]) -> None:
        """Note that all answers of some batches were used."""
        move = self._memos.move_to_end
        for memo in memos:
            memo.used = True
            move(memo)

    def put_together(
        self, shelf: Shelf, keys: tuple[Any, ...], entries: Sequence[Entry], *, stale: bool = False
    ) -> Memo:
        """The answers of a batch, all fresh or all stale, for whoever asks for the same keys next."""
        memo = Memo(shelf, keys, entries, stale=stale)
        if memo.size > self._limits.memory // MEMO_SHARE:
            return memo
        if (before := shelf.memos.get((keys, stale))) is not None:
            self._forget(before)
        memo.kept = True
        shelf.memos[keys, stale] = memo
        self._memos[memo] = None
        self._memo_bytes += memo.size
        self.bytes += memo.size
        while self._memo_bytes > self._limits.memory // MEMO_SHARE:
            self._forget(next(iter(self._memos)))
        self._trim()
        return memo

    def _trim(self) -> None:
        """Let go until the rest is within the limits."""
        if not self._over:
            return
        for memo in self._memos:
            if memo.used:
                memo.used = False
                self.use(memo.entries)
        while self._over and self._line:
            self._remove(next(iter(self._line)))

    @property
    def _over(self) -> bool:
        return self.bytes > self._limits.memory or len(self._line) > self._limits.entries

    def _remove(self, entry: Entry) -> None:
        """Let an entry go, and its shelf with the last one."""
        self._take(entry)
        del entry.shelf.entries[entry.key]
        if not entry.shelf.entries:
            del self._shelves[entry.shelf.question]
            self.bytes -= SHELF

    def _take(self, entry: Entry) -> None:
        """Take an entry out of the line; what was put together with it no longer holds."""
        del self._line[entry]
        self.bytes -= entry.size
        for memo in list(entry.shelf.memos.values()):
            self._forget(memo)

    def _forget(self, memo: Memo) -> None:
        memo.kept = False
        del memo.shelf.memos[memo.keys, memo.stale], self._memos[memo]
        self._memo_bytes -= memo.size
        self.bytes -= memo.size
