"""
Shares a read between callers that want the same at the same time, such as two lookups of one page.

A caller that joins a read gets rows that are older than its lookup. The read therefore notes when it began, and
the answer gets this time. After a purge nobody joins a read that began before it. Reads of a few rows may be kept
for some seconds, for lookups of the page that follow.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from cachetools import TTLCache

from student_graph.adapters.reading.unreadable import (
    UnreadableRows,
    collecting_unreadable_rows,
    report_unreadable_rows,
)

T = TypeVar("T")

MAX_KEPT_READS = 2_000
"""Most reads that are kept when they have ended: those of the students of ten pages of teachers."""


@dataclass(slots=True)
class ReadStart:
    """When the oldest read that an answer is made from began, in monotonic seconds."""

    began_at: float = field(default_factory=time.monotonic)

    def note(self, began_at: float) -> None:
        """Note a read that began at a time."""
        self.began_at = min(self.began_at, began_at)


class Reader(Protocol):
    """Who starts reads. A read lasts as long, and is as urgent, as its starter says."""

    def add_joined(self, other: Any, /) -> None:
        """Count those who wait for another reader as its own: that one has joined a read that this one started."""

    def remove_joined(self, other: Any, /) -> None:
        """Count them no longer, because the read has ended."""


_start: ContextVar[ReadStart | None] = ContextVar("read_start", default=None)
_scope: ContextVar[Hashable] = ContextVar("scope_of_shared_reads", default=None)
_is_background: ContextVar[bool] = ContextVar("is_background_read", default=False)
_may_join_ended: ContextVar[bool] = ContextVar("may_join_ended_reads", default=False)
_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


@contextlib.contextmanager
def noting_read_start() -> Iterator[ReadStart]:
    """Note when the oldest read began of those that the block makes or joins: at the block's start or before."""
    start = ReadStart()
    token = _start.set(start)
    try:
        yield start
    finally:
        _start.reset(token)


@contextlib.contextmanager
def sharing_reads_of(
    scope: Hashable,
    *,
    is_background: bool = False,
    reader: Reader | None = None,
    may_join_ended: bool = False,
) -> Iterator[None]:
    """
    Let the block join only reads that were started in blocks of the same scope.

    Work for people never joins work in the background, which has to wait for it. The waiters of `reader` also wait
    for the reads that it joins: their starter is informed. With `may_join_ended`, the block also joins reads that
    are kept after their end, and keeps its own.
    """
    tokens = _scope.set(scope), _is_background.set(is_background), _reader.set(reader)
    ended = _may_join_ended.set(may_join_ended)
    try:
        yield
    finally:
        _scope.reset(tokens[0])
        _is_background.reset(tokens[1])
        _reader.reset(tokens[2])
        _may_join_ended.reset(ended)


def current_reader() -> Reader | None:
    """Who makes the present reads; None if nobody has to know."""
    return _reader.get()


@contextlib.contextmanager
def joining(starter: Reader | None, reader: Reader | None) -> Iterator[None]:
    """Let `reader` wait for a read of `starter` in the block."""
    if starter is None or reader is None or reader is starter:
        yield
        return
    starter.add_joined(reader)
    try:
        yield
    finally:
        starter.remove_joined(reader)


def is_background_read() -> bool:
    """Whether the present reads are work in the background."""
    return _is_background.get()


@dataclass(slots=True, eq=False)
class _Read:
    """A read in progress."""

    task: asyncio.Task[Any]
    starter: Reader | None
    began_at: float = field(default_factory=time.monotonic)
    callers: int = 0


class _Ended(NamedTuple):
    """A read that has ended, without an error."""

    began_at: float
    result: Any
    unreadable: UnreadableRows


class SharedReads:
    """
    Reads in progress, by what they read.

    All callers of a read get its result or its error. It is cancelled when its last caller is. Nothing is kept of
    a read that has ended, unless `kept_seconds` says for how long its result may be joined; errors never are.
    """

    def __init__(self, *, kept_seconds: float = 0.0) -> None:
        self._reads: dict[Hashable, _Read] = {}
        self._ended: TTLCache[Hashable, _Ended] = TTLCache(MAX_KEPT_READS, kept_seconds)
        """Reads that ended lately, all of the same scope."""
        self._scope_of_ended: Hashable = None

    async def read(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of `read()`, or of a read of the same key that is in progress or kept."""
        key = (_scope.get(), _is_background.get(), key)
        if (ended := self._recently_ended(key)) is not None:
            if (start := _start.get()) is not None:
                start.note(ended.began_at)
            report_unreadable_rows(ended.unreadable)
            known: T = ended.result
            return known
        if (shared := self._reads.get(key)) is None:
            shared = self._reads[key] = _Read(asyncio.create_task(_collecting(read)), _reader.get())
            shared.task.add_done_callback(partial(self._forget, key, shared))
        shared.callers += 1
        if (start := _start.get()) is not None:
            start.note(shared.began_at)
        try:
            result: T
            with joining(shared.starter, _reader.get()):
                result, unreadable = await asyncio.shield(shared.task)
            if self._can_join_ended() and _scope.get() == self._scope_of_ended:
                self._ended[key] = _Ended(shared.began_at, result, unreadable)
            report_unreadable_rows(unreadable)
            return result
        finally:
            shared.callers -= 1
            if not shared.callers:
                self._forget(key, shared)
                shared.task.cancel()
                await asyncio.wait({shared.task})  # nothing runs on after a lookup that was cancelled
            del shared  # an error's traceback refers to this frame, and the task that failed to the error

    def _can_join_ended(self) -> bool:
        """Whether ended reads are stored. Long lists must not be, not even for 0 seconds: they are megabytes."""
        return self._ended.ttl > 0 and _may_join_ended.get()

    def _recently_ended(self, key: Hashable) -> _Ended | None:
        """The kept read of a key; None if there is none. Those of an earlier scope are removed."""
        if not self._can_join_ended():
            return None
        if self._scope_of_ended != _scope.get():
            self._ended.clear()
            self._scope_of_ended = _scope.get()
        return self._ended.get(key)

    def _forget(self, key: Hashable, shared: _Read, _: object = None) -> None:
        if self._reads.get(key) is shared:
            del self._reads[key]


async def _collecting(read: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, UnreadableRows]:
    """The result of `read()`, and the rows that it could not read: each caller reports them for its own lookup."""
    with collecting_unreadable_rows() as unreadable:
        return await read(), unreadable
