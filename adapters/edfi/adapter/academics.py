"""Lookups of grades, academic records and assessments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.api import academics as api
from student_graph.adapters.edfi.api.payload import Filters
from student_graph.adapters.edfi.client.keys import parse_assessment_id, school_number
from student_graph.adapters.edfi.client.requests import by_school_and_year, by_student
from student_graph.adapters.edfi.mapping import academics as mapping
from student_graph.adapters.errors import NotOfferedError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    AcademicRecord,
    Assessment,
    AssessmentId,
    AssessmentResult,
    CourseGrade,
    DistrictId,
    SchoolId,
    SectionId,
    StudentId,
)

_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


class AcademicsLookups(EdFiLookups):
    """Lookups of grades, academic records and assessments."""

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Ed-Fi `grades` by student and school year of the section."""
        return await self.read_lists(
            ids,
            api.GRADES,
            lambda student_id: {**by_student(student_id), "schoolYear": school_year},
            partial(mapping.course_grade, self.codes),
            section_and_period,
        )

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """Ed-Fi `grades` by section."""
        to_record = partial(mapping.course_grade, self.codes)
        return await self.read_lists_of_sections(ids, api.GRADES, to_record, section_and_period)

    async def course_grades_by_school(
        self, ids: Sequence[SchoolId], *, school_year: int | None = None
    ) -> Batch[SchoolId, list[CourseGrade]]:
        """Ed-Fi `grades` by school, and by school year of the section if there is one."""
        return await self.read_lists(
            ids,
            api.GRADES,
            lambda school_id: by_school_and_year(school_id, school_year),
            partial(mapping.course_grade, self.codes),
            section_and_period,
        )

    async def academic_records_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AcademicRecord]]:
        """Ed-Fi `studentAcademicRecords` by student."""
        return await self.read_lists(
            ids, api.ACADEMIC_RECORDS, by_student, mapping.academic_record, school_year_and_term
        )

    async def academic_records_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[AcademicRecord]]:
        """All pages of Ed-Fi `studentAcademicRecords`."""
        return await self.read_district_list(
            ids, api.ACADEMIC_RECORDS, mapping.academic_record, school_year_and_term
        )

    async def assessment_results_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AssessmentResult]]:
        """Ed-Fi `studentAssessments` by student, latest first."""
        to_record = partial(mapping.assessment_result, self.codes)
        return await self.read_lists(ids, api.STUDENT_ASSESSMENTS, by_student, to_record, latest_first)

    async def assessment_results_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[AssessmentResult]]:
        """Ed-Fi `studentAssessments` by the school that reported them, from Data Standard 4 on."""
        if not (await self.client.discovery.standard()).names_reporting_school:
            raise NotOfferedError("Ed-Fi names the school that reported a result from Data Standard 4 on")
        to_record = partial(mapping.assessment_result, self.codes)
        return await self.read_lists(
            ids,
            api.STUDENT_ASSESSMENTS,
            lambda school_id: {"reportedSchoolId": school_number(school_id)},
            to_record,
            _student_and_latest_first,
        )

    async def assessment_results_by_district(
        self, ids: Sequence[DistrictId]
    ) -> Batch[DistrictId, list[AssessmentResult]]:
        """All pages of Ed-Fi `studentAssessments`."""
        to_record = partial(mapping.assessment_result, self.codes)
        return await self.read_district_list(ids, api.STUDENT_ASSESSMENTS, to_record, _student_and_latest_first)

    async def assessments_by_district(self, ids: Sequence[DistrictId]) -> Batch[DistrictId, list[Assessment]]:
        """All pages of Ed-Fi `assessments`."""
        to_record = partial(mapping.assessment, self.codes)
        return await self.read_district_list(
            ids, api.ASSESSMENTS, to_record, lambda assessment: assessment.assessment_id
        )

    async def assessments_by_id(self, ids: Sequence[AssessmentId]) -> Batch[AssessmentId, Assessment]:
        """Ed-Fi `assessments` by identifier and namespace."""
        to_record = partial(mapping.assessment, self.codes)
        return await self.read_records(ids, api.ASSESSMENTS, _by_assessment, to_record)


def _by_assessment(assessment_id: AssessmentId) -> Filters:
    key = parse_assessment_id(assessment_id)
    return {"assessmentIdentifier": key.identifier, "namespace": key.namespace}


def section_and_period(grade: CourseGrade) -> tuple[Any, ...]:
    """The sort key of grades; lookups by student, by section and by school use the same order."""
    period = grade.grading_period
    period_key = (
        (period.school_year, period.sequence or 0, period.name or "", period.descriptor.code_value)
        if period
        else ()
    )
    return grade.section_id, grade.student_id, period_key, grade.grade_type.value, grade.vendor_id


def school_year_and_term(record: AcademicRecord) -> tuple[int, str, str]:
    """The sort key of academic records; lookups by student and by district use the same order."""
    return record.school_year, record.term.code_value, record.vendor_id


def latest_first(result: AssessmentResult) -> tuple[float, str]:
    """The sort key of a student's assessment results."""
    return -(result.administration_date or _EARLIEST).timestamp(), result.vendor_id


def _student_and_latest_first(result: AssessmentResult) -> tuple[str, float, str]:
    return result.student_id, *latest_first(result)
