"""
Finds the students of a population: makes a plan, refuses unbounded ones, names candidates and judges them.

Every read goes through the fetch pipeline, so a student outside the viewer's reach is never a candidate, and a
class of data that is granted for other students is an error that leaves a student undecided.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, NotOfferedError
from student_graph.adapters.lookup import StudentFilter
from student_graph.adapters.model import Sensitivity, StudentId
from student_graph.resolvers.access import Reach, TableKey, TableScope
from student_graph.resolvers.cohorts.conditions.candidates import (
    all_students,
    listed_students,
    named_students,
    reached_students,
)
from student_graph.resolvers.cohorts.conditions.ordering import Ordering, Placed, Position
from student_graph.resolvers.cohorts.conditions.planner import Plan, Planner, Start
from student_graph.resolvers.cohorts.conditions.read_calls import ReadCalls
from student_graph.resolvers.cohorts.conditions.refusals import (
    MAX_CANDIDATES,
    refuse_unless_affordable,
    refuse_unless_granted,
    spend,
)
from student_graph.resolvers.cohorts.conditions.tree import Leaf, Parts, Reading, leaves_of
from student_graph.resolvers.cohorts.conditions.verdicts import Undecided, Verdict, distinct
from student_graph.resolvers.context import Context
from student_graph.resolvers.fields.load import with_context

T = TypeVar("T")
NAMED = "students named by id"
REACHED = "students within the viewer's reach"
BATCH_SIZE = 2_000
"""Students that are judged at once. A school's lists are read once for all of its students."""

POSITION_BYTES = 320
"""Bytes of a position with its value and number: an estimate, rather too high."""


@dataclass(frozen=True, slots=True)
class PopulationRequest:
    """A request for the students of a population, in an order."""

    condition: Parts
    """What all of them must meet."""
    ids: tuple[StudentId, ...] | None = None
    """Only these students; None for all within reach."""
    ordering: Ordering | None = None
    """The order; by student number if None."""
    name_leaf: Leaf | None = None
    """The condition on names, which a vendor may apply to its list of students; None if there is none."""
    vendor_filter: StudentFilter | None = None
    """What a vendor may apply to its list of students."""
    key: Hashable = None
    """Everything that is requested, in a form that can be compared; None if the population must not be kept."""

    @property
    def order_leaf(self) -> Leaf | None:
        """What the order reads; None for the order by student number."""
        return self.ordering.leaf if self.ordering else None

    @property
    def leaves(self) -> Sequence[Leaf]:
        """All conditions without parts, and what the order reads."""
        return [*leaves_of(self.condition), *([self.order_leaf] if self.order_leaf else [])]

    @property
    def changes_with_time(self) -> bool:
        """Whether equal records give another population later on the same day: work becomes due."""
        return any(Adapter.assignment_work_by_student in leaf.lookups for leaf in self.leaves)


class Population(NamedTuple):
    """The students who meet a condition."""

    positions: list[Position]
    """In the order of the list."""
    undecided: int
    """Students that could not be decided."""
    reasons: tuple[AdapterError, ...]
    """Why, and why values of the order could not be read; each source and code once."""


async def find_population(reading: Reading, request: PopulationRequest) -> Population:
    """
    Return the students of a population in their order.

    Raises:
        AdapterError: a class of data is not granted, the list that the population starts from could not be read,
            or nobody could be decided because no source offers what the conditions read.
        GraphQLError: it would need too many vendor calls, or too many students would be judged.
    """
    refuse_unless_granted(reading, request.leaves)
    reach = await reading.info.context.reach(reading.district.id)
    rights = reading.info.context.viewer.rights_in(reading.district)

    async def compute(context: Context) -> Population:
        planner = Planner(ReadCalls(reading.district, reading.info.context.estimates))
        plan = plan_population(planner, request, reach, rights.for_all)
        refuse_unless_affordable(reading, plan)
        part = Reading(with_context(reading.info, context), reading.district)
        candidates = await _candidates(part, request, reach, plan.start)
        known = plan.start._replace(students=float(len(candidates)), calls=0.0, is_known=True)
        plan = planner.plan_from(known, request.condition, request.order_leaf)
        spend(reading, plan)
        return await _judge(part, plan, request.ordering, candidates)

    tables = reading.info.context.tables
    if tables is None or request.key is None:
        return await compute(reading.info.context)
    key = TableKey(TableScope.of(reading.district, reach, rights), "population", request.key)
    return await tables.get(key, compute, _size)


