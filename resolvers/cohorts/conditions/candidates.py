"""Names the candidates of a population: by id, by the viewer's reach, or by one list of records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from student_graph.adapters.answers import Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import StudentFilter, Window, lookup_of
from student_graph.adapters.model import Student, StudentId
from student_graph.adapters.sources import Key
from student_graph.resolvers.access import Reach
from student_graph.resolvers.cohorts.conditions.planner import STUDENTS_PER_PAGE
from student_graph.resolvers.cohorts.conditions.tree import Leaf, Reading
from student_graph.resolvers.fields.load import load_batch, load_many, load_page

HINTED_KINDS = ("school", "section")
"""Kinds of lists from which students are reached. A source may answer for all students of such a list at once."""


async def named_students(reading: Reading, ids: Sequence[StudentId]) -> list[StudentId]:
    """
    Of some students, return those who exist and are within reach, with their numbers as the source spells them.
    """
    keys = [Key(reading.district.id, student) for student in ids]
    records = await load_batch(reading.info, Adapter.students_by_id, keys)
    return sorted({record.student_id for record in records if record is not None})


def reached_students(reading: Reading, reach: Reach) -> list[StudentId]:
    """Return the students within a limited reach."""
    hints = reading.info.context.operation.access_hints
    for ref, students in reach.groups.items():
        hints.add(reading.district.id, "student", students, ref)
    return sorted(reach.students)


async def listed_students(reading: Reading, leaf: Leaf) -> list[StudentId]:
    """
    Return the students within reach who meet a condition, for a condition that a list of records decides.

    If a longer list fails, the list of the school decides it.
    """
    assert leaf.record_list is not None
    method, key = leaf.record_list
    try:
        records: list[Any] = await load_many(reading.info, method, Key(reading.district.id, key))
    except AdapterError:
        if leaf.reached_via is None:
            raise
        method, key = leaf.reached_via
        records = await load_many(reading.info, method, Key(reading.district.id, key))
    by_student: dict[StudentId, list[Any]] = {}
    for record in records:
        by_student.setdefault(record.student_id, []).append(record)
    students = sorted(leaf.listed(by_student))
    via, via_key = leaf.reached_via or leaf.record_list
    kind = lookup_of(via).key_kind
    if kind in HINTED_KINDS:
        hints = reading.info.context.operation.access_hints
        hints.add(reading.district.id, "student", students, Ref(kind, via_key))
    return students


async def all_students(
    reading: Reading, vendor_filter: StudentFilter | None, name_leaf: Leaf | None, max_students: int
) -> list[StudentId]:
    """
    Return the students of the district, without those that a condition on names leaves out.

    A source applies the conditions that it can. The list ends after `max_students`, which are too many.
    """
    district = reading.district
    by_page = bool(district.sources_for(lookup_of(Adapter.students_by_district)))
    if (name_leaf is None or not by_page) and district.sources_for(lookup_of(Adapter.roster_by_district)):
        roster = await load_many(reading.info, Adapter.roster_by_district, Key(district.id, district.id))
        return sorted({record.student_id for record in roster})
    students: set[StudentId] = set()
    after: str | None = None
    while True:
        window = Window(STUDENTS_PER_PAGE, after)
        page = await load_page(
            reading.info,
            Adapter.students_by_district,
            Key(district.id, district.id),
            window,
            filter=vendor_filter,
        )
        students.update(_named(page.items, name_leaf))
        after = page.after
        if after is None or len(students) > max_students:
            return sorted(students)


def _named(records: Iterable[Student], name_leaf: Leaf | None) -> Iterable[StudentId]:
    by_student = {record.student_id: [record] for record in records}
    return by_student if name_leaf is None else name_leaf.listed(by_student)
