"""Lookups of students, staff and their enrollments and assignments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from typing import TypeVar

from student_graph.adapters.edfi.adapter.details import KEPT_SECONDS, Detailed, PeopleWithDetails
from student_graph.adapters.edfi.adapter.lookups import EdFiLookups, map_in_slices
from student_graph.adapters.edfi.api import people as api
from student_graph.adapters.edfi.api.payload import Resource
from student_graph.adapters.edfi.api.schools import LOCAL_EDUCATION_AGENCIES
from student_graph.adapters.edfi.client.requests import by_school, by_staff, by_student
from student_graph.adapters.edfi.mapping import people as mapping
from student_graph.adapters.edfi.mapping.addresses import addresses
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.lookup import Batch, Page, StudentFilter, Window
from student_graph.adapters.model import (
    Demographics,
    DistrictId,
    EnglishProficiency,
    SchoolEnrollment,
    SchoolId,
    SectionEnrollment,
    SectionStaff,
    Staff,
    StaffAssignment,
    StaffId,
    Student,
    StudentAddress,
    StudentId,
    StudentIdentity,
)
from student_graph.adapters.reading import SharedReads

D = TypeVar("D", bound=api.StudentDetails)


class PeopleLookups(EdFiLookups):
    """Lookups of students, staff and their enrollments and assignments."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Ed-Fi `students` by student."""
        return await self.client.answer_by_key(ids, partial(self._students(()).record, mapping.student))

    async def roster_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Student]]:
        """All pages of Ed-Fi `students`."""
        batch = await self.read_district_list(
            ids, api.STUDENTS, mapping.student, lambda student: student.student_id, shares_rows=True
        )
        self.count_students(max(map(len, batch.values()), default=None))
        return batch

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """One page of Ed-Fi `students`, by limit and offset."""
        # Ed-Fi filters by equality: it can filter by one id, but not by several.
        student_id = filter.ids[0] if filter and filter.ids and len(filter.ids) == 1 else None
        filters = {} if student_id is None else by_student(student_id)
        part = await self.client.read_page(api.STUDENTS, filters, window)
        if student_id is None:
            self.count_students(part.total)
        page = Page(
            [mapping.student(row) for row in await self.client.matching(api.STUDENTS, part.rows, filters)],
            part.after,
            part.total,
            frozenset() if student_id is None else frozenset({"ids"}),
        )
        return dict.fromkeys(ids, page)

    async def student_identities_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, StudentIdentity]:
        """Ed-Fi `students`, and the resources with identification codes and e-mail addresses."""
        resources = (await self.client.discovery.standard()).identifiers

        async def read(student_id: StudentId) -> StudentIdentity | None:
            rows = await self._students(resources).with_number(student_id)
            return None if rows is None else mapping.identity(*rows)

        return await self.client.answer_by_key(ids, read)

    async def student_identities_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StudentIdentity]]:
        """All pages of the same Ed-Fi resources."""
        resources = (await self.client.discovery.standard()).identifiers
        rows = await self._students(resources).all()
        identities = await map_in_slices(lambda row: mapping.identity(*row), rows)
        return dict.fromkeys(ids, identities)

    async def demographics_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, Demographics]:
        """Ed-Fi `students` and the demographics of an agency, or else of a school."""
        resource = (await self.client.discovery.standard()).demographics
        rows = await self.client.read_by_key(ids, self._students([resource]).with_number)
        agency_ids = await self._agencies(rows.values())
        return {
            key: answer if isinstance(answer, AdapterError) else mapping.demographics(*answer, agency_ids)
            for key, answer in rows.items()
        }

    async def demographics_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Demographics]]:
        """All pages of the same Ed-Fi resources."""
        rows = await self._students([(await self.client.discovery.standard()).demographics]).all()
        agency_ids = await self._agencies(rows)
        records = [mapping.demographics(*row, agency_ids) for row in rows]
        return dict.fromkeys(ids, records)

    async def english_proficiency_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, EnglishProficiency]:
        """The same Ed-Fi resources as demographics."""
        resource = (await self.client.discovery.standard()).demographics
        rows = await self.client.read_by_key(ids, self._students([resource]).with_number)
        agency_ids = await self._agencies(rows.values())
        answers = {
            key: answer if isinstance(answer, AdapterError) else mapping.english_proficiency(*answer, agency_ids)
            for key, answer in rows.items()
        }
        return {key: answer for key, answer in answers.items() if answer is not None}

    async def english_proficiency_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[EnglishProficiency]]:
        """All pages of the same Ed-Fi resources."""
        rows = await self._students([(await self.client.discovery.standard()).demographics]).all()
        agency_ids = await self._agencies(rows)
        answers = [mapping.english_proficiency(*row, agency_ids) for row in rows]
        records = [answer for answer in answers if answer is not None]
        return dict.fromkeys(ids, records)

    async def addresses_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[StudentAddress]]:
        """Ed-Fi `students`, and the resource with addresses."""
        students = self._students([(await self.client.discovery.standard()).addresses])

        async def read(student_id: StudentId) -> list[StudentAddress]:
            rows = await students.with_number(student_id)
            return [] if rows is None else addresses(*rows)

        return await self.client.answer_by_key(ids, read)

    async def addresses_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[StudentAddress]]:
        """All pages of the same Ed-Fi resources."""
        rows = await self._students([(await self.client.discovery.standard()).addresses]).all()
        records = [address for row in rows for address in addresses(*row)]
        return dict.fromkeys(ids, records)

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """Ed-Fi `studentSchoolAssociations` by student."""
        to_record = partial(mapping.school_enrollment, self.codes, self.settings.exit_date)
        return await self.read_lists(ids, api.STUDENT_SCHOOLS, by_student, to_record, _student_and_entry_date)

    async def school_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SchoolEnrollment]]:
        """Ed-Fi `studentSchoolAssociations` by school."""
        to_record = partial(mapping.school_enrollment, self.codes, self.settings.exit_date)
        lists = await self.read_lists(ids, api.STUDENT_SCHOOLS, by_school, to_record, _student_and_entry_date)
        self.count_school_students(lists)
        return lists

    async def school_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SchoolEnrollment]]:
        """All pages of Ed-Fi `studentSchoolAssociations`."""
        to_record = partial(mapping.school_enrollment, self.codes, self.settings.exit_date)
        return await self.read_district_list(ids, api.STUDENT_SCHOOLS, to_record, _student_and_entry_date)

    async def section_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SectionEnrollment]]:
        """Ed-Fi `studentSectionAssociations` by student."""
        to_record = partial(mapping.section_enrollment, self.settings.section_end)
        return await self.read_lists(ids, api.STUDENT_SECTIONS, by_student, to_record, begin_date_and_section)

    async def section_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SectionEnrollment]]:
        """Ed-Fi `studentSectionAssociations` by school."""
        to_record = partial(mapping.section_enrollment, self.settings.section_end)
        lists = await self.read_lists(ids, api.STUDENT_SECTIONS, by_school, to_record, student_and_begin_date)
        self.count_school_students(lists)
        return lists

    async def section_enrollments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[SectionEnrollment]]:
        """All pages of Ed-Fi `studentSectionAssociations`."""
        to_record = partial(mapping.section_enrollment, self.settings.section_end)
        return await self.read_district_list(ids, api.STUDENT_SECTIONS, to_record, student_and_begin_date)

    async def staff_by_id(self, ids: Sequence[StaffId]) -> Batch[StaffId, Staff]:
        """Ed-Fi `staffs` by member of staff, and from Data Standard 6 on `staffDirectories`."""
        staff = await self._staff()

        async def read(staff_id: StaffId) -> Staff | None:
            rows = await staff.with_number(staff_id)
            return None if rows is None else mapping.staff(*rows)

        return await self.client.answer_by_key(ids, read)

    async def staff_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Staff]]:
        """All pages of the same Ed-Fi resources, because Ed-Fi cannot find staff by e-mail address."""
        staff = await self._staff()
        if staff.resources:
            members = [mapping.staff(*rows) for rows in await staff.all()]
            return dict.fromkeys(ids, members)
        return await self.read_district_list(ids, api.STAFFS, mapping.staff, lambda member: member.staff_id)

    async def section_staff_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[SectionStaff]]:
        """Ed-Fi `staffSectionAssociations` by member of staff."""
        to_record = partial(mapping.section_staff, self.settings.section_end)
        return await self.read_lists(ids, api.STAFF_SECTIONS, by_staff, to_record, begin_date_and_section)

    async def section_staff_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[SectionStaff]]:
        """All pages of Ed-Fi `staffSectionAssociations`."""
        to_record = partial(mapping.section_staff, self.settings.section_end)
        return await self.read_district_list(ids, api.STAFF_SECTIONS, to_record, staff_and_begin_date)

    async def staff_assignments_by_staff(self, ids: Sequence[StaffId]) -> Batch[StaffId, list[StaffAssignment]]:
        """Ed-Fi `staffEducationOrganizationAssignmentAssociations` by member of staff."""
        to_record = partial(mapping.staff_assignment, self.codes)
        return await self.read_lists(ids, api.STAFF_ASSIGNMENTS, by_staff, to_record, begin_date_of_assignment)

    async def staff_assignments_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[StaffAssignment]]:
        """All pages of Ed-Fi `staffEducationOrganizationAssignmentAssociations`."""
        to_record = partial(mapping.staff_assignment, self.codes)
        return await self.read_district_list(ids, api.STAFF_ASSIGNMENTS, to_record, begin_date_of_assignment)

    @cached_property
    def _person_reads(self) -> SharedReads:
        """Reads of single people: names, links, addresses and demographics of a student come from one row."""
        return SharedReads(kept_seconds=KEPT_SECONDS)

    def _students(self, resources: Sequence[Resource[D]]) -> PeopleWithDetails[api.Student, D]:
        """Students with details from some resources."""
        return PeopleWithDetails(
            self.client,
            api.STUDENTS,
            lambda row: row.studentUniqueId,
            resources,
            lambda row: row.studentReference.studentUniqueId,
            lambda number: by_student(StudentId(number)),
            self._person_reads,
        )

    async def _staff(self) -> PeopleWithDetails[api.Staff, api.StaffDirectory]:
        """Staff, and their directories if the Data Standard has them."""
        return PeopleWithDetails(
            self.client,
            api.STAFFS,
            lambda row: row.staffUniqueId,
            (await self.client.discovery.standard()).staff_directories,
            lambda row: row.staffReference.staffUniqueId,
            lambda number: by_staff(StaffId(number)),
            self._person_reads,
        )

    async def _agencies(
        self, rows: Iterable[Detailed[api.Student, api.StudentDemographics] | AdapterError]
    ) -> set[int]:
        """The agencies, read if one of the students has several associations: the agency's is preferred."""
        if not any(isinstance(row, Detailed) and len(row.details) > 1 for row in rows):
            return set()
        return {row.localEducationAgencyId for row in await self.client.read_rows(LOCAL_EDUCATION_AGENCIES)}


def student_and_begin_date(record: SectionEnrollment) -> tuple[str, dt.date, str]:
    """The sort key of the students of a section."""
    return record.student_id, record.begin_date or dt.date.min, record.vendor_id


def begin_date_of_assignment(record: StaffAssignment) -> tuple[dt.date, str]:
    """The sort key of the positions of a member of staff."""
    return record.begin_date, record.vendor_id


def staff_and_begin_date(record: SectionStaff) -> tuple[str, dt.date, str]:
    """The sort key of the staff of a section."""
    return record.staff_id, record.begin_date or dt.date.min, record.vendor_id


def _student_and_entry_date(record: SchoolEnrollment) -> tuple[str, dt.date, str]:
    return record.student_id, record.entry_date, record.vendor_id


def begin_date_and_section(record: SectionEnrollment | SectionStaff) -> tuple[dt.date, str, str]:
    """The sort key of the sections of a student or a member of staff."""
    return record.begin_date or dt.date.min, record.section_id, record.vendor_id
