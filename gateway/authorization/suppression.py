"""
Small cells: counts of so few children that they tell of one are not shown, nor what they could be solved from.

A count below ten is hidden, and so are others until no hidden one has only one possible value, whatever is
added up or taken off (NCES 2011-603; 34 CFR 99.31(b)(1): no reasonable person may identify a student). Shares are
coded at their extremes by the size of their group. Only fixed cohorts are counted: free lists differ by one child.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TypeAlias

LEAST = 10
"""The smallest count that is shown."""
MOST_DIMENSIONS = 3
"""Dimensions that may be crossed."""
COHORTS = frozenset({"district", "school", "grade", "section", "program", "standard group"})
"""What may be counted."""
EXTREMES = ((300, 1), (100, 2), (40, 5), (20, 10), (10, 20))
"""Size of a group, and the per cent at either end that are not told apart."""

Cell: TypeAlias = tuple[str | None, ...]
"""A value of each dimension; None for all of them together."""


@dataclass(frozen=True, slots=True)
class Table:
    """Counts of children of one cohort, crossed by up to three dimensions."""

    cohort: str
    """What kind of group it is, such as `school`."""
    dimensions: tuple[str, ...]
    """Names, such as `gradeLevel`."""
    counts: Mapping[tuple[str, ...], int]
    """By a value of each dimension; what is left out counts nobody."""

    def __post_init__(self) -> None:
        if self.cohort not in COHORTS:
            known = ", ".join(sorted(COHORTS))
            raise ValueError(f"cohort: count one of {known}; a free list of children tells of each by difference")
        if not 1 <= len(self.dimensions) <= MOST_DIMENSIONS:
            raise ValueError(f"dimensions: cross 1 to {MOST_DIMENSIONS}")
        if any(len(cell) != len(self.dimensions) for cell in self.counts):
            raise ValueError("counts: name a value of each dimension")

    def cells(self) -> dict[Cell, int]:
        """All counts, those over whole dimensions included."""
        values = [sorted({cell[place] for cell in self.counts}) for place in range(len(self.dimensions))]
        found: dict[Cell, int] = {}
        for cell in product(*([*those, None] for those in values)):
            found[cell] = sum(count for leaf, count in self.counts.items() if _within(leaf, cell))
        return found


def _within(leaf: tuple[str, ...], cell: Cell) -> bool:
    return all(wanted in (None, value) for value, wanted in zip(leaf, cell, strict=True))


def suppressed(table: Table, entitled: Iterable[Cell] = ()) -> dict[Cell, int | None]:
    """
    The counts that may be shown; None for what is `SUPPRESSED`.

    Cells of which the viewer may see every child anyway are `entitled`, and shown.
    """
    counts = table.cells()
    exempt = set(entitled)
    small = {cell for cell, count in counts.items() if count < LEAST and cell not in exempt}
    hidden = set(small)
    lines = _lines(counts)
    while unsafe := _solvable(counts, hidden, small, lines):
        more = _next(counts, hidden, exempt, [line for line in lines if not unsafe.isdisjoint(line)])
        more = more or _next(counts, hidden, exempt, lines)
        if more is None:  # nothing is left to hide but what the viewer may see: the rest is solved by that
            break
        hidden.add(more)
    return {cell: None if cell in hidden else count for cell, count in counts.items()}


def _next(
    counts: Mapping[Cell, int], hidden: set[Cell], exempt: set[Cell], lines: Sequence[list[Cell]]
) -> Cell | None:
    """What to hide besides: the smallest count in these lines, whole dimensions last."""
    shown = {cell for line in lines for cell in line} - hidden - exempt
    return min(shown, key=lambda cell: (cell.count(None), counts[cell], [v or "" for v in cell]), default=None)


def _lines(counts: Mapping[Cell, int]) -> list[list[Cell]]:
    """Every sum that can be checked: a cell over a whole dimension first, then the cells that it is the sum of."""
    found = []
    for cell in counts:
        for place, value in enumerate(cell):
            if value is None:
                parts = [
                    other
                    for other in counts
                    if other[place] is not None
                    and other[:place] + other[place + 1 :] == cell[:place] + cell[place + 1 :]
                ]
                found.append([cell, *parts])
    return found


def _solvable(
    counts: Mapping[Cell, int], hidden: set[Cell], small: set[Cell], lines: Sequence[list[Cell]]
) -> set[Cell]:
    """
    Small cells that cannot be shown to have another possible value.

    Another value is possible when counts can be moved between hidden cells without changing any sum that is shown,
    and without one falling below nought: one such move is looked for in a basis of all of them.
    """
    names = sorted(hidden, key=lambda cell: [v or "" for v in cell])
    place = {cell: index for index, cell in enumerate(names)}
    rows = []
    for total, *parts in lines:
        row = [Fraction(0)] * len(names)
        if total in place:
            row[place[total]] -= 1
        for part in parts:
            if part in place:
                row[place[part]] += 1
        if any(row):
            rows.append(row)
    movable: set[Cell] = set()
    for move in _moves(rows, len(names)):
        for sign in (1, -1):
            if all(counts[cell] + sign * move[index] >= 0 for cell, index in place.items()):
                movable |= {cell for cell, index in place.items() if move[index]}
    return small - movable


def _moves(rows: list[list[Fraction]], width: int) -> list[list[Fraction]]:
    """A basis of what can be added without changing any sum, in whole numbers (the null space, by elimination)."""
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
    found = []
    for free in range(width):
        if free in pivots:
            continue
        move = [Fraction(0)] * width
        move[free] = Fraction(1)
        for row, column in zip(rows, pivots, strict=False):
            move[column] = -row[free]
        scale = 1
        for value in move:
            scale = scale * value.denominator // _gcd(scale, value.denominator)
        found.append([value * scale for value in move])
    return found


def _gcd(one: int, other: int) -> int:
    while other:
        one, other = other, one % other
    return one


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a group in per cent, as it may be shown: never beside the two counts that it is made of."""

    percent: float | None
    """In per cent, one decimal; None when only a bound is told."""
    at_least: float | None = None
    """The share is this or more."""
    at_most: float | None = None
    """The share is this or less."""


def coded(part: int, whole: int) -> Share | None:
    """The share of `part` in `whole`; None when the group is too small for any."""
    if whole < LEAST:
        return None
    edge = next(percent for size, percent in EXTREMES if whole >= size)
    percent = 100 * part / whole
    if percent >= 100 - edge:
        return Share(None, at_least=100.0 - edge)
    if percent <= edge:
        return Share(None, at_most=float(edge))
    return Share(round(percent, 1))
