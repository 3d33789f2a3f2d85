"""Decides which counts of a line or table are hidden, so that none below ten can be computed from shown ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

MIN_SHOWN_COUNT = 10
"""The smallest count of students that is shown."""

Position: TypeAlias = tuple[int, int]
"""A row and a column of a table."""


@dataclass(frozen=True, slots=True)
class Preference:
    """Which positions of a line are hidden first and last if there is a choice; otherwise the smallest counts."""

    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()

    def loss(self, position: int, count: int) -> int:
        """Return how much readers lose if a count is hidden, in students."""
        return 0 if position in self.first else count + _LAST_COUNT_WEIGHT * (position in self.last)


_LAST_COUNT_WEIGHT = 10**6
"""Additional weight, in students, of a count that is hidden last."""
NO_PREFERENCE = Preference()


def hide_in_line(counts: Sequence[int], preference: Preference = NO_PREFERENCE) -> frozenset[int]:
    """
    The positions to hide in a line of counts whose total is shown.

    These are all counts below ten. If their sum is below ten, or if only one count is hidden, the smallest other
    counts are hidden too.
    """
    hidden = {index for index, count in enumerate(counts) if count < MIN_SHOWN_COUNT}
    others = sorted(
        (index for index in range(len(counts)) if index not in hidden),
        key=lambda index: (preference.loss(index, counts[index]), index),
        reverse=True,
    )
    while hidden and others and (len(hidden) == 1 or sum(counts[i] for i in hidden) < MIN_SHOWN_COUNT):
        hidden.add(others.pop())
    return frozenset(hidden)


def hide_in_table(
    counts: Sequence[Sequence[int]],
    hidden_rows: Collection[int] = (),
    hidden_columns: Collection[int] = (),
    rows: Preference = NO_PREFERENCE,
    columns: Preference = NO_PREFERENCE,
) -> frozenset[Position]:
    """
    The positions to hide in a table of counts.

    The totals of all rows and columns are shown except those of `hidden_rows` and `hidden_columns`, whose counts
    are all hidden. Each hidden count below ten could as well be ten: students can be moved along a chain of hidden
    counts so that no shown count and no shown total changes.
    """
    positions = [(row, column) for row in range(len(counts)) for column in range(len(counts[row]))]
    hidden = {
        (row, column)
        for row, column in positions
        if counts[row][column] < MIN_SHOWN_COUNT or row in hidden_rows or column in hidden_columns
    }
    network = _Network(counts, frozenset(hidden_rows), frozenset(hidden_columns), hidden)
    losses = {(row, column): _loss(counts[row][column], rows, row, columns, column) for row, column in positions}
    small = sorted((p for p in hidden if counts[p[0]][p[1]] < MIN_SHOWN_COUNT), key=lambda p: (losses[p], p))
    for position in small:
        while (reached := network.unreached(position)) is not None:
            more = _square(network, losses, position) or _cheapest(network, losses, reached)
            if not more:  # everything that could help is hidden: now only the totals decide, and they allow ten
                break
            hidden |= more
    return frozenset(hidden)


def _loss(count: int, rows: Preference, row: int, columns: Preference, column: int) -> int:
    """How much readers lose if a count of a table is hidden: nothing if its row or column is hidden first."""
    losses = rows.loss(row, count), columns.loss(column, count)
    return 0 if count and 0 in losses else max(losses)


def _square(network: _Network, losses: Mapping[Position, int], position: Position) -> set[Position]:
    """
    The three other corners of a square that lets a hidden count be ten, with the least loss; empty if none does.

    Its neighbors in the row and in the column are lowered, and the opposite corner is raised.
    """
    counts, (row, column) = network.counts, position
    need = MIN_SHOWN_COUNT - counts[row][column]
    squares = [
        corners
        for other_row in range(len(counts))
        for other_column in range(len(counts[row]))
        if other_row != row
        and other_column != column
        and min(counts[row][other_column], counts[other_row][column]) >= need
        and not (corners := {(row, other_column), (other_row, column), (other_row, other_column)})
        <= network.hidden
    ]
    return min(
        squares,
        key=lambda corners: (sum(losses[p] for p in corners - network.hidden), sorted(corners)),
        default=set[Position](),
    )


def _cheapest(
    network: _Network, losses: Mapping[Position, int], reached: tuple[set[int], set[int]]
) -> set[Position]:
    """The shown count with the least loss that gives the students of rows and columns a way out; empty if none."""
    rows, columns = reached
    choices = [p for p in losses if p not in network.hidden and (p[0] in rows) != (p[1] in columns)]
    return set(sorted(choices, key=lambda p: (losses[p], p))[:1])


@dataclass(slots=True)
class _Network:
    """
    A table as a network of rows and columns, with a link for each hidden count.

    Students move from a row to a column if a hidden count is lowered, at most to zero, and from a column to a row
    if one is raised. A hidden total of a row or column is a link to a common node: nobody knows it.
    """

    counts: Sequence[Sequence[int]]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]
    hidden: set[Position]

    def unreached(self, position: Position) -> tuple[set[int], set[int]] | None:
        """
        None if a hidden count could be ten; else the rows and columns to which its students could be moved.

        The count is raised to ten along chains of moves, each the shortest, until there is none (Edmonds-Karp).
        """
        row, column = position
        moved: dict[Position, int] = {}
        need = MIN_SHOWN_COUNT - self.counts[row][column]
        while need > 0:
            chain, rows, columns = self._chain(row, column, moved)
            if chain is None:
                return rows, columns
            step = min(need, *(self._left(p, moved) for p in chain[::2]))
            for index, link in enumerate(chain):
                moved[link] = moved.get(link, 0) + (step if index % 2 else -step)
            need -= step
        return None

    def _left(self, position: Position, moved: Mapping[Position, int]) -> int:
        """How far a hidden count may still be lowered."""
        if _TOTALS_INDEX in position:
            return _UNLIMITED_STUDENTS
        return self.counts[position[0]][position[1]] + moved.get(position, 0)

    def _chain(
        self, row: int, column: int, moved: Mapping[Position, int]
    ) -> tuple[list[Position] | None, set[int], set[int]]:
        """
        The shortest chain of positions, lowered and raised in turns, from a row to a column.

        If there is none, the rows and columns that were reached.
        """
        from_row: dict[int, Position] = {}
        """By column, the position that is lowered to reach it."""
        from_column: dict[int, Position] = {}
        """By row, the position that is raised to reach it."""
        rows = {row}
        queue = deque([row])
        while queue:
            current = queue.popleft()
            for lowered in self._hidden_in_row(current):
                if lowered == (row, column) or lowered[1] in from_row or self._left(lowered, moved) <= 0:
                    continue
                from_row[lowered[1]] = lowered
                if lowered[1] == column:
                    return _trace(row, column, from_row, from_column), rows, set(from_row)
                for raised in self._hidden_in_column(lowered[1]):
                    if raised[0] not in rows:
                        rows.add(raised[0])
                        from_column[raised[0]] = raised
                        queue.append(raised[0])
        return None, rows, set(from_row)

    def _hidden_in_row(self, row: int) -> Iterable[Position]:
        if row == _TOTALS_INDEX:
            return [(_TOTALS_INDEX, column) for column in sorted(self.hidden_columns)]
        own = [(row, column) for column in range(len(self.counts[row])) if (row, column) in self.hidden]
        return [*own, (row, _TOTALS_INDEX)] if row in self.hidden_rows else own

    def _hidden_in_column(self, column: int) -> Iterable[Position]:
        if column == _TOTALS_INDEX:
            return [(row, _TOTALS_INDEX) for row in sorted(self.hidden_rows)]
        own = [(row, column) for row in range(len(self.counts)) if (row, column) in self.hidden]
        return [*own, (_TOTALS_INDEX, column)] if column in self.hidden_columns else own


_TOTALS_INDEX = -1
"""The row, or the column, of the totals."""
_UNLIMITED_STUDENTS = 10**9
"""Students by which a hidden total may be moved: its own counts bound it."""


def _trace(
    row: int, column: int, from_row: Mapping[int, Position], from_column: Mapping[int, Position]
) -> list[Position]:
    """The positions of a chain from a row to a column, in order."""
    chain = []
    while True:
        lowered = from_row[column]
        chain.append(lowered)
        if lowered[0] == row:
            return chain[::-1]
        raised = from_column[lowered[0]]
        chain.append(raised)
        column = raised[1]
