"""Isolates the keys for which a vendor refuses a whole batch, so that only those keys fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import TypeVar

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import AdapterError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_REFUSED_PARTS = 8
"""Number of refused parts, without one that succeeded, after which the vendor is assumed to refuse everything."""


async def bisect_batch(
    keys: Iterable[K],
    read_batch: Callable[[tuple[K, ...]], Awaitable[Mapping[K, V | AdapterError]]],
    *,
    should_split: Callable[[AdapterError], bool],
) -> dict[K, V | AdapterError]:
    """
    Read a batch; if the vendor refuses it, read its halves, and their halves, until only the bad keys fail.

    `should_split` decides whether smaller batches can help with an error. One bad key among n costs 2 log2(n)
    further calls, one after the other. If no part succeeds, the search ends after `MAX_REFUSED_PARTS` and every
    key has the error.
    """
    batch: dict[K, V | AdapterError] = {}
    parts = [tuple(dict.fromkeys(keys))]
    any_succeeded = False
    while parts:
        refused = []
        for part, outcome in (await gather_by_key(filter(None, parts), read_batch, limit=1)).items():
            if not isinstance(outcome, AdapterError):
                any_succeeded = True
                batch.update(outcome)
            else:
                batch.update(dict.fromkeys(part, outcome))
                if len(part) > 1 and should_split(outcome):
                    refused.append(part)
        if len(refused) >= MAX_REFUSED_PARTS and not any_succeeded:
            break
        parts = [half for part in refused for half in (part[: len(part) // 2], part[len(part) // 2 :])]
    return batch
