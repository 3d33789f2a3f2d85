"""The viewer's caseloads: groups of students that the viewer serves outside classes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import NamedTuple

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError, translate
from student_graph.adapters.model import StudentId
from student_graph.adapters.sources import District, Key
from student_graph.resolvers.access import AssignedStudents, Reach
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.dates import is_active
from student_graph.resolvers.fields.load import load_many, note_failure
from student_graph.resolvers.student_list.filter import StudentGroup, visible_district
from student_graph.resolvers.student_list.matching import is_enrolled

KEY_CHARACTERS = 24
"""Characters of a caseload's key, four bits each: two caseloads never have the same."""


class CaseloadOrigin(Enum):
    """Who gave a caseload to a member of staff."""

    SYSTEM_OF_RECORD = "system of record"
    """The district's student information system."""
    SETTINGS = "settings"
    """The settings of the gateway: `districts.assigned`."""


class ViewerCaseload(NamedTuple):
    """A caseload of the viewer."""

    origin: CaseloadOrigin
    begin: date | None
    """First day of the viewer's work with it; None if not recorded."""
    end: date | None
    """Last day; None if there is no end."""
    group: StudentGroup


async def viewer_caseloads(info: Info) -> list[ViewerCaseload]:
    """
    Return the caseloads that the viewer has today, ordered by district and key.

    Raises:
        AdapterError: no district could say which caseloads there are.
    """
    viewer = info.context.viewer
    if viewer.emergency is not None:
        return []
    visible = [visible_district(info.context, id_) for id_ in sorted(viewer.districts)]
    districts = [district for district in visible if district is not None]
    answers = await asyncio.gather(*(_caseloads_in_district(info, district) for district in districts))
    failures = [answer for answer in answers if isinstance(answer, AdapterError)]
    if failures and len(failures) == len(answers):
        raise failures[0]
    for failure in failures:
        note_failure(info, failure)
    return [caseload for answer in answers if not isinstance(answer, AdapterError) for caseload in answer]


async def _caseloads_in_district(info: Info, district: District) -> list[ViewerCaseload] | AdapterError:
    """The viewer's caseloads in one district, or the error of the district."""
    try:
        reach = await info.context.reach(district.id)
        recorded, assigned = await asyncio.gather(
            _recorded(info, district, reach), _assigned(info, district, reach)
        )
    except AdapterError as error:
        return translate(error)
    return sorted([*recorded, *assigned], key=lambda caseload: caseload.group.key)


async def _recorded(info: Info, district: District, reach: Reach) -> list[ViewerCaseload]:
    """Caseloads of the system of record, which are part of the viewer's reach."""
    subject, today = info.context.viewer.subject, district.today()
    groups = {
        ref.key: students
        for ref, students in reach.groups.items()
        if ref.kind == "caseload" and ref.key != subject
    }
    if not groups or reach.staff_id is None:
        return []
    staffing = await load_many(info, Adapter.caseload_staff_by_staff, Key(district.id, reach.staff_id))
    current = [row for row in staffing if is_active(row.begin_date, row.end_date, today)]
    caseloads = []
    for key, students in groups.items():
        rows = [row for row in current if row.caseload_id == key]
        ends = [row.end_date for row in rows]
        caseloads.append(
            ViewerCaseload(
                origin=CaseloadOrigin.SYSTEM_OF_RECORD,
                begin=min((row.begin_date for row in rows), default=None),
                end=None if None in ends else max((day for day in ends if day), default=None),
                group=StudentGroup(
                    district.id, _opaque_key(info, district, CaseloadOrigin.SYSTEM_OF_RECORD, key), students
                ),
            )
        )
    return caseloads


async def _assigned(info: Info, district: District, reach: Reach) -> list[ViewerCaseload]:
    """Students that the settings assign to the viewer: one caseload for each assignment."""
    today = district.today()
    current = [assigned for assigned in info.context.viewer.assigned if assigned.applies(district.id, today)]
    groups = await asyncio.gather(*(_assigned_students(info, district, assigned) for assigned in current))
    caseloads = []
    for assigned, students in zip(current, groups, strict=True):
        # Its content names an assignment: the order of the settings may change.
        content = repr((assigned.begin, assigned.until, sorted(assigned.schools), sorted(assigned.students)))
        levels = sorted(level.name for level in assigned.grade_levels or ())
        caseloads.append(
            ViewerCaseload(
                origin=CaseloadOrigin.SETTINGS,
                begin=assigned.begin,
                end=assigned.until,
                group=StudentGroup(
                    district.id,
                    _opaque_key(info, district, CaseloadOrigin.SETTINGS, content, *levels),
                    frozenset(filter(reach.contains, students)),
                ),
            )
        )
    return caseloads


async def _assigned_students(info: Info, district: District, assigned: AssignedStudents) -> frozenset[StudentId]:
    """The students of an assignment: those it names, and those enrolled today in its grade levels."""
    enrollments: Sequence[list[model.SchoolEnrollment]] = await asyncio.gather(
        *(
            load_many(info, Adapter.school_enrollments_by_school, Key(district.id, school))
            for school in sorted(assigned.schools)
        )
    )
    levels, today = assigned.grade_levels, district.today()
    return assigned.students | {
        row.student_id
        for rows in enrollments
        for row in rows
        if is_enrolled(row, today) and (levels is None or row.grade_level in levels)
    }


def _opaque_key(info: Info, district: District, origin: CaseloadOrigin, *key: str) -> str:
    """
    A key that says nothing about its caseload.

    The source's key may name a program of special education. The digest is that of a text which only this gateway
    can make, so that nobody can find the program by trying names.
    """
    sealed = info.context.signer.seal("caseload", district.id, origin.name, *key)
    return hashlib.sha256(sealed.encode()).hexdigest()[:KEY_CHARACTERS]
