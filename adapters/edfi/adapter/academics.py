"""Lookups of grades, academic records and assessments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from student_graph.adapters.edfi.adapter.lookups import EdFiLookups
from student_graph.adapters.edfi.api import academics as api
from student_graph.adapters.edfi.api.payload import Filters
from student_graph.adapters.edfi.client.keys import parse_assessment_id
from student_graph.adapters.edfi.client.requests import by_section, by_student
from student_graph.adapters.edfi.mapping import academics as mapping
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import (
    AcademicRecord,
    Assessment,
    AssessmentId,
    AssessmentResult,
    CourseGrade,
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
            _section_and_period,
        )

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """Ed-Fi `grades` by section."""
        to_record = partial(mapping.course_grade, self.codes)
        return await self.read_lists(ids, api.GRADES, by_section, to_record, _section_and_period)

    async def academic_records_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AcademicRecord]]:
        """Ed-Fi `studentAcademicRecords` by student."""
        return await self.read_lists(
            ids, api.ACADEMIC_RECORDS, by_student, mapping.academic_record, _school_year_and_term
        )

    async def assessment_results_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AssessmentResult]]:
        """Ed-Fi `studentAssessments` by student, latest first."""
        to_record = partial(mapping.assessment_result, self.codes)
        return await self.read_lists(ids, api.STUDENT_ASSESSMENTS, by_student, to_record, _latest_first)

    async def assessments_by_id(self, ids: Sequence[AssessmentId]) -> Batch[AssessmentId, Assessment]:
        """Ed-Fi `assessments` by identifier and namespace."""
        to_record = partial(mapping.assessment, self.codes)
        return await self.read_records(ids, api.ASSESSMENTS, _by_assessment, to_record)


def _by_assessment(assessment_id: AssessmentId) -> Filters:
    key = parse_assessment_id(assessment_id)
    return {"assessmentIdentifier": key.identifier, "namespace": key.namespace}


def _section_and_period(grade: CourseGrade) -> tuple[Any, ...]:
    period = grade.grading_period
    period_key = (
        (period.school_year, period.sequence or 0, period.name or "", period.descriptor.code_value)
        if period
        else ()
    )
    return grade.section_id, grade.student_id, period_key, grade.grade_type.value, grade.vendor_id


def _school_year_and_term(record: AcademicRecord) -> tuple[int, str, str]:
    return record.school_year, record.term.code_value, record.vendor_id


def _latest_first(result: AssessmentResult) -> tuple[float, str]:
    return -(result.administration_date or _EARLIEST).timestamp(), result.vendor_id
