"""Students whose numbers are known before their names: of a school, of sections, or named one by one."""

from __future__ import annotations

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
from student_graph.resolvers.student_list.filter import Listing, Place, Scope
from student_graph.resolvers.student_list.matching import enrolled, grades_on, named

CHUNK = 100
"""Students whose names are read at once."""
MOST_CHUNKS = 20
"""Chunks read for one page at most; its cursor goes on from there."""


async def roll(info: Info, scope: Scope, first: int, after: str | None, *, reach: Reach) -> Listing:
    """
    Students of a school, with certain numbers, or whom the viewer reaches, by number.

    Raises:
        AdapterError: the cursor is not one of this list, or no source could say.
    """
    ids = await _candidates(info, scope, reach)
    told = scope.school is not None or (scope.ids is None and scope.grade_levels is None)
    certain = told and not scope.words
    return await listed(info, scope, ids, first, after, certain=certain)


async def listed(
    info: Info, scope: Scope, ids: Collection[StudentId], first: int, after: str | None, *, certain: bool
) -> Listing:
    """Those of `ids` that the scope looks for; when that is `certain`, their records need not be read for it."""
    ordered = sorted(ids)
    cursors = scope.cursors(info, 1)
    read = index_after([(student_id,) for student_id in ordered], cursors, after)
    places: list[Place] = []
    size = first + 1 if certain else CHUNK
    for _ in range(1 if certain else MOST_CHUNKS):
        chunk = ordered[read : read + size]
        records = dict.fromkeys(chunk) if certain else await _matching(info, scope, chunk)
        for student_id in chunk:
            if student_id in records and len(places) == first:
                return _listing(places, places[-1].cursor, more=True, total=len(ordered) if certain else None)
            read += 1
            if student_id in records:
                places.append(Place(cursors.encode(student_id), student_id, records[student_id]))
        if read >= len(ordered):
            break
    end = cursors.encode(ordered[read - 1]) if read else None
    return _listing(places, end, more=read < len(ordered), total=len(ordered) if certain else None)


async def _candidates(info: Info, scope: Scope, reach: Reach) -> Collection[StudentId]:
    """Numbers of those who can be meant; of those whom the viewer does not reach none is asked for."""
    for through, those in reach.through.items():
        info.context.operation.access_hints.add(scope.district.id, "student", those, through)
    named_ids = None if scope.ids is None else set(scope.ids)
    if scope.school is None and named_ids is not None:
        return named_ids
    if scope.school is None:
        return reach.students
    stays = await load_many(info, Adapter.school_enrollments_by_school, Key(scope.district.id, scope.school))
    current = [stay for stay in stays if enrolled(stay, scope.as_of)]
    at_school = {
        stay.student_id for stay in current if scope.grade_levels is None or stay.grade_level in scope.grade_levels
    }
    through = Ref("school", scope.school)
    info.context.operation.access_hints.add(scope.district.id, "student", at_school, through)
    return at_school if named_ids is None else at_school & named_ids


async def _matching(info: Info, scope: Scope, ids: Collection[StudentId]) -> dict[StudentId, model.Student | None]:
    """Records of those who exist and are looked for."""
    district = scope.district.id
    found = await load_batch(info, Adapter.students_by_id, [Key(district, student_id) for student_id in ids])
    students = [student for student in found if student is not None and named(student, scope.words)]
    if scope.grade_levels is not None and scope.school is None:
        grades = await grades_on(info, students, scope.as_of)
        students = [s for s in students if grades[s.student_id] in scope.grade_levels]
    return {student.student_id: student for student in students}


def _listing(places: list[Place], end: str | None, *, more: bool, total: int | None) -> Listing:
    return Listing(places, PageInfo(has_next_page=more, end_cursor=end), total)
