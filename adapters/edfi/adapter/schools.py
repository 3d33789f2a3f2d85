"""Lookups of schools, their sessions, calendars and sections."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.adapter.people import staff_and_begin_date, student_and_begin_date
from student_graph.adapters.edfi.api import people as people_api
from student_graph.adapters.edfi.api import schools as api
from student_graph.adapters.edfi.client.requests import by_school
from student_graph.adapters.edfi.mapping import people as people_mapping
from student_graph.adapters.edfi.mapping import schools as mapping
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    CalendarDay,
    ClassPeriod,
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


class SchoolLookups(EdFiLookups):
    """Lookups of schools, their calendars and sections, and the students and staff of a section."""

    async def local_education_agencies_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[LocalEducationAgency]]:
        """All pages of Ed-Fi `localEducationAgencies`."""
        return await self.read_district_list(
            ids,
            api.LOCAL_EDUCATION_AGENCIES,
            mapping.local_education_agency,
            lambda agency: int(agency.local_education_agency_id),
        )

    async def schools_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[School]]:
        """All pages of Ed-Fi `schools`."""
        to_record = partial(mapping.school, self.codes)
        return await self.read_district_list(ids, api.SCHOOLS, to_record, lambda school: int(school.school_id))

    async def schools_by_id(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, School]:
        """Ed-Fi `schools` by school."""
        return await self.read_records(ids, api.SCHOOLS, by_school, partial(mapping.school, self.codes))

    async def sessions_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[Session]]:
        """Ed-Fi `sessions` by school."""
        return await self.read_lists(
            ids,
            api.SESSIONS,
            by_school,
            partial(mapping.session, self.settings.session_end),
            lambda session: (session.begin_date, session.session_name),
        )

    async def calendar_days_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[CalendarDay]]:
        """Ed-Fi `calendarDates` by school and school year."""
        return await self.read_lists(
            ids,
            api.CALENDAR_DATES,
            lambda school_id: {**by_school(school_id), "schoolYear": school_year},
            mapping.calendar_day,
            lambda day: (day.date, day.calendar_code),
        )

    async def class_periods_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[ClassPeriod]]:
        """Ed-Fi `classPeriods` by school."""
        return await self.read_lists(
            ids, api.CLASS_PERIODS, by_school, mapping.class_period, lambda period: (period.name, period.vendor_id)
        )

    async def sections_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int
    ) -> Batch[SchoolId, list[Section]]:
        """Ed-Fi `sections` by school and school year."""
        return await self.read_lists(
            ids,
            api.SECTIONS,
            lambda school_id: {**by_school(school_id), "schoolYear": school_year},
            mapping.section,
            by_section_identifier,
            shares_rows=True,
        )

    async def sections_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Section]]:
        """All pages of Ed-Fi `sections`."""
        return await self.read_district_list(
            ids, api.SECTIONS, mapping.section, lambda section: section.section_id, shares_rows=True
        )

    async def section_enrollments_by_section(
        self, ids: Sequence[SectionId]
    ) -> Batch[SectionId, list[SectionEnrollment]]:
        """Ed-Fi `studentSectionAssociations` by section."""
        to_record = partial(people_mapping.section_enrollment, self.settings.section_end)
        return await self.read_lists_of_sections(
            ids, people_api.STUDENT_SECTIONS, to_record, student_and_begin_date
        )

    async def section_staff_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[SectionStaff]]:
        """Ed-Fi `staffSectionAssociations` by section."""
        to_record = partial(people_mapping.section_staff, self.settings.section_end)
        return await self.read_lists_of_sections(ids, people_api.STAFF_SECTIONS, to_record, staff_and_begin_date)


def by_section_identifier(section: Section) -> tuple[str, str]:
    """The sort key of the sections of a school."""
    return section.section_identifier, section.section_id
