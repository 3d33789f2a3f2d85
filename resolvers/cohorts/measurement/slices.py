"""Long computations in slices, so that other operations get their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

MAX_SLICE_SECONDS = 0.005
"""How long a computation holds the event loop at a time."""


async def in_slices(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield the items, and let other tasks run after each slice of time."""
    slice_ends = perf_counter() + MAX_SLICE_SECONDS
    for item in items:
        yield item
        if perf_counter() > slice_ends:
            await asyncio.sleep(0)
            slice_ends = perf_counter() + MAX_SLICE_SECONDS
