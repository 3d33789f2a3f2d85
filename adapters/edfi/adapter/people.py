"""Lookups of students, staff and their enrollments and assignments."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.api import people as api
from student_graph.adapters.edfi.api.schools import LOCAL_EDUCATION_AGENCIES
from student_graph.adapters.edfi.client.requests import by_school, by_staff, by_student
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


class _StudentRows(NamedTuple):
    """The Ed-Fi rows of one student."""

    student: api.Student
    associations: list[api.StudentEducationOrganizationAssociation]


class PeopleLookups(EdFiLookups):
    """Lookups of students, staff and their enrollments and assignments."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Ed-Fi `students` by student."""
        return await self.read_records(ids, api.STUDENTS, by_student, mapping.student)

    async def roster_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Student]]:
        """All pages of Ed-Fi `students`."""
        return await self.read_district_list(
            ids, api.STUDENTS, mapping.student, lambda student: student.student_id
        )

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """One page of Ed-Fi `students`, by limit and offset."""
        # Ed-Fi filters by equality: it can filter by one id, but not by several.
        student_id = filter.ids[0] if filter and filter.ids and len(filter.ids) == 1 else None
        filters = {} if student_id is None else by_student(student_id)
        part = await self.client.read_page(api.STUDENTS, filters, window)
        page = Page(
            [mapping.student(row) for row in part.rows if row.satisfies(filters)],
            part.after,
            part.total,
            frozenset() if student_id is None else frozenset({"ids"}),
        )
        return dict.fromkeys(ids, page)

    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        """Ed-Fi `students` and `studentEducationOrganizationAssociations`."""

        async def read(student_id: StudentId) -> StudentIdentity | None:
            rows = await self._student_rows(student_id)
            return None if rows is None else mapping.identity(*rows)

        return await self.client.answer_by_key(ids, read)

    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        """All pages of Ed-Fi `students` and `studentEducationOrganizationAssociations`."""
        identities = [mapping.identity(*rows) for rows in await self._all_student_rows()]
        return dict.fromkeys(ids, identities)

    async def demographics_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, Demographics]:
        """Ed-Fi `students` and `studentEducationOrganizationAssociations`, the agency's if it has one."""
        rows = await self.client.read_by_key(ids, self._student_rows)
        agency_ids = await self._agencies(rows.values())
        return {
            key: answer if isinstance(answer, AdapterError) else mapping.demographics(*answer, agency_ids)
            for key, answer in rows.items()
        }

    async def demographics_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Demographics]]:
        """All pages of Ed-Fi `students` and `studentEducationOrganizationAssociations`."""
        rows = await self._all_student_rows()
        agency_ids = await self._agencies(rows)
        records = [mapping.demographics(*row, agency_ids) for row in rows]
        return dict.fromkeys(ids, records)

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """Ed-Fi `studentSchoolAssociations` by student."""
        to_record = partial(mapping.school_enrollment, self.codes)
        return await self.read_lists(ids, api.STUDENT_SCHOOLS, by_student, to_record, _student_and_entry_date)

    async def school_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SchoolEnrollment]]:
        """Ed-Fi `studentSchoolAssociations` by school."""
        to_record = partial(mapping.school_enrollment, self.codes)
        return await self.read_lists(ids, api.STUDENT_SCHOOLS, by_school, to_record, _student_and_entry_date)

    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        """All pages of Ed-Fi `studentSchoolAssociations`."""
        to_record = partial(mapping.school_enrollment, self.codes)
        return await self.read_district_list(ids, api.STUDENT_SCHOOLS, to_record, _student_and_entry_date)

    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        """Ed-Fi `studentSectionAssociations` by student."""
        return await self.read_lists(
            ids, api.STUDENT_SECTIONS, by_student, mapping.section_enrollment, begin_date_and_section
        )

    async def section_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SectionEnrollment]]:
        """Ed-Fi `studentSectionAssociations` by school."""
        return await self.read_lists(
            ids, api.STUDENT_SECTIONS, by_school, mapping.section_enrollment, student_and_begin_date
        )

    async def section_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SectionEnrollment]]:
        """All pages of Ed-Fi `studentSectionAssociations`."""
        return await self.read_district_list(
            ids, api.STUDENT_SECTIONS, mapping.section_enrollment, student_and_begin_date
        )

    async def staff_by_id(self, ids: Sequence[StaffId]) -> Batch[StaffId, Staff]:
        """Ed-Fi `staffs` by member of staff."""
        return await self.read_records(ids, api.STAFFS, by_staff, mapping.staff)

    async def staff_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Staff]]:
        """All pages of Ed-Fi `staffs`, because Ed-Fi cannot find staff by e-mail address."""
        return await self.read_district_list(ids, api.STAFFS, mapping.staff, lambda member: member.staff_id)

    async def section_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[SectionStaff]]:
        """Ed-Fi `staffSectionAssociations` by member of staff."""
        return await self.read_lists(
            ids, api.STAFF_SECTIONS, by_staff, mapping.section_staff, begin_date_and_section
        )

    async def staff_assignments_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[StaffAssignment]]:
        """Ed-Fi `staffEducationOrganizationAssignmentAssociations` by member of staff."""
        to_record = partial(mapping.staff_assignment, self.codes)
        return await self.read_lists(
            ids, api.STAFF_ASSIGNMENTS, by_staff, to_record, lambda record: (record.begin_date, record.vendor_id)
        )

    async def _student_rows(self, student_id: StudentId) -> _StudentRows | None:
        """A student's row and associations with agency and schools; None if no student has the id."""
        rows = await self.client.read_rows(api.STUDENTS, by_student(student_id))
        if not rows:
            return None
        return _StudentRows(
            rows[0], await self.client.read_rows(api.STUDENT_ORGANIZATIONS, by_student(student_id))
        )

    async def _all_student_rows(self) -> list[_StudentRows]:
        """The rows of every student, by number."""
        await self.client.discovery.document()
        async with asyncio.TaskGroup() as reads:
            student_rows = reads.create_task(self.client.read_rows(api.STUDENTS))
            association_rows = reads.create_task(self.client.read_rows(api.STUDENT_ORGANIZATIONS))
        associations: dict[str, list[api.StudentEducationOrganizationAssociation]] = {}
        for row in association_rows.result():
            associations.setdefault(row.studentReference.studentUniqueId, []).append(row)
        students = sorted(student_rows.result(), key=lambda row: row.studentUniqueId)
        return [_StudentRows(row, associations.get(row.studentUniqueId, [])) for row in students]

    async def _agencies(self, rows: Iterable[_StudentRows | AdapterError]) -> set[int]:
        """The agencies, read if one of the students has several associations: the agency's is preferred."""
        if not any(isinstance(row, _StudentRows) and len(row.associations) > 1 for row in rows):
            return set()
        return {row.localEducationAgencyId for row in await self.client.read_rows(LOCAL_EDUCATION_AGENCIES)}


def student_and_begin_date(record: SectionEnrollment) -> tuple[str, dt.date, str]:
    """The sort key of the students of a section."""
    return record.student_id, record.begin_date or dt.date.min, record.vendor_id


def _student_and_entry_date(record: SchoolEnrollment) -> tuple[str, dt.date, str]:
    return record.student_id, record.entry_date, record.vendor_id


def begin_date_and_section(record: SectionEnrollment | SectionStaff) -> tuple[dt.date, str, str]:
    """The sort key of the sections of a student or a member of staff."""
    return record.begin_date or dt.date.min, record.section_id, record.vendor_id
