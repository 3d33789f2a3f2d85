"""While the event loop is busy, a district that uses more than a fair share of it goes after the others."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.gateway.concurrency.loop_shares import BUSY_SHARE, LoopShares
from student_graph.gateway.concurrency.loop_time import LoopBudgets
from tests.gateway.cache.small_cache import Clock


def used(seconds: Mapping[str, float], weights: Mapping[str, float] | None = None) -> LoopShares:
    """Shares after two seconds; in each of them, districts used the loop for so many seconds."""
    clock = Clock()
    shares = LoopShares(clock)
    shares.weights = dict(weights or {})
    for _ in range(200):
        clock.now += 0.01
        for district, share in seconds.items():
            shares.charge(district, share * 0.01)
    clock.now += 0.01
    return shares


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({"hill": 1.0}, set()),  # nobody else is there
        ({"hill": BUSY_SHARE - 0.1, "dale": 0.05}, set()),  # the loop has time left
        ({"hill": 0.9, "dale": 0.05, "elm": 0.04}, {"hill"}),
        ({"hill": 0.5, "dale": 0.45, "elm": 0.05}, {"hill", "dale"}),
    ],
)
def test_only_who_takes_more_than_a_fair_share_of_a_busy_loop_exceeds_it(
    seconds: Mapping[str, float], expected: set[str]
) -> None:
    """A district that needs little never does; one that needs much does as long as the loop is busy."""
    assert used(seconds).exceeding == expected


def test_a_district_with_twice_the_weight_may_use_twice_as_much() -> None:
    """Of two with a fifth of the loop each, both use too much, unless one has twice the weight."""
    seconds = {"hill": 0.19, "dale": 0.2}
    assert used(seconds).exceeding == {"hill", "dale"}
    assert used(seconds, {"hill": 2.0}).exceeding == {"dale"}


def test_a_district_that_rests_is_within_its_share_again() -> None:
    """A second without work is enough."""
    shares = used({"hill": 0.9, "dale": 0.1})
    assert shares.exceeding == {"hill"}
    clock = shares._clock
    assert isinstance(clock, Clock)
    clock.now += 1.0
    assert shares.exceeding == set()
    assert shares.shares().get("hill", 0.0) < 0.01


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 1.0), min_size=2))
def test_groups_over_the_fair_share_use_more_than_all_groups_below_it(needs: dict[str, float]) -> None:
    """Without the groups over the share, there is always enough loop time for the others."""
    total = sum(needs.values())
    shares = used({name: need / max(total, 1.0) for name, need in needs.items()})
    exceeding, seen = shares.exceeding, shares.shares()
    for name in seen.keys() - exceeding:
        assert all(seen[name] <= seen[other] for other in exceeding)
    assert sum(seen[name] for name in seen.keys() - exceeding) <= BUSY_SHARE + 0.01 or not exceeding


def test_clients_of_a_district_that_exceeds_its_share_count_as_over_their_budgets() -> None:
    """Each of its hundred viewers asks for little, and together they take the loop from nobody."""
    clock = Clock()
    budgets = LoopBudgets(clock)
    people = [budgets.of(f"hill-{n}", "hill") for n in range(100)]
    other = budgets.of("ada", "dale")
    clock.now += 5.0
    assert all(person.is_within for person in (*people, other))
    for n in range(200):
        clock.now += 0.01
        people[n % 100].charge(0.0098)
        other.charge(0.0002)
    assert other.is_within
    assert not any(person.is_within for person in people)
    clock.now += 1.0
    assert all(person.is_within for person in people)
