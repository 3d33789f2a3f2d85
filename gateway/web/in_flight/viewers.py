"""How many requests each viewer has in flight or is sending."""

from __future__ import annotations

from collections.abc import Hashable


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

    def counted(self, viewer: Hashable) -> _Counted:
        """Count a request of a viewer inside the returned context."""
        return _Counted(self._by_viewer, viewer)


class _Counted:
    """The context of a counted request; a generator would take three times as long for each request."""

    __slots__ = ("_by_viewer", "_viewer")

    def __init__(self, by_viewer: dict[Hashable, int], viewer: Hashable) -> None:
        self._by_viewer, self._viewer = by_viewer, viewer

    def __enter__(self) -> None:
        self._by_viewer[self._viewer] = self._by_viewer.get(self._viewer, 0) + 1

    def __exit__(self, *_: object) -> None:
        remaining = self._by_viewer.pop(self._viewer) - 1
        if remaining:
            self._by_viewer[self._viewer] = remaining
