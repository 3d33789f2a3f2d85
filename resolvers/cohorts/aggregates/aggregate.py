"""A metric over the groups of a cohort: reads the students part by part, counts them, and makes the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import AdapterError, ForbiddenError
from student_graph.adapters.model import SchoolId, StudentId
from student_graph.resolvers.access import Reach, TableKey, TableScope
from student_graph.resolvers.cohorts.aggregates.access import (
    Access,
    access_to,
    classes_of,
    refuse_unless_counting,
    refuse_unless_granted,
)
from student_graph.resolvers.cohorts.aggregates.accumulate import (
    NO_GROUP,
    Accumulator,
    CompleteCounts,
    CountedStudent,
    HiddenCounts,
)
from student_graph.resolvers.cohorts.aggregates.build import (
    TableHead,
    complete_table,
    hidden_table,
    judged_levels,
)
from student_graph.resolvers.cohorts.aggregates.checkpoint import Checkpoint, Counted, Rereads, reading_again
from student_graph.resolvers.cohorts.aggregates.dimensions import Dimension
from student_graph.resolvers.cohorts.aggregates.grouping import GroupReader
from student_graph.resolvers.cohorts.aggregates.members import (
    MAX_REMEMBERED_STUDENTS,
    Cohort,
    Members,
    counting_info,
    hint,
)
from student_graph.resolvers.cohorts.aggregates.publication import refuse_cross, refuse_unless_published
from student_graph.resolvers.cohorts.aggregates.request import TablePlan, TableRequest, plan_table
from student_graph.resolvers.cohorts.aggregates.table import MetricTable, size_of_table
from student_graph.resolvers.cohorts.measurement.measure import measure_students
from student_graph.resolvers.cohorts.measurement.requests import Choices, metric_settings
from student_graph.resolvers.context import Context, Info
from student_graph.resolvers.fields.load import with_context
from student_graph.resolvers.fields.outcome import Outcome, Partial
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.measure import Definition, Measure, Unit, Window
from student_graph.resolvers.metrics.registry import METRICS

STUDENTS_PER_PART = 2_000
"""Students whose records are in memory at once."""
TABLE_KIND = "metric table"
"""Name of these tables among all that are kept."""


@dataclass(slots=True)
class _Progress:
    """What the table says about all students, gathered while they are counted."""

    definition: Definition | None = None
    window: Window | None = None
    unit: Unit | None = None
    errors: dict[tuple[str, str], AdapterError] = field(default_factory=dict)
    """The first error of each source and code."""
    measured: int = 0
    """Students with a measure; at least one if a count that was interrupted had some."""

    def note(self, student: CountedStudent) -> None:
        """Note what the measures of a student say about all of them."""
        outcome = student.measure
        for failure in student.failures():
            self.errors.setdefault((failure.source or "", failure.code), failure)
        if isinstance(outcome, AdapterError):
            return
        measure = outcome.value if isinstance(outcome, Partial) else outcome
        self.measured += 1
        self.definition, self.unit = measure.definition, measure.unit
        first, last = measure.window.first, measure.window.last
        if self.window is not None:
            first, last = min(first, self.window.first), max(last, self.window.last)
        self.window = Window(first=first, last=last)

    def state(self) -> list[str] | None:
        """Return the first and the last day as JSON values; None if nobody was measured."""
        return None if self.window is None else [self.window.first.isoformat(), self.window.last.isoformat()]

    def restore(self, state: Sequence[str] | None) -> None:
        """Go on after the students of a state."""
        if state is not None:
            first, last = map(date.fromisoformat, state)
            self.window, self.measured = Window(first=first, last=last), 1


async def metric_table(
    info: Info, cohort: Cohort, request: TableRequest, checkpoint: Checkpoint | None = None
) -> Outcome[MetricTable]:
    """
    Return a metric over all students of a cohort and over groups of them.

    A viewer who may see all of the students gets every number. Other members of staff get counts whose small cells
    are hidden, in one table of each kind of number. If a source failed for some of the students, the table is
    partial. A finished table is kept for viewers of the same scope. A `checkpoint` keeps how far the count is, and
    a count that was interrupted goes on from there.

    Raises:
        AdapterError: the viewer may not count these students, a class of data is not granted, or the students or
            their groups could not be read.
        GraphQLError: a choice is not possible, or not for this viewer.
    """
    plan = plan_table(info, cohort, request)
    refuse_unless_granted(info.context, cohort.district, plan.metrics, request.dimensions)
    reach = await info.context.reach(cohort.district.id)
    refuse_unless_counting(info.context, cohort, reach)

    async def count(context: Context, *, rereads: Rereads | None = None) -> Outcome[MetricTable]:
        return await _table(with_context(info, context), plan, request, reach, checkpoint, rereads=rereads)

    tables, viewer = info.context.tables, info.context.viewer
    if tables is None or checkpoint is not None or plan.changes_with_time:
        return await count(info.context)
    scope = TableScope.of(cohort.district, reach, viewer.rights_in(cohort.district))
    key = TableKey(scope, TABLE_KIND, (viewer.counts_only, request.key(cohort)))
    counting = partial(count, rereads=Rereads() if cohort.is_district else None)
    return await tables.get(key, counting, size_of_table, goes_on=cohort.is_district)


async def _table(
    info: Info,
    plan: TablePlan,
    request: TableRequest,
    reach: Reach,
    checkpoint: Checkpoint | None,
    *,
    rereads: Rereads | None,
) -> Outcome[MetricTable]:
    """The table, for a viewer who may count the cohort if it has enough students within reach."""
    cohort, classes = plan.cohort, classes_of(plan.metrics, request.dimensions)

    async def read_members(attempts: int) -> Access:
        reader = counting_info(info, everybody=False, forget=False) if attempts else info
        return await access_to(reader, cohort, plan.request.as_of, classes, reach)

    access = await reading_again(checkpoint, read_members)
    if access.is_complete:
        return await _Counting(info, plan, access, checkpoint, rereads).complete()
    settings = metric_settings(info.context, cohort.district)
    refuse_unless_published(request.metric, request.choices, request.dimensions, settings)
    if request.crossed is not None:
        refuse_cross(request.metric, request.crossed.metric, request.dimensions)
        refuse_unless_published(request.crossed.metric, Choices(preset=request.crossed.preset), (), settings)
    return await _Counting(info, plan, access, checkpoint, rereads).hidden()


def _unless_forbidden(outcome: Outcome[Measure]) -> Outcome[Measure]:
    """The outcome; a student whose data the viewer may not see is no missing value."""
    if isinstance(outcome, ForbiddenError):
        raise outcome
    return outcome


@dataclass(slots=True)
class _Counting:
    """One computation of a table."""

    info: Info
    plan: TablePlan
    access: Access
    checkpoint: Checkpoint | None
    rereads: Rereads | None
    """How often it reads students again if it may take longer than a request; None if it may not."""
    progress: _Progress = field(default_factory=_Progress)
    at_school: dict[SchoolId, MetricRequest] = field(default_factory=dict)
    """The request at each school."""

    async def complete(self) -> Outcome[MetricTable]:
        """Return the table with every number."""
        counts = CompleteCounts()
        await self._count_all(counts)
        return self._outcome(complete_table(self._head(), counts))

    async def hidden(self) -> Outcome[MetricTable]:
        """Return the table without small cells."""
        judged = len(judged_levels(self.plan.request)) > 1
        counts = HiddenCounts(next(iter(self.plan.dimensions), None), judged=judged)
        await self._count_all(counts)
        return self._outcome(hidden_table(self._head(), counts, judged=judged))

    def _outcome(self, table: MetricTable) -> Outcome[MetricTable]:
        """The table; partial if a source failed; the error if it failed for all students."""
        failures = tuple(self.progress.errors.values())
        if failures and not self.progress.measured:
            return failures[0]
        return Partial(table, failures) if failures else table

    def _head(self) -> TableHead:
        plan, progress = self.plan, self.progress
        if progress.definition is None:  # nobody was counted: the definition is the same for everybody
            nobody = METRICS[plan.request.metric].measure(StudentFacts(StudentId("")), plan.request)
            progress.definition, progress.unit = nobody.definition, nobody.unit
        unit = Unit.STUDENT_SCHOOL if plan.cohort.school is not None else progress.unit or Unit.STUDENT
        return TableHead(plan.request, plan.dimensions, progress.definition, progress.window, unit, plan.crossed)

    async def _count_all(self, counts: Accumulator) -> None:
        """Count the students of the cohort; records are released part by part."""
        members = self.access.members
        forget = len(members) > MAX_REMEMBERED_STUDENTS
        students = list(members)
        done = 0
        if self.checkpoint is not None and (counted := self.checkpoint.load(students)) is not None:
            counts.restore(counted.state)
            self.progress.restore(counted.state["window"])
            done = counted.students
        while done < len(students):
            part = students[done : done + STUDENTS_PER_PART]
            for student in await self._count_part(part, members, forget=forget):
                self.progress.note(student)
                counts.add(student)
            done += len(part)
            if self.checkpoint is not None:
                state = {**counts.state(), "window": self.progress.state()}
                self.checkpoint.save(students, Counted(done, state))

    async def _count_part(
        self, part: Sequence[StudentId], members: Members, *, forget: bool
    ) -> list[CountedStudent]:
        """Measure and group a part of the students; a long count reads it again if a source failed for a while."""
        attempts = 0
        while True:
            info = counting_info(self.info, everybody=not self.access.is_complete, forget=forget)
            attempts += 1
            try:
                counted = await self._count(info, part, members)
            except AdapterError as error:
                if not error.retryable or not await self._may_read_again(attempts, is_long=forget):
                    raise
            else:
                is_final = not any(failure.retryable for student in counted for failure in student.failures())
                if is_final or not await self._may_read_again(attempts, is_long=forget):
                    return counted

    async def _may_read_again(self, attempts: int, *, is_long: bool) -> bool:
        if self.checkpoint is not None:
            return await self.checkpoint.may_read_again(attempts)
        return is_long and self.rereads is not None and await self.rereads.may_read_again()

    async def _count(self, info: Info, part: Sequence[StudentId], members: Members) -> list[CountedStudent]:
        """Measure and group a part of the students."""
        plan, district = self.plan, self.plan.cohort.district
        if plan.cohort.school is not None:
            hint(info, district, part, Ref("school", plan.cohort.school))
        settings = metric_settings(info.context, district)
        reader = GroupReader(district, plan.dimensions, plan.request.as_of, settings.meanings)
        groups = await reader.read(info, part, members)
        requests = [plan.request, *([plan.crossed] if plan.crossed else [])]
        measures, *crossed = await measure_students(info, district, part, requests, at_enrolled_schools=True)
        by_school = await self._by_school(info, part, members)
        counted = []
        for index, student in enumerate(part):
            counted.append(
                CountedStudent(
                    groups[index],
                    _unless_forbidden(measures[index]),
                    by_school.get(student, {}),
                    plan.school_position,
                    _unless_forbidden(crossed[0][index]) if crossed else None,
                    members[student][0] if members[student] else NO_GROUP,
                    self.access.sees(student),
                )
            )
        return counted

    async def _by_school(
        self, info: Info, part: Sequence[StudentId], members: Members
    ) -> Mapping[StudentId, dict[SchoolId, Outcome[Measure]]]:
        """The measure of each student at each school, if schools are a dimension of a complete table."""
        plan = self.plan
        is_by_school = Dimension.SCHOOL in plan.dimensions and self.access.is_complete
        if not is_by_school or plan.cohort.school is not None:
            return {}
        students_of: dict[SchoolId, list[StudentId]] = {}
        for student in part:
            for school in members[student]:
                students_of.setdefault(school, []).append(student)
        by_school: dict[StudentId, dict[SchoolId, Outcome[Measure]]] = {}
        for school, students in students_of.items():
            request = self.at_school.setdefault(school, replace(plan.request, school=school, memo={}))
            [measures] = await measure_students(
                info, plan.cohort.district, students, [request], at_enrolled_schools=True
            )
            for student, measure in zip(students, measures, strict=True):
                by_school.setdefault(student, {})[school] = _unless_forbidden(measure)
        return by_school
