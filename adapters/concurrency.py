"""Concurrent reads of many keys, for a vendor that has no batch request."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

import httpx
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.reading import noting_read_start, reading_key

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

OnAnswer: TypeAlias = Callable[[Any, Any, float], None]
"""
Called with a key, its final answer, and the seconds since its reading began, or that of a read that it shared.

The answer is what the batch of the lookup will hold for the key: a value or an error; None if it will be absent.
"""

_on_answer: ContextVar[OnAnswer | None] = ContextVar("on_answer", default=None)


@contextlib.contextmanager
def reporting_answers(on_answer: OnAnswer) -> Iterator[None]:
    """Call `on_answer` for each key that a lookup in the block answers with `answer_by_key`, at that moment."""
    token = _on_answer.set(on_answer)
    try:
        yield
    finally:
        _on_answer.reset(token)


async def answer_by_key(
    keys: Iterable[K], read: Callable[[K], Awaitable[V | None]], limit: int
) -> dict[K, V | AdapterError]:
    """
    Answer the keys of a lookup as `gather_by_key` reads them, and report each answer as soon as it is known.

    A lookup uses it where the result of `read` is the key's final answer. The gateway then caches the key and
    passes it on while others are still read. Lookups and batches inside `read` report nothing.
    """
    on_answer = _on_answer.get()
    if on_answer is None:
        return await gather_by_key(keys, read, limit)

    async def read_and_report(key: K) -> V | None:
        with noting_read_start() as start:
            result = await _result_of(read, key)
        on_answer(key, result, time.monotonic() - start.began_at)
        if isinstance(result, AdapterError):
            raise result
        return result

    token = _on_answer.set(None)  # the readers are tasks that copy this context
    try:
        return await gather_by_key(keys, read_and_report, limit)
    finally:
        _on_answer.reset(token)


async def gather_by_key(
    keys: Iterable[K], read: Callable[[K], Awaitable[V | None]], limit: int
) -> dict[K, V | AdapterError]:
    """
    Read each key, with at most `limit` reads at the same time, and return the results by key.

    A key for which `read` returns None is left out. A key for which it raises a vendor's failure has the error
    as its result. Any other exception, and cancellation, cancels all reads and is raised when they have
    stopped.
    """
    results: dict[K, V | AdapterError] = {}
    unique = dict.fromkeys(keys)
    remaining = iter(unique)

    async def work() -> None:
        for key in remaining:
            result = await _result_of(read, key)
            if result is not None:
                results[key] = result

    await _run_all([work() for _ in range(min(limit, len(unique)))])
    return results


async def gather_in_order(items: Iterable[K], read: Callable[[K], Awaitable[V]], limit: int) -> list[V]:
    """
    Read all items, with at most `limit` reads at the same time, and return the results in the order of the items.

    The first exception cancels all other reads, and is raised when they have stopped.
    """
    results: dict[int, V] = {}
    numbered = list(enumerate(items))
    remaining = iter(numbered)

    async def work() -> None:
        for number, item in remaining:
            results[number] = await read(item)

    await _run_all([work() for _ in range(min(limit, len(numbered)))])
    return [results[number] for number, _ in numbered]


async def _run_all(coroutines: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run coroutines at the same time; the first exception, and cancellation, cancels all others."""
    workers = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        workers.clear()  # an error's traceback refers to this frame, and the worker that failed to the error


async def _result_of(read: Callable[[K], Awaitable[V | None]], key: K) -> V | AdapterError | None:
    """The result of `read`, or the vendor's failure as an error."""
    try:
        with reading_key(key):
            return await read(key)
    except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError) as exc:
        return translate(exc)
