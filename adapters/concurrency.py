"""Concurrent reads of many keys, for a vendor that has no batch request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import TypeVar

import httpx
from pydantic import ValidationError

from student_graph.adapters.errors import AdapterError, translate

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


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

    workers = [asyncio.ensure_future(work()) for _ in range(min(limit, len(unique)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return results


async def _result_of(read: Callable[[K], Awaitable[V | None]], key: K) -> V | AdapterError | None:
    """The result of `read`, or the vendor's failure as an error."""
    try:
        return await read(key)
    except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError) as exc:
        return translate(exc)
