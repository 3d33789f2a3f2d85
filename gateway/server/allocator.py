"""
The C allocator of the process: memory that was freed goes back to the system.

Cached answers, documents and viewers come and go one by one, so the heap of the C library gets holes. glibc keeps
them, and the resident memory grows for hours although nothing more is in use. Other C libraries are left alone.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable

RETURN_INTERVAL_SECONDS = 60.0
"""Time between two returns of free memory, at least."""
MIN_SECONDS_PER_RETURN_SECOND = 5_000.0
"""Time between two of them as a multiple of how long one takes: a few milliseconds, 50 for a heap of 500 MiB."""
MAX_ARENAS = 2
"""Heaps of the C library, each with holes of its own; by default there may be eight for each processor."""
MMAP_THRESHOLD_BYTES = 256 * 1024
"""Blocks of this size get memory of their own, returned when they are freed; glibc raises it otherwise."""
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Names of settings in `<malloc.h>` of glibc."""


def _c_library() -> ctypes.CDLL | None:
    """The C library if it is glibc, whose settings have these names; None for others."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") and hasattr(library, "malloc_trim") else None


_LIBRARY = _c_library()


def configure_allocator() -> None:
    """Limit the number of heaps, and keep large blocks out of them; call it before other threads start."""
    if _LIBRARY is not None:
        _LIBRARY.mallopt(_M_ARENA_MAX, MAX_ARENAS)
        _LIBRARY.mallopt(_M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)


def return_free_memory() -> bool:
    """Return the free pages of all heaps to the system; True if there were some."""
    return _LIBRARY is not None and _LIBRARY.malloc_trim(0) == 1


class FreeMemoryReturn:
    """Returns free memory from time to time, so rarely that nobody notices how long it takes."""

    def __init__(self, return_memory: Callable[[], object] = return_free_memory) -> None:
        """Call `return_memory` each time."""
        self._return_memory = return_memory
        self._next_at = 0.0
        """Monotonic time in seconds."""

    def check(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Return free memory if it is time to; `clock` returns monotonic seconds."""
        started = clock()
        if started < self._next_at:
            return
        self._return_memory()
        now = clock()
        self._next_at = now + max(RETURN_INTERVAL_SECONDS, (now - started) * MIN_SECONDS_PER_RETURN_SECOND)
