"""What is kept of an ask, and what of it may be served."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from student_graph.adapters.answers import Answer, Ask
from student_graph.adapters.sources import Source
from student_graph.gateway.cache.live import Cache
from student_graph.gateway.cache.store import Entry, Memo, Shelf


@dataclass(slots=True)
class Look:
    """What is kept of an ask; the mapping may be shared with others who ask the same."""

    now: float
    """By the cache's clock."""
    answers: Mapping[Any, Answer[Any]] = field(default_factory=dict)
    kept: int = 0
    """Keys of which is known what to say, also that the source does not know them."""
    missing: list[Any] = field(default_factory=list)
    """Keys that the source must be asked for."""
    instead: dict[Any, Entry] = field(default_factory=dict)
    """What can stand in for some of them when that fails."""
    renew: Sequence[Any] = ()
    """Keys that are served now and should be asked behind."""
    stale: int = 0
    """Answers that are no longer fresh."""
    oldest: float = math.inf
    """When the oldest of the answers was fetched, by the cache's clock."""
    memo: Memo | None = None
    """The batch that holds them all; None when one of them is missing or not fresh."""

    def serve(self, entry: Entry) -> Answer[Any] | None:
        """An entry's answer, marked as stale when it is; None when the source does not know the key."""
        self.kept += 1
        self.oldest = min(self.oldest, entry.times.fetched)
        if self.now < entry.times.fresh:
            return entry.answer
        self.stale += 1
        return entry.stale


def look(cache: Cache, source: Source, ask: Ask[Any], liked: timedelta | None) -> Look:
    """
    What may be served of an ask at once.

    What is older than the asker accepts is never served. What is older than `liked` is served only when the source
    fails: an operation would like it younger, but it is better than nothing.
    """
    now = cache.clock()
    shelf = cache.store.shelf(source, ask)
    if shelf is None or not ask.keys:
        return Look(now, missing=list(ask.keys))
    accepted = _since(now, ask.max_age)
    wanted = max(accepted, _since(now, liked))
    memo = shelf.memos.get((ask.keys, False))
    if memo is not None and now < memo.until and memo.fetched >= wanted:
        cache.store.use_memos((memo,))
        return _whole(now, memo)
    old_memo = shelf.memos.get((ask.keys, True))
    usable = old_memo is not None and now < old_memo.until and old_memo.fetched >= accepted
    if old_memo is not None and usable and cache.patient(source, shelf):
        cache.store.use_memos((old_memo,))
        return _whole(now, old_memo)
    return _pieced(cache, source, ask, shelf, Since(now, accepted, wanted))


class Since(NamedTuple):
    """Instants by the cache's clock: now, and since when an answer may and should have been fetched."""

    now: float
    accepted: float
    wanted: float


def _whole(now: float, memo: Memo) -> Look:
    """A batch that was put together before."""
    seen = Look(now, memo.answers, len(memo.keys), oldest=memo.fetched)
    if memo.stale:
        seen.stale, seen.renew = len(memo.keys), memo.keys
    else:
        seen.memo = memo
    return seen


def _pieced(cache: Cache, source: Source, ask: Ask[Any], shelf: Shelf, since: Since) -> Look:
    """A batch put together from what is kept of its keys."""
    now, accepted, wanted = since
    found, old, missing = _sorted(shelf, ask.keys, now, wanted)
    cache.store.use(found)
    if not old and not missing:
        return _whole(now, cache.store.put_together(shelf, ask.keys, found))
    patient = cache.patient(source, shelf) if old else False
    if (
        patient
        and not found
        and not missing
        and all(entry.times.fresh <= now < entry.times.gone and entry.times.fetched >= accepted for entry in old)
    ):
        return _whole(now, cache.store.put_together(shelf, ask.keys, old, stale=True))
    seen = Look(now, missing=missing)
    renew = []
    for entry in old:
        if entry.times.fetched < accepted or now >= entry.times.gone:
            seen.missing.append(entry.key)
        elif patient or (entry.times.fetched >= wanted and now < entry.times.at_once):
            found.append(entry)
            renew.append(entry.key)
        else:
            seen.missing.append(entry.key)
            seen.instead[entry.key] = entry
    seen.renew = renew
    seen.answers = {entry.key: answer for entry in found if (answer := seen.serve(entry)) is not None}
    return seen


def _sorted(
    shelf: Shelf, keys: tuple[Any, ...], now: float, wanted: float
) -> tuple[list[Entry], list[Entry], list[Any]]:
    """Entries that are fresh and young enough, those that are not, and keys without one."""
    found: list[Entry] = []
    old: list[Entry] = []
    missing: list[Any] = []
    kept = shelf.entries.get
    for key in keys:
        entry = kept(key)
        if entry is None:
            missing.append(key)
        elif entry.times.fresh > now and entry.times.fetched >= wanted:
            found.append(entry)
        else:
            old.append(entry)
    return found, old, missing


def _since(now: float, age: timedelta | None) -> float:
    """When an answer of that age was fetched."""
    return -math.inf if age is None else now - age.total_seconds()
