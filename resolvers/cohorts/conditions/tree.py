"""Trees of conditions, judged for many students at once with as few reads as their order allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from student_graph.adapters.contract import LookupMethod
from student_graph.adapters.model import Sensitivity, StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.conditions.verdicts import Verdict, combine, negate
from student_graph.resolvers.context import Info


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the records of students are read: for an operation, in a district."""

    info: Info
    district: District


class RecordList(NamedTuple):
    """A list of records of many students: of a district, a school or a section."""

    method: LookupMethod
    """The lookup, such as `Adapter.food_service_by_district`."""
    key: str
    """Its key, such as the number of a school."""


class Leaf(Protocol):
    """A condition that reads records and has no parts."""

    @property
    def text(self) -> str:
        """The condition as text for an explanation, such as `metric CHRONIC_ABSENCE (federal_10pct): AT_RISK`."""

    @property
    def sensitivities(self) -> frozenset[Sensitivity]:
        """The classes of data that it reads."""

    @property
    def lookups(self) -> Sequence[LookupMethod]:
        """The lookups of `Adapter` that it reads."""

    @property
    def share(self) -> float:
        """About which share of students meets it, from 0 to 1: a guess for the order of reads."""

    @property
    def record_list(self) -> RecordList | None:
        """A list that has all students who meet it; None if no list has them all."""

    @property
    def reached_via(self) -> RecordList | None:
        """The list of a school or section that reaches the students; None if it is the `record_list`."""

    def listed(self, records: Mapping[StudentId, Sequence[Any]]) -> list[StudentId]:
        """Return the students who meet it, of the students with their records in its `record_list`."""

    async def judge(self, reading: Reading, students: Sequence[StudentId]) -> Sequence[Verdict]:
        """Return whether each student meets it, in the order of the students."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Several conditions: all of them must be met, or any of them."""

    parts: tuple[Condition, ...]
    needs_all: bool

    async def judge(self, reading: Reading, students: Sequence[StudentId]) -> Sequence[Verdict]:
        """
        Return the verdict for each student. A part is judged only for students that no earlier part has decided.

        The result does not depend on the order of the parts.
        """
        decisive = not self.needs_all
        verdicts: list[Verdict] = [self.needs_all] * len(students)
        open_indexes = list(range(len(students)))
        for part in self.parts:
            if not open_indexes:
                break
            judged = await part.judge(reading, [students[index] for index in open_indexes])
            for index, verdict in zip(open_indexes, judged, strict=True):
                verdicts[index] = combine(verdicts[index], verdict, decisive=decisive)
            open_indexes = [index for index in open_indexes if verdicts[index] is not decisive]
        return verdicts


@dataclass(frozen=True, slots=True)
class Not:
    """A condition that must not be met."""

    part: Condition

    async def judge(self, reading: Reading, students: Sequence[StudentId]) -> Sequence[Verdict]:
        """Return the opposite of the part's verdict for each student."""
        return [negate(verdict) for verdict in await self.part.judge(reading, students)]


Condition: TypeAlias = Parts | Not | Leaf


def leaves_of(condition: Condition) -> Iterator[Leaf]:
    """Yield the conditions without parts, in their order."""
    match condition:
        case Parts(parts=parts):
            for part in parts:
                yield from leaves_of(part)
        case Not(part=part):
            yield from leaves_of(part)
        case leaf:
            yield leaf


def required_parts(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions that every student must meet who meets the tree: the parts of `all`, at any depth."""
    match condition:
        case Parts(parts=parts, needs_all=True):
            for part in parts:
                yield from required_parts(part)
        case part:
            yield part
