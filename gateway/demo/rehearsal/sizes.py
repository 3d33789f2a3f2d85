"""The sizes of the districts of a rehearsal, as large as the memory of this machine allows."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from student_graph.gateway.demo.rehearsal.vendors.plan import MAX_STUDENTS, MIN_STUDENTS, plan_districts

OTHER_STUDENTS = 5_000
"""The other districts are as large as beside a district of this size, because the largest is much larger."""
MIN_OTHER_STUDENTS = 200
SCALED_STUDENTS = 2_000
"""Students of the largest district on a machine with little memory."""
STUDENTS_STEP = 1_000
"""If the largest district does not fit into the memory, its number of students is a multiple of this."""
STUDENT_BYTES = 27_000
"""Memory of a student at the vendors: 2.7 GB were measured for 100,000 students."""
FLEET_BYTES = 4 * 2**30
"""Memory of everything else: two workers, the oracle, Redis, and the processes of the vendors."""


class Sizes(NamedTuple):
    """How many students the districts have."""

    largest: int = MAX_STUDENTS
    """Students of the largest district; the others are in proportion."""
    others: int | None = OTHER_STUDENTS
    """Give the others as many students as if the largest had so many; None for as many as it has."""
    smallest: int = MIN_OTHER_STUDENTS
    """Students of a district at least."""


SCALED = Sizes(SCALED_STUDENTS, None, MIN_STUDENTS)
"""The sizes of districts on a machine with little memory."""


def sizes_that_fit(districts: int, free_bytes: int | None) -> Sizes:
    """
    Return the largest sizes of so many districts for which the free memory suffices.

    They are from 200 to 100,000 students if it does. None stands for memory that is not known.
    """
    if free_bytes is None:
        return SCALED
    sizes = Sizes()
    plans = plan_districts(districts, 1, largest=sizes.largest, others=sizes.others, smallest=sizes.smallest)
    others = sum(plan.students for plan in plans[1:])
    allowed = (free_bytes - FLEET_BYTES) // STUDENT_BYTES - others
    largest = min(sizes.largest, allowed - allowed % STUDENTS_STEP)
    return sizes._replace(largest=largest) if largest > OTHER_STUDENTS else SCALED


def free_bytes() -> int | None:
    """Return the memory that new processes of this machine can use; None if the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None
