"""Suppression of small cells: no hidden count below ten can be computed from the counts that are shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest

from student_graph.resolvers.cohorts.aggregates.hiding import hide_in_line, hide_in_table
from student_graph.resolvers.cohorts.aggregates.suppression import NOTHING_SHOWN, ShownCounts, shown_counts
from tests.long_runs import size
from tests.resolvers.cohorts.aggregates.solver import (
    counts_of,
    derivable,
    patterns,
    possible_sizes_of_small_counts,
    size_of,
)
from tests.subcases import subcases

LEVELS = ("AT_RISK", "WATCH", "ON_TRACK", "NOT_EVALUATED")
BLOCKS = 10
"""Parts of the long run, so that several processes can share it."""


@pytest.fixture(autouse=True)
def executor_name() -> None:
    """Nothing is executed here: once is enough."""


def disjoint(table: Mapping[str, Mapping[str, int]]) -> ShownCounts:
    """What is shown of a table in which every student is in one group."""
    levels = list(dict.fromkeys(level for row in table.values() for level in row))
    atoms = {(frozenset((group,)), level): n for group, row in table.items() for level, n in row.items()}
    return shown_counts(atoms, list(table), levels, overlapping=False, first=("ON_TRACK",), last=("AT_RISK",))


@pytest.mark.row("K12")
@subcases("count", range(12))
def test_a_count_below_ten_is_hidden(count: int) -> None:
    """A second count is hidden with it, because the total would reveal the first. Ten is shown."""
    hidden = hide_in_line([count, 40, 30])
    assert hidden == ({0, 2} if count < 10 else set())


@pytest.mark.row("K12")
def test_counts_that_are_hidden_together_reach_ten() -> None:
    """Two small counts with a sum below ten would both be known to be small: a third is hidden with them."""
    assert hide_in_line([2, 3, 40, 30]) == {0, 1, 3}
    assert hide_in_line([6, 7, 40, 30]) == {0, 1}


def test_the_least_needed_counts_are_hidden_first() -> None:
    """Of the levels that could be hidden with a small one, the students on track are: they are the rest."""
    shown = disjoint({"school": {"AT_RISK": 15, "WATCH": 17, "ON_TRACK": 32, "NOT_EVALUATED": 0}})
    assert shown.levels == {"AT_RISK", "WATCH"}


@pytest.mark.row("K12")
def test_a_cohort_of_nine_shows_nothing() -> None:
    """Not even that there are nine."""
    assert disjoint({"9": {"AT_RISK": 2, "ON_TRACK": 7}}) == NOTHING_SHOWN


@pytest.mark.row("K12")
def test_a_hidden_group_hides_its_levels() -> None:
    """Else the sum of the levels would be the size of the group."""
    shown = disjoint(
        {
            "A": {"AT_RISK": 12, "ON_TRACK": 40},
            "B": {"AT_RISK": 9, "ON_TRACK": 0},
            "C": {"AT_RISK": 20, "ON_TRACK": 60},
        }
    )
    assert shown.groups == {"C"}
    assert {group for group, _ in shown.cells} <= {"C"}


@pytest.mark.row("K12")
def test_a_square_is_hidden_around_a_small_count() -> None:
    """One small count of a table needs three others: one in its row, one in its column, and the opposite one."""
    assert hide_in_table([[3, 40, 90], [20, 30, 80], [70, 60, 50]]) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def random_table(rng: random.Random, *, overlapping: bool) -> tuple[dict[Any, int], list[str], list[str]]:
    """Groups, levels, and how many students have each combination; small and large counts mixed."""
    groups = [f"group {index}" for index in range(rng.randint(1, 4))]
    levels = list(LEVELS[: rng.randint(2, 4)])
    most = rng.choice([4, 12, 30, 60])
    units = [(pattern, level) for pattern in patterns(groups, overlapping=overlapping) for level in levels]
    return {unit: rng.randint(0, most) for unit in units if rng.random() < 0.75}, groups, levels


@pytest.mark.row("K12")
@pytest.mark.long_run
@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_solver_finds_no_hidden_count_below_ten(
    block: int, record_property: Callable[[str, object], None]
) -> None:
    """Ten thousand random tables: each hidden count below ten could as well be ten or more; a shown count is."""
    rng = random.Random(f"tables {block}")  # noqa: S311 - a seeded generator is the point
    tables, hidden = size(2, 1000), 0
    for number in range(tables):
        overlapping = bool(number % 2)
        atoms, groups, levels = random_table(rng, overlapping=overlapping)
        shown = shown_counts(
            atoms, groups, levels, overlapping=overlapping, first=("ON_TRACK",), last=("AT_RISK",)
        )
        counts = counts_of(shown, groups, levels, lambda unit: unit[0], lambda unit: unit[1])
        assert all(size_of(atoms, count) >= 10 for count in counts if count.shown)
        units = [(pattern, level) for pattern in patterns(groups, overlapping=overlapping) for level in levels]
        for name, students in possible_sizes_of_small_counts(units, atoms, counts).items():
            assert students >= 10, (name, atoms)
            hidden += 1
    record_property("sums", ["suppression", {"random tables": tables, "hidden counts below ten": hidden}])


@pytest.mark.row("K12")
@pytest.mark.long_run
@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_solver_finds_no_hidden_count_in_two_tables_of_one_cohort(
    block: int, record_property: Callable[[str, object], None]
) -> None:
    """Two dimensions of the same students by the same level, with all sums of both; groups may overlap."""
    rng = random.Random(f"two tables {block}")  # noqa: S311 - a seeded generator is the point
    pairs, hidden = size(1, 100), 0
    for _ in range(pairs):
        dimensions = [
            ([f"{name} {index}" for index in range(rng.randint(2, 3))], rng.random() < 0.4)
            for name in ("one", "two")
        ]
        levels = list(LEVELS[: rng.randint(2, 3)])
        most = rng.choice([3, 6, 12, 25])
        sets = [patterns(groups, overlapping=overlapping) for groups, overlapping in dimensions]
        units = [(*pair, level) for pair in product(*sets) for level in levels]
        population = {unit: rng.randint(0, most) for unit in units if rng.random() < 0.7}
        counts = []
        for position, (groups, overlapping) in enumerate(dimensions):
            atoms: dict[Any, int] = {}
            for unit, students in population.items():
                atom = (unit[position], unit[2])
                atoms[atom] = atoms.get(atom, 0) + students
            shown = shown_counts(
                atoms, groups, levels, overlapping=overlapping, first=("ON_TRACK",), last=("AT_RISK",)
            )
            counts += counts_of(shown, groups, levels, lambda u, i=position: u[i], lambda u: u[2])
        for name, students in possible_sizes_of_small_counts(units, population, counts).items():
            assert students >= 10, (name, population)
            hidden += 1
    record_property(
        "sums", ["suppression", {"pairs of tables of one viewer": pairs, "of their hidden counts": hidden}]
    )


@pytest.mark.row("K12")
@pytest.mark.long_run
@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_hidden_count_is_a_sum_of_shown_counts_for_a_reader_who_knows_the_overlaps(
    block: int, record_property: Callable[[str, object], None]
) -> None:
    """The reader knows which groups have no student in common, such as ESL and bilingual programs."""
    rng = random.Random(f"overlaps {block}")  # noqa: S311 - a seeded generator is the point
    tables = size(5, 500)
    for _ in range(tables):
        groups = [f"group {index}" for index in range(rng.randint(2, 5))]
        levels = list(LEVELS[: rng.randint(2, 3)])
        some = rng.sample(patterns(groups, overlapping=True), rng.randint(2, 4))
        units = [(pattern, level) for pattern in some for level in levels]
        atoms = {unit: rng.randint(1, 25) for unit in units if rng.random() < 0.85}
        shown = shown_counts(atoms, groups, levels, overlapping=True, first=("ON_TRACK",), last=("AT_RISK",))
        counts = counts_of(shown, groups, levels, lambda unit: unit[0], lambda unit: unit[1])
        assert not derivable(units, atoms, counts), (atoms, shown)
    record_property("sums", ["suppression", {"tables with known overlaps": tables}])


def test_a_union_of_groups_does_not_reveal_its_hidden_part() -> None:
    """Of 60 English learners, 8 are in the bilingual program and 52 in ESL. If EL is shown, both are hidden."""
    atoms = {
        (frozenset(("EL", "ESL")), "AT_RISK"): 26,
        (frozenset(("EL", "ESL")), "ON_TRACK"): 26,
        (frozenset(("EL", "BILINGUAL")), "AT_RISK"): 4,
        (frozenset(("EL", "BILINGUAL")), "ON_TRACK"): 4,
        (frozenset[str](), "AT_RISK"): 100,
        (frozenset[str](), "ON_TRACK"): 300,
    }
    shown = shown_counts(atoms, ["EL", "ESL", "BILINGUAL"], ["AT_RISK", "ON_TRACK"], overlapping=True)
    assert shown.groups == {"EL"}
