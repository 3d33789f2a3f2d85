"""
The C allocator of the process: memory that was freed goes back to the system.

Cached answers, documents and viewers come and go one by one, so the heap of the C library gets holes. glibc keeps
them, and the resident memory grows for hours although nothing more is in use. Other C libraries are left alone.
"""

from __future__ import annotations

import ctypes
import sys

TRIM_INTERVAL_SECONDS = 60
"""Time between two returns of free memory. One takes about a millisecond."""
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
