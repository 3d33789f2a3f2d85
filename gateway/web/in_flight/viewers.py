"""How many requests each viewer has in flight or is sending."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class ViewerRequests:
    """Counts requests by viewer; a viewer without one takes no memory."""

    def __init__(self, limit: int | None) -> None:
        """Let a viewer have at most `limit` requests; None for any number."""
        self._limit = limit
        self._by_viewer: dict[Hashable, int] = {}

    def __len__(self) -> int:
        """Viewers with a request."""
        return len(self._by_viewer)

    def is_full(self, viewer: Hashable) -> bool:
        """Whether a viewer may have no further request."""
        return self._limit is not None and self._by_viewer.get(viewer, 0) >= self._limit

    @contextmanager
    def counted(self, viewer: Hashable) -> Iterator[None]:
        """Count a request of a viewer inside the context."""
        self._by_viewer[viewer] = self._by_viewer.get(viewer, 0) + 1
        try:
            yield
        finally:
            remaining = self._by_viewer.pop(viewer) - 1
            if remaining:
                self._by_viewer[viewer] = remaining
