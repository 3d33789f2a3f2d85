"""Adapters of the small vendor that each have one fault in their answers."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import httpx
from pydantic import TypeAdapter

from student_graph.adapters.contract import Batch, Page, StudentFilter, Window
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.keys import path_id
from student_graph.adapters.model import DistrictId, Fetched, PersonName, SchoolEnrollment, Student, StudentId
from student_graph.adapters.paging import collect_pages, offset_pages
from student_graph.adapters.reading import read
from tests.adapters.helpers.small_vendor import (
    ENROLLMENT_ROWS,
    STUDENT_ROWS,
    EnrollmentRow,
    SmallVendor,
    enrollment_of,
    student_of,
)

RAW_ROWS = TypeAdapter(list[dict[str, Any]])


class ReturnsEmptyOnError(SmallVendor):
    """Returns an empty list if the vendor fails."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return no enrollments if they cannot be read."""
        try:
            return await super().read_enrollments(field, key)
        except httpx.HTTPError:
            return []


class KeepsPagesOnError(SmallVendor):
    """Returns the pages that it has if the next page fails."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return the enrollments of the pages before a failure."""
        rows: list[EnrollmentRow] = []
        pages = offset_pages(self.http, "enrollments", {field: key}, lambda r: read(r, ENROLLMENT_ROWS))
        with contextlib.suppress(httpx.HTTPError):
            async for page in pages:
                rows += page
        return [enrollment_of(row) for row in rows]


class MergesMovedRows(SmallVendor):
    """Takes a row that it reads twice for one row, although another row was missed then."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return the enrollments that have been read, each once."""
        pages = offset_pages(self.http, "enrollments", {field: key}, lambda r: read(r, ENROLLMENT_ROWS))
        rows = {row["id"]: row async for page in pages for row in page}
        return [enrollment_of(row) for row in rows.values()]


class ReadsOnePage(SmallVendor):
    """Takes a short page for the last one, although the vendor reduces the limit."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return the enrollments of the first page."""
        response = await self.http.get("enrollments", params={field: key, "limit": 500})
        return [enrollment_of(row) for row in read(response, ENROLLMENT_ROWS)]


class UncheckedPath(SmallVendor):
    """Puts any key into the path."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students, or whatever is at the path."""
        rows_by_key = {key: read(await self.http.get(f"students/{key}"), STUDENT_ROWS) for key in ids}
        return {key: student_of(rows[0]) for key, rows in rows_by_key.items() if rows}


class IgnoresKey(SmallVendor):
    """Returns all enrollments for every key."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments that no field selects."""
        rows = await collect_pages(
            lambda: offset_pages(self.http, "enrollments", {}, lambda r: read(r, ENROLLMENT_ROWS)),
            key=lambda row: row["id"],
        )
        return [enrollment_of(row) for row in rows]


class SkipsRows(SmallVendor):
    """Loses the first record of each page except the first page."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return almost all students."""
        after = str(int(window.after) + 1) if window.after else None
        return await super().students_by_district(ids, window=Window(window.first, after))


class SetsProvenance(SmallVendor):
    """Sets the provenance, which only the gateway may set."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students with a provenance."""
        batch = await super().students_by_id(ids)
        for student in batch.values():
            if isinstance(student, Student):
                student.fetched = Fetched(DistrictId("small-district"), "sis", datetime.now(UTC))
        return batch


class MergesByName(SmallVendor):
    """Treats two students with one last name as one."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return one student for each last name."""
        batch = await super().students_by_district(ids, window=window)
        page = batch[ids[0]]
        assert isinstance(page, Page)
        families = {student.name.last_name: student for student in page.items}
        return {ids[0]: Page(list(families.values()), page.after)}


class SwapsAnswers(SmallVendor):
    """Gives each key the answer of the next key."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students under the number of another student."""
        batch = await super().students_by_id(ids)
        answers = list(batch.values())
        return dict(zip(batch, [*answers[1:], *answers[:1]], strict=True))


