"""Trees of conditions: three values of truth, and what is judged for which students."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations, product
from types import SimpleNamespace
from typing import Any, cast

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import StudentId
from student_graph.resolvers.cohorts.conditions.tree import Condition, Not, Parts, Reading
from student_graph.resolvers.cohorts.conditions.verdicts import Undecided, Verdict

READING = cast("Reading", SimpleNamespace())
VALUES = {"yes": 1.0, "no": 0.0, "unknown": 0.5}


@dataclass
class Table:
    """A condition with a verdict for each student that a table has, and the students it was judged for."""

    verdicts: dict[str, str]
    judged: list[str] = field(default_factory=list)

    async def judge(self, _: Reading, students: Sequence[StudentId]) -> Sequence[Verdict]:
        """Return the verdicts of the table."""
        self.judged += students
        failure = Undecided((UnavailableError("no answer in time"),))
        return [
            failure if self.verdicts[student] == "unknown" else self.verdicts[student] == "yes"
            for student in students
        ]


def as_number(verdict: Verdict) -> float:
    """Return a verdict as a number."""
    return 0.5 if isinstance(verdict, Undecided) else float(verdict)


def tables() -> tuple[list[str], list[dict[str, str]]]:
    """Return a student for each combination of three verdicts, and the three tables with their verdicts."""
    combinations = list(product(VALUES, repeat=3))
    students = [str(number) for number in range(len(combinations))]
    return students, [{s: c[n] for s, c in zip(students, combinations, strict=True)} for n in range(3)]


@pytest.mark.parametrize("needs_all", [True, False])
async def test_the_order_of_conditions_does_not_change_a_verdict(needs_all: bool) -> None:
    """`all` is the lowest truth and `any` the highest, in every order; `not` counts from the other end."""
    students, of_part = tables()
    expected = [(min if needs_all else max)(VALUES[table[s]] for table in of_part) for s in students]
    for order in permutations(of_part):
        parts: Any = tuple(Table(table) for table in order)
        tree: Condition = Parts(parts, needs_all)
        verdicts = await tree.judge(READING, [StudentId(s) for s in students])
        assert [as_number(verdict) for verdict in verdicts] == expected
        negated = await Not(tree).judge(READING, [StudentId(s) for s in students])
        assert [1 - as_number(verdict) for verdict in negated] == expected


@pytest.mark.parametrize("needs_all", [True, False])
async def test_a_part_is_judged_only_for_students_that_are_open(needs_all: bool) -> None:
    """Students that a part has decided are not read again; those that are unknown are."""
    students, (first, second, _) = tables()
    later = Table(second)
    parts: Any = (Table(first), later)
    await Parts(parts, needs_all).judge(READING, [StudentId(s) for s in students])
    decisive = "no" if needs_all else "yes"
    assert later.judged == [s for s in students if first[s] != decisive]


async def test_no_conditions_are_met_by_everybody() -> None:
    """A filter without conditions lists all students."""
    assert await Parts((), needs_all=True).judge(READING, [StudentId("1")]) == [True]
