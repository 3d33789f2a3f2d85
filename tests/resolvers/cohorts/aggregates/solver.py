"""
A reader who tries to compute hidden counts: integer programs over every population that fits the shown counts.

It knows nothing of how counts are hidden. The unknowns are the numbers of students with each combination of groups
and level; each shown count is an equation.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from student_graph.resolvers.cohorts.aggregates.suppression import ShownCounts

MAX_STUDENTS = 500
"""Upper bound of every unknown, above all counts of the tests."""


class Count(NamedTuple):
    """A count of a population: which of its combinations it adds up, and whether it is shown."""

    name: Hashable
    includes: Callable[[Any], bool]
    shown: bool


def patterns(groups: Sequence[str], *, overlapping: bool) -> list[frozenset[str]]:
    """The sets of groups that one student can be in."""
    if not overlapping:
        return [frozenset((group,)) for group in groups]
    return [frozenset(some) for size in range(len(groups) + 1) for some in combinations(groups, size)]


def counts_of(
    shown: ShownCounts,
    groups: Sequence[str],
    levels: Sequence[str],
    pattern_of: Callable[[Any], frozenset[str]],
    level_of: Callable[[Any], str],
) -> list[Count]:
    """All counts of a table of groups by level."""
    return [
        Count("total", lambda _: True, shown.total),
        *(Count(g, lambda u, g=g: g in pattern_of(u), g in shown.groups) for g in groups),
        *(Count(v, lambda u, v=v: level_of(u) == v, v in shown.levels) for v in levels),
        *(
            Count((g, v), lambda u, g=g, v=v: g in pattern_of(u) and level_of(u) == v, (g, v) in shown.cells)
            for g in groups
            for v in levels
        ),
    ]


def size_of(population: Mapping[Any, int], count: Count) -> int:
    """The true number of students of a count."""
    return sum(students for unit, students in population.items() if count.includes(unit))


def possible_sizes_of_small_counts(
    units: Sequence[Any], population: Mapping[Any, int], counts: Sequence[Count], below: int = 10
) -> dict[Hashable, int]:
    """
    For each hidden count below ten, ten or more if it is so large in a population that fits what is shown.

    Otherwise its largest value in all of them. The true population fits too, so a count that may be ten or more is
    not known at all.
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and few processes need it
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - slow to import, and few processes need it

    rows = [[float(count.includes(unit)) for unit in units] for count in counts if count.shown]
    values = [float(size_of(population, count)) for count in counts if count.shown]
    constraints = [LinearConstraint(np.array(rows), values, values)] if rows else []
    hidden = {
        (index, count.name): np.array([float(count.includes(unit)) for unit in units])
        for index, count in enumerate(counts)
        if not count.shown and size_of(population, count) < below
    }
    sizes = dict.fromkeys(hidden, 0)
    for name, row in hidden.items():
        if sizes[name] < below:
            result = milp(
                -row, constraints=constraints, integrality=np.ones(len(units)), bounds=Bounds(0, MAX_STUDENTS)
            )
            assert result.success, "the true population fits"
            # The population that was found may have many students of other counts as well.
            sizes = {other: max(size, round(hidden[other] @ result.x)) for other, size in sizes.items()}
    return sizes


def derivable(units: Sequence[Any], population: Mapping[Any, int], counts: Sequence[Count]) -> set[Hashable]:
    """
    Hidden counts below ten that are a sum or difference of shown ones.

    The reader knows which sets of groups have no student: a unit is such a set and a level. Empty counts are left
    out, because this reader knows that they are empty.
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and few processes need it

    present_sets = {pattern for (pattern, _), students in population.items() if students}
    present = [unit for unit in units if unit[0] in present_sets]
    shown = np.array([[float(count.includes(unit)) for unit in present] for count in counts if count.shown])
    if not len(shown):
        return set()
    rank = np.linalg.matrix_rank(shown)
    return {
        count.name
        for count in counts
        if not count.shown
        and 0 < size_of(population, count) < 10
        and np.linalg.matrix_rank(np.vstack([shown, [float(count.includes(unit)) for unit in present]])) == rank
    }
