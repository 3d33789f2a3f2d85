"""
A queue in which groups take turns, and clients within their group, no matter how many items each has added.

An item may continue a turn that has begun. It then comes before items whose turn has not begun.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_FIRST_IN_A_ROW = 8
"""
After this many priority items in a row, one of the others is taken, so that the others are late but never stop.
"""


class _Turns(Generic[T]):
    """The items of clients in groups. Groups and clients are in the order of their turns."""

    def __init__(self) -> None:
        self._begun: deque[T] = deque()
        """Items that continue a turn, in the order in which they were added."""
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
    Holds items of clients, in two classes: priority items come before all others.

    Within each class, items that continue a turn come first. Then groups of clients, such as the clients of one
    district, take turns, and clients take turns within their group. After `MAX_FIRST_IN_A_ROW` priority items, one
    of the others comes.
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
        """Whether there is a priority item."""
        return bool(self._first)

    def put(
        self, item: T, client: object, *, goes_first: bool, group: object = None, goes_on: bool = False
    ) -> None:
        """Add an item of a client that belongs to a group; `goes_on` says that the item continues a turn."""
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
