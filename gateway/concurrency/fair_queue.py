"""
A queue in which groups take turns, and clients within their group, no matter how many items each has added.

An item may continue a turn that has begun. It then comes before items whose turn has not begun, but not always
before those of other groups: hundreds of requests of one group that have begun may go on at the same moment.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_FIRST_IN_A_ROW = 8
"""
After this many priority items in a row, one of the others is taken, so that the others are late but never stop.
"""
MAX_BEGUN_IN_A_ROW = 4
"""After this many items in a row that continue a turn, a group without such an item gets its turn."""
_NO_GROUP = object()


class _Turns(Generic[T]):
    """The items of clients in groups. Groups and clients are in the order of their turns."""

    def __init__(self) -> None:
        self._begun: OrderedDict[object, deque[T]] = OrderedDict()
        """By group, the items that continue a turn, in the order in which they were added."""
        self._begun_in_a_row = 0
        """Items taken since a turn last began."""
        self._groups: OrderedDict[object, OrderedDict[object, deque[T]]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._begun or self._groups)

    def put(self, item: T, client: object, group: object, *, goes_on: bool) -> None:
        """Add an item of a client."""
        if goes_on:
            self._begun.setdefault(group, deque()).append(item)
            return
        self._groups.setdefault(group, OrderedDict()).setdefault(client, deque()).append(item)

    def take(self) -> T:
        """Remove the next item and return it. Raises IndexError if there is none."""
        group = self._next_new_group()
        if not self._begun and group is _NO_GROUP:
            raise IndexError("the queue is empty")
        if group is _NO_GROUP:
            self._begun_in_a_row += 1
            group, begun = self._begun.popitem(last=False)
            item = begun.popleft()
            if begun:
                self._begun[group] = begun  # behind all others
            return item
        self._begun_in_a_row = 0
        clients = self._groups.pop(group)
        client, items = clients.popitem(last=False)
        item = items.popleft()
        if items:
            clients[client] = items  # behind all others
        if clients:
            self._groups[group] = clients
        return item

    def _next_new_group(self) -> object:
        """The group whose turn begins now; `_NO_GROUP` if an item that continues a turn comes first."""
        if not self._begun:
            return next(iter(self._groups), _NO_GROUP)
        if self._begun_in_a_row < MAX_BEGUN_IN_A_ROW:
            return _NO_GROUP
        return next((group for group in self._groups if group not in self._begun), _NO_GROUP)


class FairQueue(Generic[T]):
    """
    Holds items of clients, in two classes: priority items come before all others.

    Within each class, items that continue a turn come first. Groups of clients, such as the clients of one
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
