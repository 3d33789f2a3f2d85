"""Conditions on records of one lookup: enrollment, grade level, section, program, meals, bus and name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from student_graph.adapters.contract import LookupMethod
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, Sensitivity, StudentId
from student_graph.resolvers.cohorts.conditions.tree import Reading, RecordList
from student_graph.resolvers.cohorts.conditions.verdicts import Undecided, Verdict
from student_graph.resolvers.fields.load import load_lists, load_records
from student_graph.resolvers.fields.outcome import Outcome, Partial


class Candidate(NamedTuple):
    """A student whose records are read."""

    student_id: StudentId
    district_id: DistrictId


@dataclass(frozen=True, slots=True)
class RecordLeaf:
    """A condition on a student's records of one lookup."""

    text: str
    method: LookupMethod
    """The lookup of a student's records, such as `Adapter.food_service_by_student`."""
    matches: Callable[[Sequence[Any]], bool]
    """Returns whether a student meets the condition, from all of the student's records."""
    share: float
    record_list: RecordList | None = None
    """A list of all records that can meet it; None if there is none, or if students without a record meet it."""
    reached_via: RecordList | None = None
    """
    The list of a school or section from which the students are reached, if `record_list` is a longer list that
    contains it.
    """
    arguments: Mapping[str, Hashable] = field(default_factory=dict)
    needs_one: bool = True
    """Whether one matching record is enough, so that missing records cannot change a match."""

    @property
    def sensitivities(self) -> frozenset[Sensitivity]:
        """The class of data of its records."""
        return frozenset({lookup_of(self.method).sensitivity})

    @property
    def lookups(self) -> Sequence[LookupMethod]:
        """Its lookup."""
        return (self.method,)

    async def judge(self, reading: Reading, students: Sequence[StudentId]) -> Sequence[Verdict]:
        """Return whether each student meets it."""
        candidates = [Candidate(student, reading.district.id) for student in students]
        load: Any = load_lists if lookup_of(self.method).is_list else load_records
        outcomes = await load(reading.info, self.method, candidates, "student_id", **self.arguments)
        return [self._verdict(outcome) for outcome in outcomes]

    def listed(self, records: Mapping[StudentId, Sequence[Any]]) -> list[StudentId]:
        """Return the students who meet it, of the students with their records in its `record_list`."""
        return [student for student, rows in records.items() if self.matches(rows)]

    def _verdict(self, outcome: Outcome[Any]) -> Verdict:
        if isinstance(outcome, AdapterError):
            return Undecided((outcome,))
        if not isinstance(outcome, Partial):
            return self.matches(_rows(outcome))
        if self.needs_one and self.matches(_rows(outcome.value)):
            return True
        return Undecided(outcome.failures)


def _rows(value: Any) -> Sequence[Any]:
    """The records of a value: a list, one record, or none."""
    if isinstance(value, list):
        return value
    return () if value is None else (value,)
