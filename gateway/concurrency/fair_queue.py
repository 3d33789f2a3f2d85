"""
A queue in which groups take turns, and clients within their group, however much each has put into it.

An item may go on a turn that has begun: it comes before those whose turn has not begun.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_FIRST_IN_A_ROW = 8
"""Items that go first before one of the others goes: the others are late, and never stop."""


class _Turns(Generic[T]):
    """Items of clients, which are in groups; groups and clients are in the order of their turns."""

    def __init__(self) -> None:
        self._begun: deque[T] = deque()
        """Items that go on a turn, in the order in which they were put."""
        self._groups: OrderedDict[object, OrderedDict[object, deque[T]]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._begun or self._groups)

    def put(self, item: T, client: object, group: object, *, goes_on: bool) -> None:
        """Add an item of a client."""
        if goes_on:
            self._begun.append(item)
            return
        self._groups.setdefault(group, OrderedDict()).setdefault(client, deque()).append(item)

    def take(self) -> T:
        """Remove the next item and return it. Raises IndexError if there is none."""
        if self._begun:
            return self._begun.popleft()
        if not self._groups:
            raise IndexError("the queue is empty")
        group, clients = self._groups.popitem(last=False)
        client, items = clients.popitem(last=False)
        item = items.popleft()
        if items:
            clients[client] = items  # behind all others
        if clients:
            self._groups[group] = clients
        return item


class FairQueue(Generic[T]):
    """
    Holds items of clients. Those that go first come before all others.

    Among each of the two, items that go on a turn come first. Then groups of clients, such as those of one
    district, take turns, and clients take turns within their group. After `MAX_FIRST_IN_A_ROW` of those that go
    first, one of the others comes.
    """

    def __init__(self) -> None:
        self._first: _Turns[T] = _Turns()
        self._others: _Turns[T] = _Turns()
        self._first_in_a_row = 0

    def __bool__(self) -> bool:
        """Whether there is an item."""
        return bool(self._first or self._others)

    @property
    def has_first(self) -> bool:
        """Whether there is an item that goes first."""
        return bool(self._first)

    def put(
        self, item: T, client: object, *, goes_first: bool, group: object = None, goes_on: bool = False
    ) -> None:
        """Add an item of a client, which belongs to a group; `goes_on` says that its turn has begun."""
        (self._first if goes_first else self._others).put(item, client, group, goes_on=goes_on)

    def take(self) -> T:
        """
        Remove the next item and return it.

        Raises:
            IndexError: there is none.
        """
        takes_first = bool(self._first) and (self._first_in_a_row < MAX_FIRST_IN_A_ROW or not self._others)
        self._first_in_a_row = self._first_in_a_row + 1 if takes_first else 0
        return (self._first if takes_first else self._others).take()
