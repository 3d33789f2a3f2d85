"""Small cells: whatever is added up or taken off, no hidden count below ten has only one possible value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from student_graph.gateway.authorization.suppression import LEAST, Cell, Share, Table, coded, suppressed


def table(counts: Mapping[tuple[str, ...], int]) -> Table:
    """Counts of a school."""
    width = len(next(iter(counts)))
    return Table("school", ("one", "two", "three")[:width], counts)


def settled(true: Mapping[tuple[str, ...], int], shown: Mapping[Cell, int | None], small: set[Cell]) -> set[Cell]:
    """Small cells that no other table which agrees with what is shown has otherwise, by trying them."""
    left = set(small)
    counts = _cells(true, shown)
    for guess in _guesses(true, shown):
        values = _cells(guess, shown)
        if all(count is None or values[cell] == count for cell, count in shown.items()):
            left = {cell for cell in left if values[cell] == counts[cell]}
        if not left:
            break
    return left


def _cells(guess: Mapping[tuple[str, ...], int], shown: Mapping[Cell, int | None]) -> dict[Cell, int]:
    return {cell: _sum(guess, cell) for cell in shown}


def _guesses(
    true: Mapping[tuple[str, ...], int], shown: Mapping[Cell, int | None]
) -> Iterator[dict[tuple[str, ...], int]]:
    open_ = [leaf for leaf in true if shown[leaf] is None]
    moves = (0, 1, -1, 2, -2)
    for offsets in product(moves, repeat=len(open_)):
        guess = dict(true)
        for leaf, offset in zip(open_, offsets, strict=True):
            guess[leaf] += offset
        if min(guess.values()) >= 0:
            yield guess


def _sum(guess: Mapping[tuple[str, ...], int], cell: Cell) -> int:
    return sum(
        count for leaf, count in guess.items() if all(w in (None, v) for v, w in zip(leaf, cell, strict=True))
    )


@pytest.mark.row("K12")
@pytest.mark.parametrize("n", range(12))
def test_a_count_below_ten_is_hidden(n: int) -> None:
    """And another beside it, from whose total it could be solved; ten is shown."""
    shown = suppressed(table({("a",): n, ("b",): 40, ("c",): 30}))
    assert (shown["a",] is None) == (n < LEAST)
    assert [shown["b",], shown["c",]] == ([40, None] if n < LEAST else [40, 30])
    assert shown[None,] == n + 70


@pytest.mark.row("K12")
@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 9, 10, 11]), min_size=2, max_size=4))
def test_no_cell_of_a_row_is_solved(counts: list[int]) -> None:
    """Every hidden small cell has two possible values or more, by trying all of them."""
    held({(str(n),): count for n, count in enumerate(counts)})


@pytest.mark.row("K12")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 3, 9, 10, 12]), min_size=4, max_size=4))
def test_no_cell_of_a_crossed_table_is_solved(counts: list[int]) -> None:
    """Rows, columns and the whole are all shown where they may be."""
    held(dict(zip(product("ab", "xy"), counts, strict=True)))


@pytest.mark.row("K12")
@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 5, 11]), min_size=6, max_size=6))
def test_no_cell_of_a_wider_table_is_solved(counts: list[int]) -> None:
    """Two by three."""
    held(dict(zip(product("ab", "xyz"), counts, strict=True)))


def held(counts: dict[tuple[str, ...], int]) -> None:
    """What is hidden cannot be solved, and what is small is hidden."""
    made = table(counts)
    shown = suppressed(made)
    true = made.cells()
    small = {cell for cell, count in true.items() if count < LEAST}
    assert all(shown[cell] is None for cell in small)
    assert all(shown[cell] in (None, count) for cell, count in true.items())
    assert settled(counts, shown, small) == set(), shown


@pytest.mark.row("K12")
def test_a_section_and_the_same_without_one_child_cannot_both_be_asked() -> None:
    """Only fixed cohorts are counted; a free list of children is none."""
    with pytest.raises(ValueError, match=r"cohort: count one of .*; a free list of children tells of each"):
        Table("students", ("gradeLevel",), {("9",): 20})
    with pytest.raises(ValueError, match="dimensions: cross 1 to 3"):
        Table("school", ("a", "b", "c", "d"), {("1", "2", "3", "4"): 20})
    with pytest.raises(ValueError, match="counts: name a value of each dimension"):
        Table("school", ("a", "b"), {("1",): 20})


def test_who_may_see_every_child_of_a_cell_may_see_its_count() -> None:
    """Others stay hidden, as far as that does not solve them."""
    made = table({("a",): 3, ("b",): 4, ("c",): 5, ("d",): 50})
    shown = suppressed(made, entitled=[("a",)])
    assert (shown["a",], shown["b",], shown["c",], shown["d",]) == (3, None, None, 50)


@pytest.mark.row("K12")
@pytest.mark.parametrize(("part", "whole", "share"), [
    (0, 9, None),
    (9, 9, None),
    (1, 10, Share(None, at_most=20.0)),
    (5, 10, Share(50.0)),
    (9, 10, Share(None, at_least=80.0)),
    (2, 20, Share(None, at_most=10.0)),
    (3, 20, Share(15.0)),
    (38, 40, Share(None, at_least=95.0)),
    (98, 100, Share(None, at_least=98.0)),
    (3, 300, Share(None, at_most=1.0)),
    (4, 300, Share(1.3)),
    (299, 300, Share(None, at_least=99.0)),
])  # fmt: skip
def test_shares_are_coded_at_their_extremes_by_the_size_of_the_group(
    part: int, whole: int, share: Share | None
) -> None:
    """A share of all or nobody would tell of each."""
    assert coded(part, whole) == share
