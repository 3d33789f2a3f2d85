"""Adapters that each have one fault which odd ids show, or an odd value in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence

import httpx

from student_graph.adapters.contract import Batch
from student_graph.adapters.errors import WRONG_KEY_REASON, AdapterError, PayloadError
from student_graph.adapters.files.adapter import Files
from student_graph.adapters.model import AssessmentResult, AssignmentWork, CourseGrade, SchoolEnrollment, StudentId
from student_graph.adapters.paging import offset_pages
from student_graph.adapters.powerschool.adapter import PowerSchoolSIS
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.schoology.adapter import Schoology
from tests.adapters.helpers.small_vendor import ENROLLMENT_ROWS, EnrollmentRow, SmallVendor, enrollment_of


class ReadsTextIds(SmallVendor):
    """Reads an id of a student that is no text as an empty one."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments with the id of the student if it is a text."""

        def rows(response: httpx.Response) -> list[EnrollmentRow]:
            response.raise_for_status()
            sent = response.json()
            texts = [row["student"] if isinstance(row["student"], str) else "" for row in sent]
            read = [{**row, "student": text} for row, text in zip(sent, texts, strict=True)]
            return ENROLLMENT_ROWS.validate_json(json.dumps(read))

        pages = offset_pages(self.http, "enrollments", {field: key}, rows)
        return [enrollment_of(row) async for page in pages for row in page]


class HidesUnknownSections(Schoology):
    """Leaves out the work of sections that the vendor lists and does not know, and says so to nobody."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        """Return the work of the sections that are known."""
        with collecting_unreadable_rows():
            return await super().assignment_work_by_student(ids)


class EmptyForUnansweredKeys(PowerSchoolSIS):
    """Says that a student has no grades if the response to several students says nothing about this one."""

    async def course_grades_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[CourseGrade]]:
        """Return grades, an empty list in place of the error, and no report."""
        with collecting_unreadable_rows():
            batch = await super().course_grades_by_student(ids, school_year=school_year)
        return {id: [] if _is_of_other_keys(answer) else answer for id, answer in batch.items()}


def _is_of_other_keys(answer: object) -> bool:
    return isinstance(answer, PayloadError) and answer.reason == WRONG_KEY_REASON


class FailsOnOddFile(Files):
    """Reads files strictly, so that one odd row takes all others away."""

    async def assessment_results_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AssessmentResult]]:
        """Return results if each row can be read."""
        with collecting_unreadable_rows() as unreadable:
            batch = await super().assessment_results_by_student(ids)
        if unreadable:
            raise PayloadError("a row that cannot be read")
        return batch
