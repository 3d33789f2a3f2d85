"""How many students the districts of a rehearsal have."""

from __future__ import annotations

from student_graph.gateway.demo.rehearsal.vendors.plan import plan_districts


def test_districts_are_in_proportion_to_the_largest_one() -> None:
    """However small they get, a school has classes."""
    sizes = [plan.students for plan in plan_districts(4, 1, largest=2_000)]
    assert sizes == [2_000, 60, 100, 60]


def test_one_district_may_be_much_larger_than_the_proportion_of_the_others() -> None:
    """So that 100,000 students are rehearsed on one machine beside others of 200 and more."""
    sizes = [plan.students for plan in plan_districts(18, 1, others=5_000, smallest=200)]
    assert (sizes[0], min(sizes), sorted(sizes)[-2]) == (100_000, 200, 3_500)
