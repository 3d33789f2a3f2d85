"""A district that fills a cache takes no more than a fair share of it from the others."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from student_graph.gateway.concurrency.fair_lru import FairLRU, owner_of


def test_values_of_the_largest_owner_are_evicted() -> None:
    """Hill fills all of it, then Dale gets half, and a third district a third; each keeps what it used last."""
    cache: FairLRU[tuple[str, int], str] = FairLRU(12)
    for number in range(100):
        cache.set(("hill", number), "", "hill")
    assert cache.sizes() == {"hill": 12}
    for district, expected in (("dale", 6), ("elm", 4)):
        for number in range(100):
            cache.set((district, number), "", district)
        assert cache.sizes() == {"hill": expected, "dale": expected} | ({"elm": 4} if district == "elm" else {})
    assert [key in cache for key in (("hill", 99), ("hill", 0))] == [True, False]


def test_a_small_district_keeps_all_of_its_values_while_another_sends_thousands() -> None:
    """What is within a fair share is never evicted for others, however long ago it was used."""
    cache: FairLRU[object, int] = FairLRU(1_000, lambda size: size)
    for number in range(10):
        cache.set(("dale", number), 40, "dale")
    for number in range(5_000):
        cache.set(("hill", number), 7, "hill")
    assert cache.sizes()["dale"] == 400
    assert cache.used_size <= 1_000


def test_weights_divide_it() -> None:
    """Three times the weight, three times the place."""
    cache: FairLRU[object, str] = FairLRU(100)
    cache.weights = {"hill": 3.0}
    for number in range(500):
        cache.set(("hill", number), "", "hill")
        cache.set(("dale", number), "", "dale")
    assert cache.sizes() == {"hill": 75, "dale": 25}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(1, 5), st.booleans()), max_size=80)
)
def test_sizes_by_owner_are_the_sums_of_the_values_sizes(steps: list[tuple[str, int, int, bool]]) -> None:
    """After any steps: within both limits, and the sizes by owner are those of the values that can be read."""
    cache: FairLRU[tuple[str, int], int] = FairLRU(20, lambda size: size, max_values=8)
    for owner, number, size, is_set in steps:
        if is_set:
            cache.set((owner, number), size, owner)
        else:
            cache.pop((owner, number))
    sizes = Counter[object]()
    for key in cache:
        sizes[key[0]] += cache.peek(key) or 0
    assert cache.sizes() == sizes
    assert cache.used_size == sizes.total() <= 20
    assert len(cache) <= 8


def test_values_about_several_districts_have_a_separate_owner() -> None:
    """So a superintendent of two districts takes the place of neither."""
    assert owner_of({"hill"}) == "hill"
    assert owner_of({"hill", "dale"}) == owner_of(["dale", "hill"]) != owner_of({"hill"})
