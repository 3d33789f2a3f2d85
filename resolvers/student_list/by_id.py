"""Lists of students whose ids are known first: students of a school, of the viewer's reach, or named by id."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from student_graph.adapters import model
from student_graph.adapters.answers import Ref
from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import Key
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import load_batch, load_many
from student_graph.resolvers.fields.paging import PageInfo, index_after
from student_graph.resolvers.student_list.filter import ListEntry, ResolvedFilter, StudentPage
from student_graph.resolvers.student_list.matching import grade_levels_on, is_enrolled, matches_name

ID_BATCH_SIZE = 100
"""Students whose records are loaded at once."""
MAX_ID_BATCHES = 20
"""Maximum number of batches loaded for one page; the page's cursor continues after them."""


async def list_by_id(
    info: Info, filter: ResolvedFilter, first: int, after: str | None, *, reach: Reach
) -> StudentPage:
    """
    Return a page of the students who match a filter, ordered by id.

    Raises:
        AdapterError: the cursor is not one of this list, or no source had a record and one failed.
    """
    ids = await _candidate_ids(info, filter, reach)
    by_enrollment = filter.schools is not None or (filter.ids is None and filter.grade_levels is None)
    return await _page(info, filter, ids, first, after, all_match=by_enrollment and not filter.words)


async def _page(
    info: Info,
    filter: ResolvedFilter,
    ids: Collection[StudentId],
    first: int,
    after: str | None,
    *,
    all_match: bool,
) -> StudentPage:
    """Return the page of those `ids` that match. If it is known that all match, no records are loaded."""
    ordered = sorted(ids)
    cursors = filter.cursors(info, 1)
    position = start = index_after([(student_id,) for student_id in ordered], cursors, after)
    entries: list[ListEntry] = []
    total = len(ordered) if all_match else None
    size = first + 1 if all_match else ID_BATCH_SIZE
    for _ in range(1 if all_match else MAX_ID_BATCHES):
        batch = ordered[position : position + size]
        records = dict.fromkeys(batch) if all_match else await _matching(info, filter, batch)
        for student_id in batch:
            if student_id in records and len(entries) == first:
                return StudentPage(entries, _page_info(entries, entries[-1].cursor, start, has_next=True), total)
            position += 1
            if student_id in records:
                entries.append(ListEntry(cursors.encode(student_id), student_id, records[student_id]))
        if position >= len(ordered):
            break
    end = cursors.encode(ordered[position - 1]) if position else None
    return StudentPage(entries, _page_info(entries, end, start, has_next=position < len(ordered)), total)


async def _candidate_ids(info: Info, filter: ResolvedFilter, reach: Reach) -> Collection[StudentId]:
    """Return ids of students who may match. The fetch pipeline drops ids outside the viewer's reach."""
    hints, district_id = info.context.operation.access_hints, filter.district.id
    for ref, students in reach.groups.items():
        hints.add(district_id, "student", students, ref)
    named_ids = filter.named_ids
    if filter.schools is None:
        return reach.students if named_ids is None else named_ids
    enrollments_by_school = await asyncio.gather(
        *(
            load_many(info, Adapter.school_enrollments_by_school, Key(district_id, school))
            for school in filter.schools
        )
    )
    enrolled: set[StudentId] = set()
    for school, enrollments in zip(filter.schools, enrollments_by_school, strict=True):
        at_school = {
            enrollment.student_id
            for enrollment in enrollments
            if is_enrolled(enrollment, filter.as_of)
            and (filter.grade_levels is None or enrollment.grade_level in filter.grade_levels)
        }
        hints.add(district_id, "student", at_school, Ref("school", school))
        enrolled |= at_school
    return enrolled if named_ids is None else enrolled.intersection(named_ids)


async def _matching(
    info: Info, filter: ResolvedFilter, ids: Collection[StudentId]
) -> dict[StudentId, model.Student | None]:
    """Return the records of the students who exist and match, by id."""
    district_id = filter.district.id
    records = await load_batch(info, Adapter.students_by_id, [Key(district_id, student_id) for student_id in ids])
    students = [student for student in records if student is not None and matches_name(student, filter.words)]
    if filter.grade_levels is not None and filter.schools is None:
        levels = await grade_levels_on(info, students, filter.as_of)
        students = [student for student in students if levels[student.student_id] in filter.grade_levels]
    return {student.student_id: student for student in students}


def _page_info(entries: list[ListEntry], end: str | None, start: int, *, has_next: bool) -> PageInfo:
    """Where a page is that begins after `start` students of the list and ends at the cursor `end`."""
    start_cursor = entries[0].cursor if entries else None
    return PageInfo(has_next_page=has_next, has_previous_page=start > 0, start_cursor=start_cursor, end_cursor=end)
