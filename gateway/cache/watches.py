"""Watches over cached answers: a function is called as soon as one of them is replaced or removed."""

from __future__ import annotations

from collections.abc import Callable

from student_graph.gateway.cache.entries import Entry


class Watches:
    """All watches over the entries of a store."""

    def __init__(self) -> None:
        self._by_entry: dict[Entry, set[Watch]] = {}

    def __len__(self) -> int:
        """Entries that are watched."""
        return len(self._by_entry)

    def start(self, on_change: Callable[[], None]) -> Watch:
        """Start a watch, over no entry yet. `on_change` is called for each of its entries that changes."""
        return Watch(self._by_entry, on_change)

    def notify(self, entry: Entry) -> None:
        """Report that an entry was replaced, purged or deleted."""
        for watch in self._by_entry.pop(entry, ()):
            watch.note_change(entry)

    def forget(self, entry: Entry) -> None:
        """
        Stop watching an entry that was evicted or has expired: that does not mean that the source's data changed.
        """
        for watch in self._by_entry.pop(entry, ()):
            watch.discard(entry)


class Watch:
    """A watch over some entries. It holds them until they change, or until it is closed."""

    __slots__ = ("_by_entry", "_entries", "_on_change")

    def __init__(self, by_entry: dict[Entry, set[Watch]], on_change: Callable[[], None]) -> None:
        self._by_entry, self._on_change = by_entry, on_change
        self._entries: set[Entry] = set()

    def __contains__(self, entry: Entry) -> bool:
        """Whether an entry is watched and has not changed."""
        return entry in self._entries

    @property
    def entries(self) -> frozenset[Entry]:
        """The entries that are watched, and unchanged."""
        return frozenset(self._entries)

    def add(self, entry: Entry) -> None:
        """Watch an entry of the store. One that has been replaced already counts as changed."""
        if entry.bucket.entries.get(entry.key) is entry:
            self._entries.add(entry)
            self._by_entry.setdefault(entry, set()).add(self)
        elif entry.key in entry.bucket.entries:
            self.note_change(entry)

    def note_change(self, entry: Entry) -> None:
        """Note that an entry has changed."""
        self._entries.discard(entry)
        self._on_change()

    def discard(self, entry: Entry) -> None:
        """Drop an entry from the watch."""
        self._entries.discard(entry)

    def close(self) -> None:
        """Stop watching, and drop all references."""
        for entry in self._entries:
            watches = self._by_entry[entry]
            watches.discard(self)
            if not watches:
                del self._by_entry[entry]
        self._entries.clear()
