"""Adapters that each have one fault which only odd data show: rows, keys, pages and totals of real servers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from hillside_sis.adapter import Hillside
from student_graph.adapters.contract import Batch, Page, StudentFilter, Window
from student_graph.adapters.errors import AdapterError, NotOfferedError, PayloadError
from student_graph.adapters.model import (
    AttendanceCategory,
    AttendanceEvent,
    DistrictId,
    SchoolEnrollment,
    Student,
    StudentId,
)
from student_graph.adapters.paging import ListChangedError, offset_pages
from student_graph.adapters.reading import read
from student_graph.adapters.starter import api, mapping
from student_graph.adapters.starter.adapter import Starter
from tests.adapters.helpers.small_vendor import (
    ENROLLMENT_ROWS,
    STUDENT_ROWS,
    EnrollmentRow,
    SmallVendor,
    enrollment_of,
    student_of,
)


class LinkedStudentRow(TypedDict):
    """A student whose address is required, although the vendor may leave it null."""

    id: str
    first: str
    last: str
    href: str


LINKED_STUDENT_ROWS = TypeAdapter(list[LinkedStudentRow])


class FailsOnOddRow(SmallVendor):
    """Reads a list strictly, so that one odd row takes all others away."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments if each of them can be read."""

        def rows(response: httpx.Response) -> list[EnrollmentRow]:
            response.raise_for_status()
            return ENROLLMENT_ROWS.validate_json(response.content)

        pages = offset_pages(self.http, "enrollments", {field: key}, rows)
        return [enrollment_of(row) async for page in pages for row in page]


class WritesAscii(SmallVendor):
    """Writes each text of a row in ASCII, which fails for a letter beyond it."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments with their texts written and read again."""

        def rows(response: httpx.Response) -> list[EnrollmentRow]:
            response.raise_for_status()
            texts = "".join(str(value) for row in response.json() for value in row.values())
            return ENROLLMENT_ROWS.validate_json(response.content) if texts.encode("ascii") else []

        pages = offset_pages(self.http, "enrollments", {field: key}, rows)
        return [enrollment_of(row) async for page in pages for row in page]


class AddsAYear(SmallVendor):
    """Computes with dates as if there were a next year after each."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments that began before the same day of the next year."""
        answer = await super().read_enrollments(field, key)
        if isinstance(answer, AdapterError):
            return answer
        days = [(enrollment, enrollment.entry_date) for enrollment in answer]
        return [enrollment for enrollment, day in days if day.replace(year=day.year + 1) > day]


class RequiresNullable(SmallVendor):
    """Requires a value that the vendor's document allows to be null."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students who have an address."""
        batch = await super().students_by_id(ids)
        rows = [read(await self.http.get(f"students/{key}"), LINKED_STUDENT_ROWS) for key in ids if key in batch]
        linked = {row["id"] for students in rows for row in students}
        return {key: answer for key, answer in batch.items() if key in linked}


class AdvancesByLimit(SmallVendor):
    """Moves on by the rows that it requested instead of those that it received."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return a page of students."""
        offset, limit = int(window.after or 0), min(window.first, 10)
        response = await self.http.get("students", params={"limit": limit, "offset": offset})
        students = [student_of(row) for row in read(response, STUDENT_ROWS)]
        return {ids[0]: Page(students, str(offset + limit) if students else None)}


class SplitsKeyAtColon(SmallVendor):
    """Takes the text before a colon for the kind of an id."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments of the id after the colon."""
        return await super().read_enrollments(field, key.rpartition(":")[2])


class IgnoresBlanks(SmallVendor):
    """Takes a key with a blank at the end for the key without it."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments of the key without blanks."""
        return await super().read_enrollments(field, key.strip() or key)


class EmptyOnWrongTotal(SmallVendor):
    """Returns nothing if a list has another length than its total."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments if their number is the total."""
        try:
            return await super().read_enrollments(field, key)
        except ListChangedError:
            return []


