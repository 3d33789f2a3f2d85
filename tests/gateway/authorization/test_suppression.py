"""Suppression of small cells: no hidden count below ten can be computed from the counts that are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from student_graph.gateway.authorization.suppression import (
    MIN_SHOWN_COUNT,
    Cell,
    CountTable,
    Share,
    coded_share,
    suppress,
)


def table(counts: Mapping[tuple[str, ...], int]) -> CountTable:
    """A table of the students of a school."""
    width = len(next(iter(counts)))
    return CountTable("school", ("one", "two", "three")[:width], counts)


def computable(
    true: Mapping[tuple[str, ...], int], shown: Mapping[Cell, int | None], small: set[Cell]
) -> set[Cell]:
    """The small cells with the same value in every table that fits the shown counts, found by trying tables."""
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
    hidden = [leaf for leaf in true if shown[leaf] is None]
    for offsets in product((0, 1, -1, 2, -2), repeat=len(hidden)):
        guess = dict(true)
        for leaf, offset in zip(hidden, offsets, strict=True):
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
    """A second count is hidden with it, because the total would reveal the first. Ten is shown."""
    shown = suppress(table({("a",): n, ("b",): 40, ("c",): 30}))
    assert (shown["a",] is None) == (n < MIN_SHOWN_COUNT)
    assert [shown["b",], shown["c",]] == ([40, None] if n < MIN_SHOWN_COUNT else [40, 30])
    assert shown[None,] == n + 70


@pytest.mark.row("K12")
@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, 9, 10, 11]), min_size=2, max_size=4))
def test_no_small_cell_of_a_row_can_be_computed(counts: list[int]) -> None:
    """Every hidden small cell has at least two possible values."""
    assert_suppressed({(str(n),): count for n, count in enumerate(counts)})


@pytest.mark.row("K12")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 3, 9, 10, 12]), min_size=4, max_size=4))
def test_no_small_cell_of_a_crossed_table_can_be_computed(counts: list[int]) -> None:
    """Two by two, with totals of rows and columns and the grand total."""
    assert_suppressed(dict(zip(product("ab", "xy"), counts, strict=True)))


@pytest.mark.row("K12")
@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 5, 11]), min_size=6, max_size=6))
def test_no_small_cell_of_a_wider_table_can_be_computed(counts: list[int]) -> None:
    """Two by three, with all totals."""
    assert_suppressed(dict(zip(product("ab", "xyz"), counts, strict=True)))


def assert_suppressed(counts: dict[tuple[str, ...], int]) -> None:
    """Check that small cells are hidden and cannot be computed, and that shown counts are true."""
    shown = suppress(table(counts))
    true = table(counts).cells()
    small = {cell for cell, count in true.items() if count < MIN_SHOWN_COUNT}
    assert all(shown[cell] is None for cell in small)
    assert all(shown[cell] in (None, count) for cell, count in true.items())
    assert computable(counts, shown, small) == set(), shown


@pytest.mark.row("K12")
def test_only_fixed_cohorts_are_counted() -> None:
    """Two free lists that differ by one student would reveal the student."""
    with pytest.raises(ValueError, match=r"cohort: count one of .*; two free lists may differ by one student"):
        CountTable("students", ("gradeLevel",), {("9",): 20})
    with pytest.raises(ValueError, match="dimensions: cross 1 to 3"):
        CountTable("school", ("a", "b", "c", "d"), {("1", "2", "3", "4"): 20})
    with pytest.raises(ValueError, match="counts: name a value for each dimension"):
        CountTable("school", ("a", "b"), {("1",): 20})


def test_a_cell_whose_students_the_viewer_may_see_is_shown() -> None:
    """Other small cells stay hidden."""
    counts = {("a",): 3, ("b",): 4, ("c",): 5, ("d",): 50}
    shown = suppress(table(counts), fully_visible=[("a",)])
    assert (shown["a",], shown["b",], shown["c",], shown["d",]) == (3, None, None, 50)


@pytest.mark.row("K12")
@pytest.mark.parametrize(("part", "group", "share"), [
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
def test_a_share_near_0_or_100_percent_is_shown_as_a_bound(part: int, group: int, share: Share | None) -> None:
    """A share of 0 or 100 per cent would reveal every student of the group. Bounds depend on its size."""
    assert coded_share(part, group) == share
