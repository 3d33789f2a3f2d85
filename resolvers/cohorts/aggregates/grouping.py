"""Reads the groups of students: the records of each dimension, once for all students of a part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District
from student_graph.resolvers.cohorts.aggregates.dimensions import DIMENSIONS, Dimension
from student_graph.resolvers.cohorts.aggregates.members import Members
from student_graph.resolvers.cohorts.measurement.parts import Person
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.fields.load import load_lists, load_records, value_or_raise
from student_graph.resolvers.metrics.groups import GroupFacts, Grouping, groups_of
from student_graph.resolvers.metrics.meanings import CodeMeanings

FACTS_OF_LOOKUP: Mapping[Callable[..., Any], str] = {
    Adapter.school_enrollments_by_student: "enrollments",
    Adapter.program_participations_by_student: "programs",
    Adapter.special_education_by_student: "special_education",
    Adapter.section_504_by_student: "section_504",
    Adapter.homelessness_by_student: "homelessness",
    Adapter.food_service_by_student: "meals",
    Adapter.demographics_by_student: "demographics",
    Adapter.transportation_by_student: "transportation",
}
"""Attribute of `GroupFacts` that holds the records of each lookup."""


@dataclass(frozen=True, slots=True)
class GroupReader:
    """Reads the groups of students in some dimensions on a day."""

    district: District
    dimensions: Sequence[Dimension]
    day: date
    meanings: CodeMeanings

    async def read(
        self, info: Info, students: Sequence[StudentId], members: Members
    ) -> list[list[frozenset[str]]]:
        """
        Return for each student the groups of each dimension.

        Raises:
            AdapterError: the records of a dimension could not be read: without them nobody's group is known.
        """
        lookups = list(dict.fromkeys(DIMENSIONS[d].lookup for d in self.dimensions if d is not Dimension.SCHOOL))
        people = [Person(student, self.district.id) for student in students]
        read = await asyncio.gather(*(_read(info, lookup, people) for lookup in lookups))
        records = dict(zip(lookups, read, strict=True))
        return [
            [
                frozenset(members[student])
                if dimension is Dimension.SCHOOL
                else self._groups(dimension, records[DIMENSIONS[dimension].lookup][index])
                for dimension in self.dimensions
            ]
            for index, student in enumerate(students)
        ]

    def _groups(self, dimension: Dimension, rows: Any) -> frozenset[str]:
        """The groups of one student in one dimension, by the records of its lookup."""
        if dimension is Dimension.SECTION:
            return frozenset(
                str(row.section_id) for row in rows if is_active(row.begin_date, row.end_date, self.day)
            )
        facts = GroupFacts(**{FACTS_OF_LOOKUP[DIMENSIONS[dimension].lookup]: rows})
        return groups_of(Grouping[dimension.name], facts, self.day, self.meanings)


async def _read(info: Info, lookup: Callable[..., Any], people: Sequence[Person]) -> list[Any]:
    load: Any = load_records if lookup is Adapter.demographics_by_student else load_lists
    return [value_or_raise(info, outcome) for outcome in await load(info, lookup, people, "student_id")]
