"""Lookups of attendance and what followed from behavior."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from student_graph.adapters.edfi.api import school_life as api
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_school, by_section, by_student
from student_graph.adapters.edfi.mapping import school_life as mapping
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    AttendanceEvent,
    DisciplineAction,
    DistrictId,
    SchoolId,
    SectionId,
    StudentId,
)


class SchoolLife(EdFiAccess):
    """What happened at school."""

    async def attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Ed-Fi `studentSchoolAttendanceEvents` by student and year."""
        return await self.lists(
            ids,
            api.SCHOOL_ATTENDANCE,
            lambda key: {**by_student(key), "schoolYear": school_year},
            partial(mapping.school_attendance_event, self.codes),
            by_day_and_student,
        )

    async def attendance_events_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[AttendanceEvent]]:
        """Ed-Fi `studentSchoolAttendanceEvents` by school and year."""
        return await self.lists(
            ids,
            api.SCHOOL_ATTENDANCE,
            lambda key: {**by_school(key), "schoolYear": school_year},
            partial(mapping.school_attendance_event, self.codes),
            by_day_and_student,
        )

    async def section_attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Ed-Fi `studentSectionAttendanceEvents` by student and year."""
        return await self.lists(
            ids,
            api.SECTION_ATTENDANCE,
            lambda key: {**by_student(key), "schoolYear": school_year},
            partial(mapping.section_attendance_event, self.codes),
            by_day_and_student,
        )

    async def section_attendance_events_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[AttendanceEvent]]:
        """Ed-Fi `studentSectionAttendanceEvents` by section."""
        record = partial(mapping.section_attendance_event, self.codes)
        return await self.lists(ids, api.SECTION_ATTENDANCE, by_section, record, by_day_and_student)

    async def discipline_actions_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineAction]]:
        """Ed-Fi `disciplineActions` by student."""
        return await self.lists(
            ids, api.DISCIPLINE_ACTIONS, by_student, mapping.discipline_action, by_day_and_student
        )

    async def discipline_actions_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[DisciplineAction]]:
        """Ed-Fi `disciplineActions`, every page."""
        return await self.scan(ids, api.DISCIPLINE_ACTIONS, mapping.discipline_action, by_day_and_student)


def by_day_and_student(each: AttendanceEvent | DisciplineAction) -> tuple[dt.date, str, str]:
    """The order in which events and actions are told: the same whether by student, school or district."""
    return each.date, each.student_id, each.vendor_id