def _size(population: Population) -> int:
    """About how many bytes a population takes."""
    return POSITION_BYTES * len(population.positions)


def plan_population(
    planner: Planner, request: PopulationRequest, reach: Reach, for_all: frozenset[Sensitivity]
) -> Plan:
    """
    Return the cheapest plan of a population.

    It starts from a list of records only if the viewer may see its class of data for all students within reach
    (the classes in `for_all`). Otherwise students would be missing from the list instead of being undecided.
    """
    if request.ids is not None:
        count = len(request.ids)
        calls = planner.costs.calls(Adapter.students_by_id, count)
        starts = [Start(NAMED, count, calls)]
    else:
        lists = planner.list_starts(request.condition)
        starts = [start for start in lists if all(leaf.sensitivities <= for_all for leaf in start.leaves)]
        starts.append(
            planner.roster_start(request.name_leaf)
            if reach.everybody
            else Start(REACHED, len(reach.students), 0.0)
        )
    return planner.plan(request.condition, starts, request.order_leaf)


async def _candidates(
    reading: Reading, request: PopulationRequest, reach: Reach, start: Start
) -> Sequence[StudentId]:
    """The students of a start, by number."""
    if start.leaves:
        lists = await asyncio.gather(*(listed_students(reading, leaf) for leaf in start.leaves))
        return sorted(set().union(*lists))
    if request.ids is not None:
        return await named_students(reading, request.ids)
    if not reach.everybody:
        return reached_students(reading, reach)
    return await all_students(reading, request.vendor_filter, request.name_leaf, MAX_CANDIDATES)


async def _judge(
    reading: Reading, plan: Plan, ordering: Ordering | None, candidates: Sequence[StudentId]
) -> Population:
    """The candidates who meet a condition, in their order; batch by batch, so that memory is bounded."""
    positions: list[Position] = []
    reasons: tuple[AdapterError, ...] = ()
    undecided = 0
    for start in range(0, len(candidates), BATCH_SIZE):
        batch = candidates[start : start + BATCH_SIZE]
        verdicts, placed = await judge_batch(reading, plan, ordering, batch)
        open_verdicts = [verdict for verdict in verdicts if isinstance(verdict, Undecided)]
        undecided += len(open_verdicts)
        failures = [reason for verdict in open_verdicts for reason in verdict.reasons]
        positions += [position for position, _ in placed]
        reasons = distinct([*reasons, *failures, *(reason for _, unread in placed for reason in unread)])
    is_offered = not all(isinstance(reason, NotOfferedError) for reason in reasons)
    if undecided and undecided == len(candidates) and not is_offered:
        raise reasons[0]
    return Population(sorted(positions), undecided, reasons)


async def judge_batch(
    reading: Reading, plan: Plan, ordering: Ordering | None, batch: Sequence[StudentId]
) -> tuple[Sequence[Verdict], list[Placed]]:
    """
    The verdicts of a batch, and the positions of those who meet the condition.

    The values of the order are read together with the condition if that needs no additional call, so that the
    operation waits for the source once instead of twice.
    """
    if ordering is None:
        verdicts = await plan.condition.judge(reading, batch)
        return verdicts, [Placed(Position.by_number(student), ()) for student in _members(batch, verdicts)]
    if not plan.orders_all:
        verdicts = await plan.condition.judge(reading, batch)
        return verdicts, await ordering.positions(reading, _members(batch, verdicts))
    verdicts, placed = await asyncio.gather(
        plan.condition.judge(reading, batch), ordering.positions(reading, batch)
    )
    return verdicts, _members(placed, verdicts)


def _members(values: Sequence[T], verdicts: Sequence[Verdict]) -> list[T]:
    """Return the values of the students who meet the condition; there is one value for each student."""
    return [value for value, verdict in zip(values, verdicts, strict=True) if verdict is True]
