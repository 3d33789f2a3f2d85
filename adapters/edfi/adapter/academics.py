"""Lookups of grades, academic records and assessments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from student_graph.adapters.edfi.api import academics as api
from student_graph.adapters.edfi.api.payload import Filters
from student_graph.adapters.edfi.client.keys import assessment_parts
from student_graph.adapters.edfi.client.requests import EdFiAccess, by_section, by_student
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

_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Academics(EdFiAccess):
    """What was reached."""

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Ed-Fi `grades` by student and the year of the section."""
        return await self.lists(
            ids,
            api.GRADES,
            lambda key: {**by_student(key), "schoolYear": school_year},
            partial(mapping.course_grade, self.codes),
            _by_section_and_period,
        )

    async def course_grades_by_section(self, ids: Sequence[SectionId]) -> Batch[SectionId, list[CourseGrade]]:
        """Ed-Fi `grades` by section."""
        record = partial(mapping.course_grade, self.codes)
        return await self.lists(ids, api.GRADES, by_section, record, _by_section_and_period)

    async def academic_records_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AcademicRecord]]:
        """Ed-Fi `studentAcademicRecords`."""
        return await self.lists(ids, api.ACADEMIC_RECORDS, by_student, mapping.academic_record, _by_year_and_term)

    async def assessment_results_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AssessmentResult]]:
        """Ed-Fi `studentAssessments` by student."""
        record = partial(mapping.assessment_result, self.codes)
        return await self.lists(ids, api.STUDENT_ASSESSMENTS, by_student, record, _latest_first)

    async def assessments_by_id(self, ids: Sequence[AssessmentId]) -> Batch[AssessmentId, Assessment]:
        """Ed-Fi `assessments` by identifier and namespace."""
        return await self.ones(ids, api.ASSESSMENTS, _by_assessment, partial(mapping.assessment, self.codes))


def _by_assessment(key: AssessmentId) -> Filters:
    parts = assessment_parts(key)
    return {"assessmentIdentifier": parts.identifier, "namespace": parts.namespace}


def _by_section_and_period(each: CourseGrade) -> tuple[Any, ...]:
    period = each.grading_period
    place = (
        (period.school_year, period.sequence or 0, period.name or "", period.descriptor.code_value)
        if period
        else ()
    )
    return each.section_id, each.student_id, place, each.grade_type.value, each.vendor_id


def _by_year_and_term(each: AcademicRecord) -> tuple[int, str, str]:
    return each.school_year, each.term.code_value, each.vendor_id


def _latest_first(each: AssessmentResult) -> tuple[float, str]:
    return -(each.administration_date or _NEVER).timestamp(), each.vendor_id
