"""Counts students one after the other, so that a record is needed only while its student is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Protocol, TypeAlias

from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import SchoolId
from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS, Dimension
from student_graph.resolvers.cohorts.aggregates.tally import Tally, failures_in
from student_graph.resolvers.fields.outcome import Outcome, Partial
from student_graph.resolvers.metrics.measure import Level, Measure

GroupName: TypeAlias = tuple[str, ...]
"""The group of each dimension, and last the level of the crossed metric if there is one."""

NO_GROUP = ""
"""Name of the group of students who have none in a dimension."""
SOME, ZERO = "SOME", "ZERO"
"""The levels of a metric without thresholds: a value above zero, or zero."""


@dataclass(slots=True)
class CountedStudent:
    """One student of a cohort, with what is counted."""

    groups: Sequence[frozenset[str]]
    """Groups of each dimension; empty if it has none."""
    measure: Outcome[Measure]
    """The metric over all of the cohort's schools."""
    by_school: Mapping[SchoolId, Outcome[Measure]] = field(default_factory=dict)
    """The metric at each school; empty unless schools are a dimension."""
    school_position: int = 0
    """Position of the schools among the dimensions: a route or a section may have the number of a school."""
    crossed: Outcome[Measure] | None = None
    """The metric by whose levels students are grouped; None if they are not."""
    main_school: str = NO_GROUP
    """The school at which the student counts in tables in which every student counts once."""
    is_visible: bool = True
    """Whether the viewer may see the student."""

    def failures(self) -> list[AdapterError]:
        """The errors of all measures of the student, including measures that count only in groups."""
        crossed = () if self.crossed is None else (self.crossed,)
        measures = (self.measure, *self.by_school.values(), *crossed)
        return [failure for measure in measures for failure in failures_in(measure)]

    def group_names(self) -> Iterator[tuple[GroupName, Outcome[Measure]]]:
        """Return the groups in which the student counts, each with the measure that counts there."""
        crossed = () if self.crossed is None else ((_crossed_level(self.crossed),),)
        for name in product(*(sorted(groups) or (NO_GROUP,) for groups in self.groups), *crossed):
            at_school = self.by_school.get(SchoolId(name[self.school_position])) if self.by_school else None
            yield name, self.measure if at_school is None else at_school


class Accumulator(Protocol):
    """Counts students without keeping any of them."""

    total: Tally

    def add(self, student: CountedStudent) -> None:
        """Count a student."""

    def state(self) -> dict[str, Any]:
        """Return all counts as JSON values."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the counts of a state instead of these."""


class CompleteCounts:
    """Everything about every group, for viewers who may see all students."""

    def __init__(self) -> None:
        self.total = Tally()
        self.groups: dict[GroupName, Tally] = {}

    def add(self, student: CountedStudent) -> None:
        """Count a student in the total, and in each of their groups."""
        self.total.add(student.measure, student.failures())
        for name, measure in student.group_names():
            if name:
                tally = self.groups.get(name)
                if tally is None:
                    tally = self.groups[name] = Tally()
                tally.add(measure)

    def state(self) -> dict[str, Any]:
        """Return all counts as JSON values."""
        groups = [[name, tally.state()] for name, tally in self.groups.items()]
        return {"total": self.total.state(), "groups": groups}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the counts of a state instead of these."""
        self.total = Tally.restored(state["total"])
        self.groups = {tuple(name): Tally.restored(tally) for name, tally in state["groups"]}


Atom: TypeAlias = tuple[frozenset[str], str]
"""All groups of a student, and the student's level."""


class HiddenCounts:
    """
    How many students have the same groups and level, for viewers who may not see all of them.

    The students that the viewer may not see are also counted separately. What is hidden depends on them alone,
    because the viewer knows the others.
    """

    def __init__(self, dimension: Dimension | None, *, judged: bool) -> None:
        """Group by one dimension, by the crossed metric if there is one, or by nothing."""
        self._dimension, self._judged = dimension, judged
        self.total = Tally()
        self.atoms: Counter[Atom] = Counter()
        """All students."""
        self.unseen: Counter[Atom] = Counter()
        """The students that the viewer may not see."""

    def add(self, student: CountedStudent) -> None:
        """Count a student."""
        self.total.add(student.measure, student.failures())
        atom = self._groups(student), level_name(student.measure, judged=self._judged)
        self.atoms[atom] += 1
        if not student.is_visible:
            self.unseen[atom] += 1

    def state(self) -> dict[str, Any]:
        """Return all counts as JSON values."""
        atoms = [
            [sorted(groups), level, n, self.unseen[groups, level]] for (groups, level), n in self.atoms.items()
        ]
        return {"total": self.total.state(), "atoms": atoms}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the counts of a state instead of these."""
        self.total = Tally.restored(state["total"])
        self.atoms = Counter({(frozenset(groups), level): n for groups, level, n, _ in state["atoms"]})
        self.unseen = Counter({(frozenset(groups), level): n for groups, level, _, n in state["atoms"]})

    def _groups(self, student: CountedStudent) -> frozenset[str]:
        if student.crossed is not None:
            return frozenset((_crossed_level(student.crossed),))
        if self._dimension is None:
            return frozenset()
        if self._dimension is Dimension.SCHOOL:
            return frozenset((student.main_school,))
        return student.groups[0] or frozenset((NO_GROUP,))


def overlaps(dimension: Dimension | None) -> bool:
    """Whether a student may be in several groups of a dimension where small cells are hidden."""
    return dimension not in (None, Dimension.SCHOOL) and DIMENSIONS[dimension].overlapping


def level_name(outcome: Outcome[Measure], *, judged: bool) -> str:
    """
    The level of a student by its name; without thresholds, whether the value is above zero.

    A student whose level could not be computed because a source failed is not evaluated.
    """
    if isinstance(outcome, AdapterError):
        return Level.NOT_EVALUATED.name
    measure = outcome.value if isinstance(outcome, Partial) else outcome
    if judged or measure.value is None:
        return measure.level.name
    return SOME if measure.value > 0 else ZERO


def _crossed_level(outcome: Outcome[Measure]) -> str:
    return level_name(outcome, judged=True)
