"""Many reads of one vendor side by side: how an adapter answers a batch where its vendor has no batch read."""

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
    What `read` finds for each key, at most `limit` at a time.

    A key for which it finds None is left out; a key for which it fails has the error in its place. A bug in
    `read` ends the whole batch, as does cancellation: no read goes on behind the caller's back.
    """
    found: dict[K, V | AdapterError] = {}
    unique = dict.fromkeys(keys)
    waiting = iter(unique)

    async def work() -> None:
        for key in waiting:
            answer = await _attempt(read, key)
            if answer is not None:
                found[key] = answer

    workers = [asyncio.ensure_future(work()) for _ in range(min(limit, len(unique)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return found


async def _attempt(read: Callable[[K], Awaitable[V | None]], key: K) -> V | AdapterError | None:
    """What `read` finds, or the failure in its place."""
    try:
        return await read(key)
    except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError) as exc:
        return translate(exc)
