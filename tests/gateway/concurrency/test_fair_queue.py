"""The queue in which clients take turns."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.gateway.concurrency.fair_queue import MAX_FIRST_IN_A_ROW, FairQueue

PUTS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=60)


def filled(puts: list[tuple[int, bool]]) -> FairQueue[tuple[int, int, bool]]:
    """A queue with an item for each client of a list, and whether it goes first; items name their position."""
    queue: FairQueue[tuple[int, int, bool]] = FairQueue()
    for position, (client, goes_first) in enumerate(puts):
        queue.put((position, client, goes_first), client, goes_first=goes_first)
    return queue


def emptied(queue: FairQueue[tuple[int, int, bool]]) -> list[tuple[int, int, bool]]:
    """All items in the order in which they come."""
    items = []
    while queue:
        items.append(queue.take())
    return items


@given(PUTS)
def test_every_item_comes_once_and_the_items_of_a_client_in_their_order(puts: list[tuple[int, bool]]) -> None:
    """Among the items of a client that go first, and among its others."""
    items = emptied(filled(puts))
    assert sorted(item[0] for item in items) == list(range(len(puts)))
    for key in {item[1:] for item in items}:
        positions = [position for position, *rest in items if tuple(rest) == key]
        assert positions == sorted(positions)


@given(PUTS)
def test_no_client_comes_twice_before_another_one_comes_once(puts: list[tuple[int, bool]]) -> None:
    """However many items each has, none is more than one turn ahead of a client who still waits."""
    for lane in (True, False):
        clients = [client for client, goes_first in puts if goes_first is lane]
        remaining, turns = Counter(clients), Counter[int]()
        for _, client, _ in emptied(filled([(client, lane) for client in clients])):
            turns[client] += 1
            remaining[client] -= 1
            assert all(turns[other] >= turns[client] - 1 for other in remaining if remaining[other])


@given(PUTS)
def test_items_that_go_first_do_and_the_others_never_stop(puts: list[tuple[int, bool]]) -> None:
    """Each of the others waits for at most so many that go first, and none comes before they have."""
    items = emptied(filled(puts))
    last_first = max((index for index, item in enumerate(items) if item[2]), default=-1)
    in_a_row = 0
    for _, _, goes_first in items[: last_first + 1]:
        assert goes_first or in_a_row == MAX_FIRST_IN_A_ROW
        in_a_row = in_a_row + 1 if goes_first else 0
    others = [item for item in items if not item[2]]
    assert in_a_row <= MAX_FIRST_IN_A_ROW or not others or items[-1][2]


def test_items_that_go_on_come_before_new_items() -> None:
    """In the order in which they were put, among the items that go first and among the others."""
    queue: FairQueue[str] = FairQueue()
    for name, goes_first, goes_on in (
        ("other", False, False),
        ("other goes on", False, True),
        ("first", True, False),
        ("first goes on", True, True),
        ("second goes on", True, True),
    ):
        queue.put(name, name, goes_first=goes_first, goes_on=goes_on)
    items = []
    while queue:
        assert queue.has_first == (len(items) < 3)
        items.append(queue.take())
    assert items == ["first goes on", "second goes on", "first", "other goes on", "other"]


def test_groups_take_turns_also_with_items_that_go_on() -> None:
    """
    A hundred requests of one district that go on at once hold up others for a few turns.

    One of another district that goes on, too, comes second. One that is new comes after four of them.
    """
    queue: FairQueue[str] = FairQueue()
    for number in range(100):
        queue.put(f"hill {number}", number, goes_first=True, group="hill", goes_on=True)
    queue.put("new in dale", "ada", goes_first=True, group="dale")
    queue.put("elm goes on", "bea", goes_first=True, group="elm", goes_on=True)
    assert [queue.take() for _ in range(5)] == ["hill 0", "elm goes on", "hill 1", "hill 2", "new in dale"]


def test_new_items_of_a_group_wait_for_all_of_its_items_that_go_on() -> None:
    """So the requests of a single district end one after the other, and not all at the same time."""
    queue: FairQueue[str] = FairQueue()
    queue.put("new", "ada", goes_first=True)
    for number in range(100):
        queue.put(f"goes on {number}", number, goes_first=True, goes_on=True)
    assert [queue.take() for _ in range(101)] == [*(f"goes on {number}" for number in range(100)), "new"]


def test_an_empty_queue_has_nothing_to_take() -> None:
    """It says so by an IndexError."""
    queue: FairQueue[int] = FairQueue()
    assert not queue
    assert not queue.has_first
    with pytest.raises(IndexError):
        queue.take()
