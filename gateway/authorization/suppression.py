"""
Suppression of small cells: hides counts of few students, and counts from which these could be computed.

A count below ten is hidden. More counts are hidden until no hidden small count has only one possible value,
whatever is added or subtracted (NCES 2011-603; 34 CFR 99.31(b)(1): no reasonable person may be able to identify
a student). Shares near 0 or 100 per cent are shown as bounds that depend on the size of the group. Only fixed
cohorts are counted: two free lists could differ by one student.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm
from typing import TypeAlias

MIN_SHOWN_COUNT = 10
"""The smallest count that is shown."""
MAX_DIMENSIONS = 3
"""Dimensions that one table may cross."""
COHORTS = frozenset({"district", "school", "grade", "section", "program", "standard group"})
"""Kinds of groups that may be counted."""
HIDDEN_EDGE_PERCENTS = ((300, 1), (100, 2), (40, 5), (20, 10), (10, 20))
"""Minimum size of a group, and how many per cent at either end of the scale are shown as a bound only."""

Cell: TypeAlias = tuple[str | None, ...]
"""A value for each dimension; None stands for all values of a dimension."""


@dataclass(frozen=True, slots=True)
class CountTable:
    """Counts of students of one cohort, crossed by up to three dimensions."""

    cohort: str
    """The kind of group, such as `school`."""
    dimensions: tuple[str, ...]
    """Names, such as `gradeLevel`."""
    counts: Mapping[tuple[str, ...], int]
    """Counts by a value for each dimension; absent combinations count as 0."""

    def __post_init__(self) -> None:
        if self.cohort not in COHORTS:
            known = ", ".join(sorted(COHORTS))
            raise ValueError(f"cohort: count one of {known}; two free lists may differ by one student")
        if not 1 <= len(self.dimensions) <= MAX_DIMENSIONS:
            raise ValueError(f"dimensions: cross 1 to {MAX_DIMENSIONS}")
        if any(len(leaf) != len(self.dimensions) for leaf in self.counts):
            raise ValueError("counts: name a value for each dimension")

    def cells(self) -> dict[Cell, int]:
        """All counts, including the totals over dimensions."""
        values = [sorted({leaf[index] for leaf in self.counts}) for index in range(len(self.dimensions))]
        return {
            cell: sum(count for leaf, count in self.counts.items() if _contains(cell, leaf))
            for cell in product(*([*column, None] for column in values))
        }


def _contains(cell: Cell, leaf: tuple[str, ...]) -> bool:
    return all(expected in (None, value) for value, expected in zip(leaf, cell, strict=True))


def suppress(table: CountTable, fully_visible: Iterable[Cell] = ()) -> dict[Cell, int | None]:
    """
    The counts that may be shown; None for a hidden count.

    `fully_visible` are the cells in which the viewer may see every student; they are shown.
    """
    counts = table.cells()
    exempt = set(fully_visible)
    small = {cell for cell, count in counts.items() if count < MIN_SHOWN_COUNT and cell not in exempt}
    hidden = set(small)
    sums = _sums(counts)
    while unsafe := _computable(counts, hidden, small, sums):
        cell = _next_to_hide(counts, hidden, exempt, [group for group in sums if not unsafe.isdisjoint(group)])
        cell = cell or _next_to_hide(counts, hidden, exempt, sums)
        if cell is None:  # only cells that the viewer may see are left: they allow the computation anyway
            break
        hidden.add(cell)
    return {cell: None if cell in hidden else count for cell, count in counts.items()}


def _next_to_hide(
    counts: Mapping[Cell, int], hidden: set[Cell], exempt: set[Cell], sums: Sequence[list[Cell]]
) -> Cell | None:
    """The shown cell of these sums with the smallest count, totals last; None if all are hidden or exempt."""
    shown = {cell for group in sums for cell in group} - hidden - exempt
    return min(shown, key=lambda cell: (cell.count(None), counts[cell], [v or "" for v in cell]), default=None)


def _sums(counts: Mapping[Cell, int]) -> list[list[Cell]]:
    """Every sum that a reader can check: a total over one dimension, followed by the cells that it adds up."""
    sums = []
    for cell in counts:
        for index, value in enumerate(cell):
            if value is None:
                parts = [
                    other
                    for other in counts
                    if other[index] is not None
                    and other[:index] + other[index + 1 :] == cell[:index] + cell[index + 1 :]
                ]
                sums.append([cell, *parts])
    return sums


def _computable(
    counts: Mapping[Cell, int], hidden: set[Cell], small: set[Cell], sums: Sequence[list[Cell]]
) -> set[Cell]:
    """
    Small cells for which no second possible value is found.

    A second value is possible if counts can be moved between hidden cells such that no shown sum changes and no
    count becomes negative. One such move is searched in a basis of all moves.
    """
    index_of = {cell: index for index, cell in enumerate(sorted(hidden, key=lambda cell: [v or "" for v in cell]))}
    rows = []
    for total, *parts in sums:
        row = [Fraction(0)] * len(index_of)
        if total in index_of:
            row[index_of[total]] -= 1
        for part in parts:
            if part in index_of:
                row[index_of[part]] += 1
        if any(row):
            rows.append(row)
    movable: set[Cell] = set()
    for move in _basis_of_moves(rows, len(index_of)):
        for sign in (1, -1):
            if all(counts[cell] + sign * move[index] >= 0 for cell, index in index_of.items()):
                movable |= {cell for cell, index in index_of.items() if move[index]}
    return small - movable


def _basis_of_moves(rows: list[list[Fraction]], width: int) -> list[list[Fraction]]:
    """A basis of the null space of `rows` in whole numbers, by Gaussian elimination: moves that change no sum."""
    pivots: list[int] = []
    for column in range(width):
        rank = len(pivots)
        pivot = next((index for index in range(rank, len(rows)) if rows[index][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [value / rows[rank][column] for value in rows[rank]]
        for index, row in enumerate(rows):
            if index != rank and row[column]:
                rows[index] = [value - row[column] * top for value, top in zip(row, rows[rank], strict=True)]
        pivots.append(column)
    basis = []
    for free in range(width):
        if free in pivots:
            continue
        move = [Fraction(0)] * width
        move[free] = Fraction(1)
        for row, column in zip(rows, pivots, strict=False):
            move[column] = -row[free]
        scale = lcm(*(value.denominator for value in move))
        basis.append([value * scale for value in move])
    return basis


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a group as it may be shown: never together with the counts that it is computed from."""

    percent: float | None
    """Per cent, with one decimal; None if only a bound is shown."""
    at_least: float | None = None
    """Lower bound in per cent."""
    at_most: float | None = None
    """Upper bound in per cent."""


def coded_share(part: int, group: int) -> Share | None:
    """The share of `part` in `group`, top- and bottom-coded; None if the group is too small for any share."""
    if group < MIN_SHOWN_COUNT:
        return None
    edge = next(percent for size, percent in HIDDEN_EDGE_PERCENTS if group >= size)
    percent = 100 * part / group
    if percent >= 100 - edge:
        return Share(None, at_least=100.0 - edge)
    if percent <= edge:
        return Share(None, at_most=float(edge))
    return Share(round(percent, 1))
