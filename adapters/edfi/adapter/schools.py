"""Lookups of schools, their sessions, calendars and sections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from student_graph.adapters.edfi.api import people
from student_graph.adapters.edfi.api import schools as api
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_school, by_section
from student_graph.adapters.edfi.mapping import people as places
from student_graph.adapters.edfi.mapping import schools as mapping
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    CalendarDay,
    DistrictId,
    LocalEducationAgency,
    School,
    SchoolId,
    Section,
    SectionEnrollment,
    SectionId,
    SectionStaff,
    Session,
)


class Schools(EdFiAccess):
    """What there is, where and when."""

    async def local_education_agencies_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[LocalEducationAgency]]:
        """Ed-Fi `localEducationAgencies`."""
        return await self.scan(
            ids,
            api.LOCAL_EDUCATION_AGENCIES,
            mapping.local_education_agency,
            lambda each: int(each.local_education_agency_id),
        )

    async def schools_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[School]]:
        """Ed-Fi `schools`."""
        return await self.scan(
            ids, api.SCHOOLS, partial(mapping.school, self.codes), lambda each: int(each.school_id)
        )

    async def schools_by_id(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, School]:
        """Ed-Fi `schools` by number."""
        return await self.ones(ids, api.SCHOOLS, by_school, partial(mapping.school, self.codes))

    async def sessions_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[Session]]:
        """Ed-Fi `sessions` by school."""
        return await self.lists(
            ids, api.SESSIONS, by_school, mapping.session, lambda each: (each.begin_date, each.session_name)
        )

    async def calendar_days_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[CalendarDay]]:
        """Ed-Fi `calendarDates` by school and year."""
        return await self.lists(
            ids,
            api.CALENDAR_DATES,
            lambda key: {**by_school(key), "schoolYear": school_year},
            mapping.calendar_day,
            lambda each: (each.date, each.calendar_code),
        )

    async def sections_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[Section]]:
        """Ed-Fi `sections` by school and year."""
        return await self.lists(
            ids,
            api.SECTIONS,
            lambda key: {**by_school(key), "schoolYear": school_year},
            mapping.section,
            lambda each: (each.section_identifier, each.section_id),
        )

    async def section_enrollments_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[SectionEnrollment]]:
        """Ed-Fi `studentSectionAssociations` by section."""
        return await self.lists(
            ids, people.STUDENT_SECTIONS, by_section, places.section_enrollment, _by_student_and_begin
        )

    async def section_staff_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[SectionStaff]]:
        """Ed-Fi `staffSectionAssociations` by section."""
        return await self.lists(ids, people.STAFF_SECTIONS, by_section, places.section_staff, _by_staff_and_begin)


def _by_student_and_begin(each: SectionEnrollment) -> tuple[str, dt.date, str]:
    return each.student_id, each.begin_date or dt.date.min, each.vendor_id


def _by_staff_and_begin(each: SectionStaff) -> tuple[str, dt.date, str]:
    return each.staff_id, each.begin_date or dt.date.min, each.vendor_id