class TotalOfPage(SmallVendor):
    """States the number of records on the page as the total."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return a page of students."""
        batch = await super().students_by_district(ids, window=window)
        page = batch[ids[0]]
        assert isinstance(page, Page)
        return {ids[0]: Page(page.items, page.after, len(page.items))}


class AnyCursor(SmallVendor):
    """Begins again at the start if it does not know a cursor."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return a page of students, the first one if the cursor is not a number."""
        after = window.after if (window.after or "0").isdigit() else None
        return await super().students_by_district(ids, window=Window(window.first, after))


class FailsWithoutRows(SmallVendor):
    """Takes an empty list for a failure."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments, of which there must be some."""
        answer = await super().read_enrollments(field, key)
        if not answer:
            raise PayloadError("no enrollments")
        return answer


class ReversesBatches(SmallVendor):
    """Sorts the records of a key in another way if several keys are requested."""

    async def school_enrollments_by_school(self, ids: Sequence[Any]) -> Batch[Any, list[SchoolEnrollment]]:
        """Return enrollments in reverse order if there are several keys."""
        batch = await super().school_enrollments_by_school(ids)
        step = 1 if len(ids) == 1 else -1
        return {key: answer[::step] if isinstance(answer, list) else answer for key, answer in batch.items()}


class RepeatsRows(SmallVendor):
    """Reports a row that is sent twice as two records."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return all rows of all pages."""
        pages = offset_pages(self.http, "enrollments", {field: key}, lambda r: read(r, ENROLLMENT_ROWS))
        rows = [row async for page in pages for row in page]
        return [enrollment_of(row) for row in rows]


class RepeatsMovedRows(SmallVendor):
    """Counts a row twice that moved to the next page while the list was read."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return the enrollments of all pages, each of two rows."""
        rows_of = lambda response: read(response, ENROLLMENT_ROWS)  # noqa: E731 - a name would say no more
        pages = offset_pages(self.http, "enrollments", {field: key}, rows_of, limit=2)
        rows = [row async for page in pages for row in page]
        return [enrollment_of(row) for row in rows]


class SkipsMissingRoute(SmallVendor):
    """Takes a resource that the vendor does not have for one without records."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return no enrollments if there is no such resource."""
        try:
            return await super().read_enrollments(field, key)
        except (httpx.HTTPStatusError, NotOfferedError):
            return []


class MissingListIsEmpty(Starter):
    """Takes a response without the list for an empty list."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students of the list, if the response has one."""
        batch: dict[StudentId, Student | AdapterError] = {}
        for key in ids:
            response = (await self.http.get("/api/learners", params={"number": key})).raise_for_status()
            rows = json.loads(response.content).get("learners", [])
            batch.update((key, mapping.student(api.Learner.model_validate(row))) for row in rows)
        return batch


class DefaultCategory(Hillside):
    """Counts a code that it does not know as an unexcused absence."""

    async def attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Return events without an unknown code."""
        batch = await super().attendance_events_by_student(ids, school_year=school_year)
        for answer in batch.values():
            for event in answer if isinstance(answer, list) else ():
                if event.category is AttendanceCategory.UNMAPPED:
                    event.category = AttendanceCategory.UNEXCUSED_ABSENCE
        return batch


class IgnoresYear(Hillside):
    """Returns the events of this school year, whatever year is requested."""

    async def attendance_events_by_student(
        self, ids: Sequence[StudentId], *, school_year: int
    ) -> Batch[StudentId, list[AttendanceEvent]]:
        """Return the events of one year."""
        return await super().attendance_events_by_student(ids, school_year=FACTS_YEAR)


FACTS_YEAR = 2027
"""The school year of the sandbox's district."""


class DropsOthers(SmallVendor):
    """Drops rows about other keys, and says that there are none if no row is left."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return those of the enrollments that are about the key."""
        enrollments = await super().read_enrollments(field, key)
        if isinstance(enrollments, AdapterError):
            return enrollments
        return [enrollment for enrollment in enrollments if getattr(enrollment, f"{field}_id") == key]
