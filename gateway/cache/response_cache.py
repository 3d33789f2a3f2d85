"""
Whole answers: the bytes that an operation was answered with, for whoever asks the same in the same right.

They are kept only of operations that were answered from the cache alone, without an error, a stale answer or a
restricted class of data; and they are served only while every batch that they rest on still stands: when one of
its answers is replaced, purged, let go or no longer fresh, the operation is carried out anew.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from sys import getsizeof
from typing import Any

import msgspec

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District
from student_graph.gateway.cache.store import Memo, Store, stand
from student_graph.resolvers.context import Degraded, Operation, Traffic

WHOLE = 2048
"""Bytes of a kept answer beside its data."""
LARGEST_SHARE = 8
"""One answer takes at most this part of what all may take."""
NO_AGE, AGE = b'"age":0.0', b'"age":%.1f'
"""How an age of nothing stands in an answer, and how any is put there."""


@dataclass(slots=True)
class Basis:
    """What an operation's answer rests on."""

    memos: list[Memo] = field(default_factory=list)
    """The batches that it was answered from."""
    sound: bool = True
    """Whether they are all that it rests on: else its bytes are not kept."""
    until: float = math.inf
    """Until when it is known whom the viewer may see, by the cache's clock."""

    def rests_on(self, memo: Memo | None) -> None:
        """Note a batch that the answer was made from; None for anything else."""
        if memo is None or not memo.kept:
            self.sound = False
        else:
            self.memos.append(memo)

    def rests_on_scope(self, memos: Iterable[Memo], until: float, *, sound: bool) -> None:
        """Note in which batches it was found whom the viewer may see, and until when that counts."""
        self.memos.extend(memos)
        self.until = min(self.until, until)
        self.sound = self.sound and sound


@dataclass(slots=True)
class Based(Operation):
    """An operation of which is known what its answer rests on."""

    basis: Basis = field(default_factory=Basis)


@dataclass(slots=True, frozen=True)
class Whole:
    """The data of an answer as bytes, and what they rest on."""

    data: bytes
    memos: Sequence[Memo]
    fresh: float
    """Until when all of it is fresh, by the cache's clock."""
    day_ends: float
    """When it is no longer the same day in one of the viewer's districts, in seconds since 1970."""
    sources: Mapping[str, float]
    """By source, when the oldest answer was fetched by the cache's clock."""
    told: bytes
    """What it says of its sources and of what is missing, as JSON with a place for the age of each source."""
    disclosed: Sequence[Any] = ()
    """What is to be recorded each time that it is served."""

    @property
    def fetched(self) -> float:
        """When the oldest answer was fetched."""
        return min(self.sources.values(), default=0.0)

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return WHOLE + getsizeof(self.data) + sum(map(getsizeof, self.disclosed))

    def ages(self, now: float) -> dict[str, tuple[bytes, float]]:
        """That it is fresh, and its age in seconds, by source."""
        return {name: (b"fresh", now - fetched) for name, fetched in self.sources.items()}

    def reply(self, now: float) -> bytes:
        """The answer, with how old it is now."""
        more = self.told % tuple([now - fetched for fetched in self.sources.values()])
        return b"".join((b'{"data":', self.data, b',"extensions":', more, b"}"))


def extensions(traffic: Mapping[str, Traffic], degraded: Iterable[Degraded]) -> dict[str, Any]:
    """What an answer tells beside its data: what was asked of whom, and what is missing."""
    told: dict[str, Any] = {"sources": {name: _told(seen) for name, seen in traffic.items()}}
    if missing := [
        {"path": list(d.path), "source": d.source, "code": d.code, "retryable": d.retryable} for d in degraded
    ]:
        told["degraded"] = missing
    return told


def _told(seen: Traffic) -> dict[str, Any]:
    return {
        "calls": seen.calls,
        "asks": seen.asks,
        "hits": seen.hits,
        "stale": seen.stale,
        "failures": seen.failures,
        "age": round(seen.age, 1),
        "ms": round(seen.milliseconds, 1),
    }


class Wholes:
    """All answers that are kept whole."""

    def __init__(
        self,
        store: Store,
        districts: Mapping[DistrictId, District],
        memory: int,
        clock: Callable[[], float],
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Keep so many bytes; `clock` is the cache's, `wall` tells seconds since 1970."""
        self._store, self._districts, self._memory = store, districts, memory
        self._clock, self._wall = clock, wall
        self._kept: OrderedDict[Hashable, Whole] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def now(self) -> float:
        """The time by the cache's clock."""
        return self._clock()

    def find(self, key: Hashable, max_age: timedelta | None = None) -> Whole | None:
        """The answer to an operation, when all that it rests on still stands and is no older than wanted."""
        whole = self._kept.get(key)
        if whole is None:
            return None
        now = self._clock()
        if now >= whole.fresh or self._wall() >= whole.day_ends or not stand(whole.memos):
            self._drop(key)
            return None
        if max_age is not None and now - whole.fetched > max_age.total_seconds():
            return None
        self._kept.move_to_end(key)
        self._store.use_memos(whole.memos)
        return whole

    def keep(
        self,
        key: Hashable,
        operation: Operation,
        data: bytes,
        districts: Iterable[DistrictId],
        disclosed: Sequence[Any] = (),
    ) -> None:
        """
        Keep an answer that was given without an error, when what it rests on allows it and still stands.

        `districts` are those of which the viewer may see something; `disclosed` is to be recorded each time.
        """
        if not isinstance(operation, Based) or not operation.basis.sound:
            return
        memos = operation.basis.memos
        if not memos or not stand(memos):
            return
        now = self._clock()
        sources = {name: now - seen.age for name, seen in operation.traffic.items()}
        quiet = {name: Traffic(asks=seen.asks, hits=seen.hits) for name, seen in operation.traffic.items()}
        told = _encode(extensions(quiet, operation.degraded)).replace(b"%", b"%%").replace(NO_AGE, AGE)
        ends = min((self._districts[name].end_of_day() for name in districts), default=0.0)
        fresh = min(operation.basis.until, *(memo.until for memo in memos))
        whole = Whole(data, tuple(memos), fresh, ends, sources, told, disclosed)
        if whole.size > self._memory // LARGEST_SHARE:
            return
        self._drop(key)
        self._kept[key] = whole
        self.bytes += whole.size
        while self.bytes > self._memory:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        whole = self._kept.pop(key, None)
        if whole is not None:
            self.bytes -= whole.size


_encode = msgspec.json.Encoder().encode
