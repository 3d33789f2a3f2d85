"""A queue in which clients take turns, however much each has put into it."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_FIRST_IN_A_ROW = 8
"""Items that go first before one of the others goes: the others are late, and never stop."""


class FairQueue(Generic[T]):
    """
    Holds items of clients. Those that go first come before all others, and clients among them take turns.

    After `MAX_FIRST_IN_A_ROW` of them, one of the others comes.
    """

    def __init__(self) -> None:
        self._first: OrderedDict[object, deque[T]] = OrderedDict()
        """By client, the items that go first; clients are in the order of their turns."""
        self._others: OrderedDict[object, deque[T]] = OrderedDict()
        self._first_in_a_row = 0

    def __bool__(self) -> bool:
        """Whether there is an item."""
        return bool(self._first or self._others)

    @property
    def has_first(self) -> bool:
        """Whether there is an item that goes first."""
        return bool(self._first)

    def put(self, item: T, client: object, *, goes_first: bool) -> None:
        """Add an item of a client."""
        clients = self._first if goes_first else self._others
        clients.setdefault(client, deque()).append(item)

    def take(self) -> T:
        """
        Remove the next item and return it.

        Raises:
            IndexError: there is none.
        """
        takes_first = bool(self._first) and (self._first_in_a_row < MAX_FIRST_IN_A_ROW or not self._others)
        self._first_in_a_row = self._first_in_a_row + 1 if takes_first else 0
        clients = self._first if takes_first else self._others
        if not clients:
            raise IndexError("the queue is empty")
        client, items = clients.popitem(last=False)
        item = items.popleft()
        if items:
            clients[client] = items  # behind all others
        return item
