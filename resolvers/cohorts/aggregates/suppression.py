"""
Suppression of small cells: which counts are shown to a viewer who may not see all of the students.

A count below ten is hidden, also zero, and so is every count from which it follows by adding and subtracting (NCES
2011-603; 34 CFR 99.31(b)(1): no reasonable person may be able to identify a student). This is decided from the top
down: first the total, then each dimension alone, then the dimension by level. A count that is shown at one step
stays shown at the next step, so two tables of one viewer never disagree about what is hidden.

After each step, the shown counts also allow every hidden count below ten to be ten or more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from student_graph.resolvers.cohorts.aggregates.hiding import (
    MIN_SHOWN_COUNT,
    Position,
    Preference,
    hide_in_line,
    hide_in_table,
)
from student_graph.resolvers.cohorts.aggregates.relations import Relations

Cell: TypeAlias = tuple[str, str]
"""A group and a level."""
Atoms: TypeAlias = Mapping[tuple[frozenset[str], str], int]
"""How many students have exactly these groups of one dimension, and this level."""


@dataclass(frozen=True, slots=True)
class ShownCounts:
    """Which counts of a table of groups by level are shown; all others are hidden."""

    total: bool
    groups: frozenset[str]
    """Groups whose number of students is shown."""
    levels: frozenset[str]
    """Levels whose number of students, over all groups, is shown."""
    cells: frozenset[Cell]
    """Groups and levels whose number of students is shown."""


NOTHING_SHOWN = ShownCounts(False, frozenset(), frozenset(), frozenset())


def shown_counts(
    atoms: Atoms,
    groups: Sequence[str],
    levels: Sequence[str],
    *,
    overlapping: bool,
    first: Collection[str] = (),
    last: Collection[str] = (),
) -> ShownCounts:
    """
    Decide which counts of the students in `atoms` are shown.

    `groups` and `levels` are all that may occur. If groups are `overlapping`, a student may be in several of them
    or in none; otherwise in exactly one. If there is a choice, groups and levels in `first` are hidden first,
    those in `last` are hidden last, and among the others the smallest ones are hidden.
    """
    table = _Table(atoms, groups, levels, first, last)
    if sum(table.by_level) < MIN_SHOWN_COUNT:
        return NOTHING_SHOWN
    return table.shown_of_overlapping() if overlapping else table.shown_of_disjoint()


@dataclass(slots=True)
class _Table:
    """The counts of a table of groups by level."""

    atoms: Atoms
    groups: Sequence[str]
    levels: Sequence[str]
    first: Collection[str]
    last: Collection[str]
    cells: list[list[int]] = field(init=False)
    """Students by group and level."""
    by_level: list[int] = field(init=False)
    rows: Preference = field(init=False)
    columns: Preference = field(init=False)
    hidden_levels: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        row_of = {group: index for index, group in enumerate(self.groups)}
        column_of = {level: index for index, level in enumerate(self.levels)}
        self.cells = [[0] * len(self.levels) for _ in self.groups]
        self.by_level = [0] * len(self.levels)
        for (pattern, level), count in self.atoms.items():
            self.by_level[column_of[level]] += count
            for group in pattern:
                self.cells[row_of[group]][column_of[level]] += count
        self.rows, self.columns = self._preference(self.groups), self._preference(self.levels)
        self.hidden_levels = hide_in_line(self.by_level, self.columns)

    def shown_of_disjoint(self) -> ShownCounts:
        """What is shown if every student is in exactly one group."""
        hidden_groups = hide_in_line(list(map(sum, self.cells)), self.rows)
        hidden = hide_in_table(self.cells, hidden_groups, self.hidden_levels, self.rows, self.columns)
        return ShownCounts(
            True,
            frozenset(group for row, group in enumerate(self.groups) if row not in hidden_groups),
            self._shown_levels(),
            frozenset(cell for position, cell in self._cells().items() if position not in hidden),
        )

    def shown_of_overlapping(self) -> ShownCounts:
        """
        What is shown if groups overlap.

        Each group is protected against the students outside it. Then more is hidden until no hidden count is a sum
        or difference of shown ones, even for a reader who knows which groups have no student in common.
        """
        total, counts = sum(self.by_level), dict(zip(self.groups, map(sum, self.cells), strict=True))
        present = sorted({pattern for (pattern, _), count in self.atoms.items() if count}, key=sorted)
        relations = Relations([(pattern, level) for pattern in present for level in self.levels])
        groups = relations.without_derivable(
            counts,
            {group for group, count in counts.items() if min(count, total - count) < MIN_SHOWN_COUNT},
            members=lambda atom, group: group in atom[0],
            known=[lambda _: True],
        )
        positions = self._cells()
        hidden = {
            positions[row, column]
            for row, group in enumerate(self.groups)
            for column in self._hidden_of_group(row, hidden=group not in groups)
        }
        levels = self._shown_levels()
        cells = relations.without_derivable(
            {cell: self.cells[row][column] for (row, column), cell in positions.items()},
            hidden,
            members=lambda atom, cell: cell[0] in atom[0] and cell[1] == atom[1],
            known=[
                lambda _: True,
                *(lambda atom, level=level: atom[1] == level for level in levels),
                *(lambda atom, group=group: group in atom[0] for group in groups),
            ],
        )
        return ShownCounts(True, frozenset(groups), levels, frozenset(cells))

    def _hidden_of_group(self, row: int, *, hidden: bool) -> set[int]:
        """
        Levels that are hidden for a group, so that neither the group nor the students outside have a small count.
        """
        outside = [total - count for total, count in zip(self.by_level, self.cells[row], strict=True)]
        positions = hide_in_table(
            [self.cells[row], outside], (0, 1) if hidden else (), self.hidden_levels, columns=self.columns
        )
        return {column for _, column in positions}

    def _preference(self, names: Sequence[str]) -> Preference:
        return Preference(
            frozenset(index for index, name in enumerate(names) if name in self.first),
            frozenset(index for index, name in enumerate(names) if name in self.last),
        )

    def _cells(self) -> dict[Position, Cell]:
        """The group and level of each position."""
        return {
            (row, column): (group, level)
            for row, group in enumerate(self.groups)
            for column, level in enumerate(self.levels)
        }

    def _shown_levels(self) -> frozenset[str]:
        return frozenset(level for column, level in enumerate(self.levels) if column not in self.hidden_levels)
