"""One bad key in a batch that a vendor refuses as a whole: found by halving, so that it fails alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import TypeVar

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.errors import AdapterError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

HOPELESS = 8
"""Disjoint parts refused, and none answered, at which the vendor is taken to refuse everything."""


async def bisect_batch(
    ids: Iterable[K],
    ask: Callable[[tuple[K, ...]], Awaitable[Mapping[K, V | AdapterError]]],
    *,
    should_split: Callable[[AdapterError], bool],
) -> dict[K, V | AdapterError]:
    """
    What `ask` finds for the ids; a refused part is asked again in halves while `should_split` says that this may help.

    One bad id among n costs 2 log2(n) further calls, made one after the other. When nothing at all is answered
    it ends after a few, and the refusal stands for every id.
    """
    batch: dict[K, V | AdapterError] = {}
    parts = [tuple(dict.fromkeys(ids))]
    answered = False
    while parts:
        refused = []
        for part, outcome in (await gather_by_key(filter(None, parts), ask, limit=1)).items():
            if not isinstance(outcome, AdapterError):
                answered = True
                batch.update(outcome)
            elif len(part) > 1 and should_split(outcome):
                refused.append(part)
                batch.update(dict.fromkeys(part, outcome))
            else:
                batch.update(dict.fromkeys(part, outcome))
        if len(refused) >= HOPELESS and not answered:
            break
        parts = [half for part in refused for half in (part[: len(part) // 2], part[len(part) // 2 :])]
    return batch