class DropsLastPage(SmallVendor):
    """Loses the last page that has rows."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return the enrollments of all pages but the last."""
        pages = offset_pages(self.http, "enrollments", {field: key}, lambda r: read(r, ENROLLMENT_ROWS))
        all_pages = [page async for page in pages if page]
        return [enrollment_of(row) for page in all_pages[:-1] or all_pages for row in page]


class AddsForeignStudent(SmallVendor):
    """Lists a student of another district."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return all students and a visitor."""
        batch = await super().students_by_district(ids, window=window)
        page = batch[ids[0]]
        assert isinstance(page, Page)
        visitor = Student(
            vendor_id="x", student_id=StudentId("x"), name=PersonName(first_name="Vi", last_name="Sitor")
        )
        return {ids[0]: Page([*page.items[:-1], visitor], page.after)}


class ClaimsFilter(SmallVendor):
    """Claims to have applied a filter, and has not."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return all students, whatever the filter."""
        batch = await super().students_by_district(ids, window=window)
        page = batch[ids[0]]
        assert isinstance(page, Page)
        return {ids[0]: Page(page.items, page.after, applied=frozenset({"ids"} if filter else ()))}


class ListForUnknown(SmallVendor):
    """Answers an unknown key with an empty list in a lookup of single records."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students, or an empty list."""
        batch: dict[StudentId, Any] = {key: [] for key in ids}
        return batch | dict(await super().students_by_id(ids))


class KeepsUndeclared(SmallVendor):
    """Puts an undeclared property of the vendor into a record."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students with the undeclared property as their middle name."""
        batch: dict[StudentId, Student | AdapterError] = {}
        for key in ids:
            for row in read(await self.http.get(f"students/{path_id(key)}"), RAW_ROWS):
                name = PersonName(
                    first_name=row["first"], last_name=row["last"], middle_name=str(row.get("xNote"))
                )
                batch[key] = Student(vendor_id=row["id"], student_id=key, name=name)
        return batch


class FailsBatchOnBadKey(SmallVendor):
    """Fails a complete batch because of one bad key."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students if all keys are valid."""
        for key in ids:
            path_id(key)
        return await super().students_by_id(ids)


class AsciiNames(SmallVendor):
    """Reduces names to ASCII."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students with ASCII names."""
        batch = await super().students_by_id(ids)
        for student in batch.values():
            if isinstance(student, Student):
                student.name.first_name = student.name.first_name.encode("ascii", "replace").decode()
        return batch


class EndlessPages(SmallVendor):
    """Returns a next page after the last page, for ever."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return all students again and again."""
        batch = await super().students_by_district(ids, window=window)
        page = batch[ids[0]]
        assert isinstance(page, Page)
        return {ids[0]: Page(page.items, page.after or "0")}


class UnstableOrder(SmallVendor):
    """Changes the order of a list between calls."""

    call_numbers = itertools.count()

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments, in reverse order at every second call."""
        answer = await super().read_enrollments(field, key)
        return answer[::-1] if isinstance(answer, list) and next(self.call_numbers) % 2 else answer


class InstantForDate(SmallVendor):
    """Uses an instant in place of a date."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments with an instant as the entry date."""
        answer = await super().read_enrollments(field, key)
        for enrollment in answer if isinstance(answer, list) else ():
            enrollment.entry_date = datetime.combine(enrollment.entry_date, datetime.min.time(), UTC)
        return answer


class TextForDate(SmallVendor):
    """Leaves a date as text."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments with text as the entry date."""
        answer = await super().read_enrollments(field, key)
        for enrollment in answer if isinstance(answer, list) else ():
            enrollment.entry_date = str(enrollment.entry_date)  # type: ignore[assignment]  # the planted fault
        return answer


class OmitsEmptyLists(SmallVendor):
    """Omits known keys without records."""

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """Return no key without an enrollment that began before October."""
        batch = await super().school_enrollments_by_student(ids)
        october = date(2026, 10, 1)
        return {
            key: answer
            for key, answer in batch.items()
            if isinstance(answer, list) and answer and answer[0].entry_date < october
        }
