"""Lookups of students, staff and their places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from student_graph.adapters.edfi.api import people as api
from student_graph.adapters.edfi.api.schools import LOCAL_EDUCATION_AGENCIES
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_school, by_staff, by_student
from student_graph.adapters.edfi.mapping import people as mapping
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Batch, Page, StudentFilter, Window
from student_graph.adapters.model import (
    Demographics,
    DistrictId,
    SchoolEnrollment,
    SchoolId,
    SectionEnrollment,
    SectionStaff,
    Staff,
    StaffAssignment,
    StaffId,
    Student,
    StudentId,
    StudentIdentity,
)
from student_graph.adapters.paging import offset_page

Known = tuple[api.Student, list[api.StudentEducationOrganizationAssociation]]


class People(EdFiAccess):
    """Who is who, and who is where."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Ed-Fi `students`."""
        return await self.ones(ids, api.STUDENTS, by_student, mapping.student)

    async def roster_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Student]]:
        """Ed-Fi `students`, every page."""
        return await self.scan(ids, api.STUDENTS, mapping.student, lambda student: student.student_id)

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Ed-Fi `students`, one page by limit and offset."""
        # Ed-Fi filters by equality: one id is a filter, several are not.
        one = filter.ids[0] if filter and filter.ids and len(filter.ids) == 1 else None
        asked = {} if one is None else by_student(one)
        part = await offset_page(
            self.http,
            await self.discovery.resource_url(api.STUDENTS.name),
            {**asked, "totalCount": True},
            api.STUDENTS.read,
            window,
            max_limit=self.settings.page_size,
        )
        page = Page(
            [mapping.student(row) for row in part.rows if row.carries(asked)],
            part.after,
            part.total,
            frozenset() if one is None else frozenset({"ids"}),
        )
        return dict.fromkeys(ids, page)

    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        """Ed-Fi `students` and `studentEducationOrganizationAssociations`."""
        found = await self.gather_by_key(ids, self._known)
        return {
            key: each if isinstance(each, AdapterError) else mapping.identity(*each) for key, each in found.items()
        }

    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        """Ed-Fi `students` and `studentEducationOrganizationAssociations`, every page of both."""
        associations: dict[str, list[api.StudentEducationOrganizationAssociation]] = {}
        for row in await self.rows(api.STUDENT_ORGANIZATIONS):
            associations.setdefault(row.studentReference.studentUniqueId, []).append(row)
        students = await self.rows(api.STUDENTS)
        identities = [mapping.identity(row, associations.get(row.studentUniqueId, [])) for row in students]
        return dict.fromkeys(ids, sorted(identities, key=lambda identity: identity.student_id))

    async def demographics_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, Demographics]:
        """Ed-Fi `students` and `studentEducationOrganizationAssociations`; the agency's where it has one."""
        found = await self.gather_by_key(ids, self._known)
        ambiguous = any(not isinstance(each, AdapterError) and len(each[1]) > 1 for each in found.values())
        rows = await self.rows(LOCAL_EDUCATION_AGENCIES) if ambiguous else []
        agencies = {row.localEducationAgencyId for row in rows}
        return {
            key: each if isinstance(each, AdapterError) else mapping.demographics(*each, agencies)
            for key, each in found.items()
        }

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """Ed-Fi `studentSchoolAssociations` by student."""
        record = partial(mapping.school_enrollment, self.codes)
        return await self.lists(ids, api.STUDENT_SCHOOLS, by_student, record, _by_student_and_entry)

    async def school_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SchoolEnrollment]]:
        """Ed-Fi `studentSchoolAssociations` by school."""
        record = partial(mapping.school_enrollment, self.codes)
        return await self.lists(ids, api.STUDENT_SCHOOLS, by_school, record, _by_student_and_entry)

    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        """Ed-Fi `studentSchoolAssociations`, every page."""
        record = partial(mapping.school_enrollment, self.codes)
        return await self.scan(ids, api.STUDENT_SCHOOLS, record, _by_student_and_entry)

    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        """Ed-Fi `studentSectionAssociations` by student."""
        return await self.lists(
            ids, api.STUDENT_SECTIONS, by_student, mapping.section_enrollment, _by_begin_and_section
        )

    async def staff_by_id(self, ids: Sequence[StaffId]) -> Batch[StaffId, Staff]:
        """Ed-Fi `staffs`."""
        return await self.ones(ids, api.STAFFS, by_staff, mapping.staff)

    async def staff_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Staff]]:
        """Ed-Fi `staffs`, every page: they cannot be searched by e-mail address."""
        return await self.scan(ids, api.STAFFS, mapping.staff, lambda member: member.staff_id)

    async def section_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[SectionStaff]]:
        """Ed-Fi `staffSectionAssociations` by staff."""
        return await self.lists(ids, api.STAFF_SECTIONS, by_staff, mapping.section_staff, _by_begin_and_section)

    async def staff_assignments_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[StaffAssignment]]:
        """Ed-Fi `staffEducationOrganizationAssignmentAssociations`."""
        record = partial(mapping.staff_assignment, self.codes)
        return await self.lists(
            ids, api.STAFF_ASSIGNMENTS, by_staff, record, lambda each: (each.begin_date, each.vendor_id)
        )

    async def _known(self, key: StudentId) -> Known | None:
        """A student with all that agency and schools hold; None when nobody has the id."""
        rows = await self.rows(api.STUDENTS, by_student(key))
        return (rows[0], await self.rows(api.STUDENT_ORGANIZATIONS, by_student(key))) if rows else None


def _by_student_and_entry(each: SchoolEnrollment) -> tuple[str, dt.date, str]:
    return each.student_id, each.entry_date, each.vendor_id


def _by_begin_and_section(each: SectionEnrollment | SectionStaff) -> tuple[dt.date, str, str]:
    return each.begin_date or dt.date.min, each.section_id, each.vendor_id
