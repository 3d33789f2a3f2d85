"""Lookups of attendance and discipline actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.api import school_life as api
from student_graph.adapters.edfi.client.requests import by_school, by_school_and_year, by_student
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


class SchoolLifeLookups(EdFiLookups):
    """Lookups of attendance events and discipline actions."""

    async def attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Ed-Fi `studentSchoolAttendanceEvents` by student and school year."""
        return await self.read_lists(
            ids,
            api.SCHOOL_ATTENDANCE,
            lambda student_id: {**by_student(student_id), "schoolYear": school_year},
            partial(mapping.school_attendance_event, self.codes),
            day_and_student,
        )

    async def attendance_events_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[AttendanceEvent]]:
        """Ed-Fi `studentSchoolAttendanceEvents` by school and school year."""
        return await self.read_lists(
            ids,
            api.SCHOOL_ATTENDANCE,
            lambda school_id: {**by_school(school_id), "schoolYear": school_year},
            partial(mapping.school_attendance_event, self.codes),
            day_and_student,
        )

    async def attendance_events_by_district(
        self, ids: Sequence[DistrictId], *, school_year: int
    ) -> Batch[DistrictId, list[AttendanceEvent]]:
        """All pages of Ed-Fi `studentSchoolAttendanceEvents` of a school year."""
        to_record = partial(mapping.school_attendance_event, self.codes)
        filters = {"schoolYear": school_year}
        return await self.read_district_list(ids, api.SCHOOL_ATTENDANCE, to_record, day_and_student, filters)

    async def section_attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Ed-Fi `studentSectionAttendanceEvents` by student and school year."""
        return await self.read_lists(
            ids,
            api.SECTION_ATTENDANCE,
            lambda student_id: {**by_student(student_id), "schoolYear": school_year},
            partial(mapping.section_attendance_event, self.codes),
            day_and_student,
        )

    async def section_attendance_events_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[AttendanceEvent]]:
        """Ed-Fi `studentSectionAttendanceEvents` by section."""
        to_record = partial(mapping.section_attendance_event, self.codes)
        return await self.read_lists_of_sections(ids, api.SECTION_ATTENDANCE, to_record, day_and_student)

    async def section_attendance_events_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int | None = None
    ) -> Batch[SchoolId, list[AttendanceEvent]]:
        """Ed-Fi `studentSectionAttendanceEvents` by school, and by school year of the section if there is one."""
        return await self.read_lists(
            ids,
            api.SECTION_ATTENDANCE,
            lambda school_id: by_school_and_year(school_id, school_year),
            partial(mapping.section_attendance_event, self.codes),
            day_and_student,
        )

    async def section_attendance_events_by_district(
        self, ids: Sequence[DistrictId], *, school_year: int
    ) -> Batch[DistrictId, list[AttendanceEvent]]:
        """All pages of Ed-Fi `studentSectionAttendanceEvents` of a school year."""
        to_record = partial(mapping.section_attendance_event, self.codes)
        filters = {"schoolYear": school_year}
        return await self.read_district_list(ids, api.SECTION_ATTENDANCE, to_record, day_and_student, filters)

    async def discipline_actions_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[DisciplineAction]]:
        """Ed-Fi `disciplineActions` by student."""
        return await self.read_lists(
            ids, api.DISCIPLINE_ACTIONS, by_student, mapping.discipline_action, day_and_student
        )

    async def discipline_actions_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[DisciplineAction]]:
        """All pages of Ed-Fi `disciplineActions`."""
        return await self.read_district_list(
            ids, api.DISCIPLINE_ACTIONS, mapping.discipline_action, day_and_student
        )


def day_and_student(record: AttendanceEvent | DisciplineAction) -> tuple[dt.date, str, str]:
    """The sort key of events and actions; lookups by student, by school and by district use the same order."""
    return record.date, record.student_id, record.vendor_id
