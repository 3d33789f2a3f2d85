"""The districts of a rehearsal are as large as the memory of the machine allows."""

from __future__ import annotations

import pytest

from student_graph.gateway.demo.rehearsal.sizes import (
    FLEET_BYTES,
    SCALED,
    STUDENT_BYTES,
    Sizes,
    free_bytes,
    sizes_that_fit,
)
from student_graph.gateway.demo.rehearsal.vendors.plan import plan_districts

GIB = 2**30


def students(sizes: Sizes, districts: int = 18) -> list[int]:
    """Return the students of each district."""
    plans = plan_districts(districts, 1, largest=sizes.largest, others=sizes.others, smallest=sizes.smallest)
    return [plan.students for plan in plans]


def test_eighteen_districts_have_from_200_to_100_000_students() -> None:
    """On a machine with memory for them, without an option."""
    numbers = students(sizes_that_fit(18, 16 * GIB))
    assert (min(numbers), max(numbers)) == (200, 100_000)
    assert len(set(numbers)) > len(numbers) / 2


@pytest.mark.parametrize("gib", [4.5, 5, 6, 7, 8])
@pytest.mark.parametrize("districts", [1, 3, 18, 40])
def test_a_machine_with_less_memory_gets_districts_that_fit(gib: float, districts: int) -> None:
    """The largest one is smaller then; the others are the same as long as it is the largest."""
    sizes = sizes_that_fit(districts, int(gib * GIB))
    assert sizes == SCALED or sum(students(sizes, districts)) * STUDENT_BYTES + FLEET_BYTES <= gib * GIB
    assert students(sizes, districts)[0] == max(students(sizes, districts))


def test_districts_are_small_if_the_memory_is_too_small_or_not_known() -> None:
    """They are then as they were before there was a large one."""
    assert sizes_that_fit(18, None) == sizes_that_fit(18, 2 * GIB) == SCALED
    assert (free_bytes() or GIB) > GIB / 100
