"""The plan of a population: where it starts, in which order its conditions are judged, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from student_graph.adapters.contract import Adapter, LookupMethod
from student_graph.adapters.lookup import lookup_of
from student_graph.resolvers.cohorts.conditions.leaves import RecordLeaf
from student_graph.resolvers.cohorts.conditions.read_calls import ReadCalls
from student_graph.resolvers.cohorts.conditions.tree import (
    Condition,
    Leaf,
    Not,
    Parts,
    RecordList,
    leaves_of,
    required_parts,
)

_ENROLLMENTS_OF_SCHOOL: LookupMethod = Adapter.school_enrollments_by_school
_ENROLLMENTS_OF_DISTRICT: LookupMethod = Adapter.school_enrollments_by_district
CALLS_PER_STUDENT = 1e-6
"""Cost of judging a student, in addition to reads. It decides between conditions that need no reads."""


ROSTER_GUESS = 5_000.0
"""Students of a district whose sources do not list them at once."""
STUDENTS_PER_PAGE = 500
"""Students on a page of a source that lists its students page by page."""
MIN_SHARE_DECIDED = 1e-9
"""Share of students that a condition decides at least, so that nothing is divided by 0."""
STUDENTS_PER_SCHOOL = 500
"""Students of one school. For each further group of this size, calendars and terms of one more school are read."""


class Start(NamedTuple):
    """The candidates of a population. No other student can be in the population."""

    text: str
    """A description of the candidates, such as `students named by id`."""
    students: float
    """About how many there are."""
    calls: float
    """Vendor calls that name them."""
    met: Condition | None = None
    """The condition that they all meet; None if there is none."""
    leaves: tuple[Leaf, ...] = ()
    """The conditions whose lists name them: one, or several in `any`; empty for another start."""
    is_known: bool = True
    """Whether their number is known; otherwise it is a guess."""
    answered: frozenset[LookupMethod] = frozenset()
    """Lookups of these students that the lists answer, too."""


class Step(NamedTuple):
    """A condition of a plan, in the order in which the conditions are judged."""

    text: str
    students: float
    """About how many students it is judged for."""
    calls: float
    """Vendor calls beyond those of the steps before it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a population is found."""

    start: Start
    condition: Condition
    """The conditions that are left, in their order."""
    steps: Sequence[Step]
    orders_all: bool = False
    """
    Whether the values of the order may be read for all candidates at once, because that needs no additional call
    by estimate.
    """

    @property
    def calls(self) -> float:
        """All vendor calls."""
        return self.start.calls + sum(step.calls for step in self.steps)


@dataclass(slots=True)
class Planner:
    """Plans populations in a district."""

    costs: ReadCalls

    def plan(self, condition: Condition, starts: Sequence[Start], order: Leaf | None = None) -> Plan:
        """Return the cheapest plan from one of some starts; `order` is what the list is sorted by."""
        plans = [self.plan_from(start, condition, order) for start in starts]
        return min(plans, key=lambda plan: (plan.calls, plan.start.students))

    def plan_from(self, start: Start, condition: Condition, order: Leaf | None = None) -> Plan:
        """Return the plan from one start: a condition that the start meets is not judged again."""
        left = condition if start.met is None else _without(condition, start.met)
        ordering = _Ordering(self.costs, set(start.answered))
        ordered = ordering.order(left, start.students)
        steps = ordering.steps(ordered, start.students)
        if order is None:
            return Plan(start, ordered, steps)
        students = start.students * ordering.share(ordered)
        calls = [_Ordering(self.costs, set(ordering.read)).new_calls(order, n) for n in (students, start.students)]
        steps.append(Step(f"order by {order.text}", students, calls[0]))
        return Plan(start, ordered, steps, orders_all=students >= 1 and calls[1] <= calls[0])

    def list_starts(self, condition: Condition) -> list[Start]:
        """Return a start for each condition that all students must meet and that lists of records decide."""
        starts = []
        for part in required_parts(condition):
            leaves = _alternatives(part)
            lists = [leaf.record_list for leaf in leaves if leaf.record_list is not None]
            if (
                not lists
                or len(lists) < len(leaves)
                or not all(self.costs.is_offered(records.method) for records in lists)
            ):
                continue
            name = lookup_of(lists[0].method).name
            text = f"{name}: {' or '.join(leaf.text for leaf in leaves)}"
            listed = sum(self.costs.records(records.method) for records in lists)
            students = min(listed, self._all_students() * sum(leaf.share for leaf in leaves))
            calls = sum(self.costs.list_calls(records.method) for records in lists)
            is_known = all(self.costs.is_known(records.method) for records in lists)
            start = Start(text, students, calls, part, tuple(leaves), is_known)
            starts += [start, *self._enrollments_start(start)]
        return starts

    def _enrollments_start(self, start: Start) -> list[Start]:
        """The start from the enrollments of the whole district, in place of those of schools: they answer more."""
        leaves = [leaf for leaf in start.leaves if isinstance(leaf, RecordLeaf)]
        lists = [leaf.record_list for leaf in leaves]
        of_schools = [records for records in lists if records and records.method is _ENROLLMENTS_OF_SCHOOL]
        if len(of_schools) < len(start.leaves) or not self.costs.is_offered(_ENROLLMENTS_OF_DISTRICT):
            return []
        district = RecordList(_ENROLLMENTS_OF_DISTRICT, self.costs.district.id)
        return [
            start._replace(
                text=start.text.replace(
                    lookup_of(_ENROLLMENTS_OF_SCHOOL).name, lookup_of(_ENROLLMENTS_OF_DISTRICT).name, 1
                ),
                calls=self.costs.list_calls(_ENROLLMENTS_OF_DISTRICT),
                leaves=tuple(replace(leaf, record_list=district, reached_via=leaf.record_list) for leaf in leaves),
                answered=frozenset({Adapter.school_enrollments_by_student}),
            )
        ]

    def roster_start(self, name_leaf: Leaf | None = None) -> Start:
        """Return the start with all students of the district, or with those whose names meet a condition."""
        listed = self.costs.is_offered(Adapter.roster_by_district)
        students = self._all_students()
        if listed and (name_leaf is None or not self.costs.is_offered(Adapter.students_by_district)):
            calls = self.costs.list_calls(Adapter.roster_by_district)
            is_known = self.costs.is_known(Adapter.roster_by_district)
            return Start("roster_by_district: all students of the district", students, calls, is_known=is_known)
        pages = math.ceil(students / STUDENTS_PER_PAGE)
        return Start(
            "students_by_district: all students of the district", students, pages, name_leaf, is_known=False
        )

    def _all_students(self) -> float:
        """About how many students the district has."""
        listed = self.costs.is_offered(Adapter.roster_by_district)
        return max(self.costs.records(Adapter.roster_by_district), 1.0) if listed else ROSTER_GUESS


@dataclass(slots=True)
class _Ordering:
    """Orders conditions: first those that leave few students undecided at little cost."""

    costs: ReadCalls
    read: set[LookupMethod] = field(default_factory=set)
    """Lookups that earlier steps have read."""

    def order(self, condition: Condition, students: float) -> Condition:
        """The same condition with its parts in their order."""
        match condition:
            case Parts(parts=parts, needs_all=needs_all):
                ordered = [self.order(part, students) for part in parts]
                ordered.sort(key=lambda part: self._rank(part, students, needs_all=needs_all))
                return Parts(tuple(ordered), needs_all)
            case Not(part=part):
                return Not(self.order(part, students))
            case leaf:
                return leaf

    def share(self, condition: Condition) -> float:
        """About which share of students meets a condition, as if its parts did not depend on each other."""
        match condition:
            case Parts(parts=parts, needs_all=True):
                return math.prod(self.share(part) for part in parts)
            case Parts(parts=parts):
                return 1.0 - math.prod(1.0 - self.share(part) for part in parts)
            case Not(part=part):
                return 1.0 - self.share(part)
            case leaf:
                return leaf.share

    def steps(self, condition: Condition, students: float) -> list[Step]:
        """The leaves in the order in which they are judged."""
        match condition:
            case Parts(parts=parts, needs_all=needs_all):
                steps = []
                for part in parts:
                    steps += self.steps(part, students)
                    share = self.share(part)
                    students *= share if needs_all else 1.0 - share
                return steps
            case Not(part=part):
                return [step._replace(text=f"not: {step.text}") for step in self.steps(part, students)]
            case leaf:
                return [Step(leaf.text, students, self.new_calls(leaf, students))]

    def new_calls(self, leaf: Leaf, students: float) -> float:
        """Calls of a leaf's lookups that no earlier step has read."""
        methods = [method for method in leaf.lookups if method not in self.read]
        self.read.update(methods)
        return sum(self._calls(method, students, self.read - {method}) for method in methods)

    def _rank(self, part: Condition, students: float, *, needs_all: bool) -> float:
        """The cost for each student that a part decides. The part with the lower rank goes first."""
        methods = {method for leaf in leaves_of(part) for method in leaf.lookups}
        calls = sum(self._calls(method, students, methods - {method}) for method in methods)
        share = self.share(part)
        decided = (1.0 - share if needs_all else share) * max(students, 1.0)
        return (calls + students * CALLS_PER_STUDENT) / max(decided, MIN_SHARE_DECIDED)

    def _calls(self, method: LookupMethod, students: float, read: set[LookupMethod]) -> float:
        """Calls of a lookup for students; one by school or section is read for each school."""
        keys = students if lookup_of(method).key_kind == "student" else math.ceil(students / STUDENTS_PER_SCHOOL)
        return self.costs.calls(method, keys, read)


def _alternatives(part: Condition) -> list[Leaf]:
    """The conditions of an `any`; empty if the tree is another one."""
    match part:
        case Parts(parts=parts):
            return [] if any(isinstance(p, Parts | Not) for p in parts) else list(leaves_of(part))
        case Not():
            return []
        case leaf:
            return [leaf]


def _without(condition: Condition, met: Condition) -> Condition:
    """The condition without a part that all students of the population must meet."""
    match condition:
        case Parts(parts=parts, needs_all=True):
            left = (_without(part, met) for part in parts if part is not met)
            return Parts(tuple(left), needs_all=True)
        case other:
            return other
