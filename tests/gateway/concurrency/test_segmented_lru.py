"""What is requested once replaces nothing that is requested again."""

from __future__ import annotations

import random

from student_graph.gateway.concurrency.segmented_lru import PROBATION_SHARE, SegmentedLRU

SIZE = 64_000


def values(max_size: int = SIZE) -> SegmentedLRU[str, int]:
    """Numbers by name; a number is its own size."""
    return SegmentedLRU(max_size, lambda number: number)


def test_values_that_are_requested_once_take_a_sixteenth() -> None:
    """However many they are."""
    held = values()
    for number in range(1_000):
        held.set(f"once {number}", 100, "hill")
    assert len(held) == SIZE * PROBATION_SHARE // 100


def test_a_value_that_is_requested_again_is_kept_when_others_arrive() -> None:
    """It is on probation no more."""
    held = values()
    held.set("again", 100, "hill")
    assert held.get("again") == 100
    for number in range(1_000):
        held.set(f"once {number}", 100, "hill")
    assert held.get("again") == 100


def test_a_value_that_was_requested_twice_while_it_was_missing_needs_no_probation() -> None:
    """More values than are on probation at once are held if each is requested again later."""
    held = values(25 * SIZE)
    names = [f"page {number}" for number in range(100)]
    for _ in range(2):
        for name in names:
            if held.get(name) is None:
                held.set(name, 4_000, "hill")
    assert [held.get(name) for name in names] == [4_000] * 100


def test_a_value_larger_than_the_part_for_probation_is_held_once_it_is_requested_again() -> None:
    """The first time it is not."""
    held = values()
    for expected in (None, None, 10_000):
        assert held.get("large") == expected
        held.set("large", 10_000, "hill")
    assert held.get("other") is None


def test_owners_have_fair_shares_of_the_memory() -> None:
    """One owner fills what the others leave, and gives it back."""
    held = values()
    for owner in ("hill", "dale"):
        for number in range(1_000):
            held.set(f"{owner} {number}", 100, owner)
            held.get(f"{owner} {number}")
    sizes = [sum(f"{owner} {number}" in held for number in range(1_000)) for owner in ("hill", "dale")]
    assert abs(sizes[0] - sizes[1]) <= 1


def test_it_never_takes_more_than_its_memory() -> None:
    """With random names, sizes and owners, some of them removed; keys that were missing count too."""
    rng, held = random.Random(7), values()  # noqa: S311 - a fixed seed
    for _ in range(20_000):
        name = f"page {rng.randrange(400)}"
        if held.get(name) is None and rng.random() < 0.8:
            held.set(name, rng.randrange(1, 8_000), rng.choice(["hill", "dale"]))
        if rng.random() < 0.05:
            held.pop(name)
        assert held.used_size <= SIZE
    held.clear()
    assert len(held) == 0
