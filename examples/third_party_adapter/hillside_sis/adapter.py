"""The adapter for Hillside SIS, REST API 2, which has its own ids in addition to the district's numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import httpx
from pydantic import SecretStr, TypeAdapter

from hillside_sis import api
from student_graph.adapters import (
    Adapter,
    AdapterSettings,
    Batch,
    IdentityError,
    Page,
    StudentFilter,
    Window,
    model,
)
from student_graph.adapters.auth import ApiKey
from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.keys import path_id, query_text
from student_graph.adapters.paging import collect_pages, cursor_page, keyset_pages
from student_graph.adapters.reading import read

T = TypeVar("T", bound=api.Row)
V = TypeVar("V")
CATEGORIES = {
    "away, excused": model.AttendanceCategory.EXCUSED_ABSENCE,
    "away": model.AttendanceCategory.UNEXCUSED_ABSENCE,
    "late": model.AttendanceCategory.TARDY,
}


class HillsideSettings(AdapterSettings):
    """The settings of a Hillside SIS."""

    api_key: SecretStr
    """Key of an account with read access, from Hillside's Integrations page."""


class Hillside(Adapter):
    """A Hillside SIS. Students are read by the district's number, their absences by Hillside's `uid`."""

    settings: HillsideSettings

    def auth(self) -> httpx.Auth:
        return ApiKey("X-Hillside-Key", self.settings.api_key, origin=self.settings.base_url)

    async def check(self) -> str:
        return "Hillside SIS " + read(await self.http.get("/v2/account"), api.ACCOUNT)["release"]

    async def students_by_id(self, ids: Sequence[model.StudentId]) -> Batch[model.StudentId, model.Student]:
        return await self._map_students(ids, student)

    async def students_by_district(
        self, ids: Sequence[model.DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[model.DistrictId, Page[model.Student]]:
        def rows_and_cursor(response: httpx.Response) -> tuple[list[api.StudentRow], str | None]:
            rows = read(response, api.STUDENTS).data
            return rows, rows[-1].uid if rows else None

        size = {"size": window.first}
        after = None if window.after is None else path_id(window.after)
        page = await cursor_page(self.http, "/v2/pupils", size, rows_and_cursor, after, param="starting_after")
        return {key: Page([student(row) for row in page.rows], page.after) for key in ids}

    async def student_identities_by_id(
        self, ids: Sequence[model.StudentId]
    ) -> Batch[model.StudentId, model.StudentIdentity]:
        return await self._map_students(ids, identity)

    async def attendance_events_by_student(
        self, ids: Sequence[model.StudentId], *, school_year: int
    ) -> Batch[model.StudentId, list[model.AttendanceEvent]]:
        async def events(number: model.StudentId) -> list[model.AttendanceEvent] | None:
            if (row := await self._find_student(number)) is None:
                return None
            path = f"/v2/pupils/{path_id(row.uid)}/absences"
            absences = await self._read_all(path, {"year": school_year}, api.ABSENCES)
            return [event(absence, number) for absence in sorted(absences, key=lambda a: (a.day, a.uid))]

        return await answer_by_key(ids, events, self.settings.concurrency)

    async def _map_students(
        self, ids: Sequence[model.StudentId], to_record: Callable[[api.StudentRow], V]
    ) -> Batch[model.StudentId, V]:
        async def read_student(number: model.StudentId) -> V | None:
            row = await self._find_student(number)
            return None if row is None else to_record(row)

        return await answer_by_key(ids, read_student, self.settings.concurrency)

    async def _find_student(self, number: model.StudentId) -> api.StudentRow | None:
        rows = await self._read_all("/v2/pupils", {"district_no": query_text(number)}, api.STUDENTS)
        if len(rows) > 1:
            raise IdentityError("two students with one number", code="IDENTITY_CONFLICT")
        return rows[0] if rows else None

    async def _read_all(self, path: str, params: Mapping[str, Any], shape: TypeAdapter[api.Listing[T]]) -> list[T]:
        def rows(response: httpx.Response) -> list[T]:
            return read(response, shape).data

        return await collect_pages(
            lambda: keyset_pages(self.http, path, params, rows, cursor_of=lambda row: row.uid),
            key=lambda row: row.uid,
        )


def student(row: api.StudentRow) -> model.Student:
    """Map a row to a student with the district's number."""
    name = model.PersonName(first_name=row.person.first, last_name=row.person.last)
    return model.Student(vendor_id=row.uid, student_id=model.StudentId(row.numbers.district), name=name)


def identity(row: api.StudentRow) -> model.StudentIdentity:
    """Map a row to the student's other identifiers: the state's number and the e-mail address."""
    identifiers = (("State", row.numbers.state), ("Email", row.numbers.mail))
    return model.StudentIdentity(
        vendor_id=row.uid,
        student_id=model.StudentId(row.numbers.district),
        identifiers=[
            model.StudentIdentifier(system=system, value=value) for system, value in identifiers if value
        ],
        birth_date=row.person.born,
        family_name=row.person.last,
    )


def event(absence: api.Absence, number: model.StudentId) -> model.AttendanceEvent:
    """Map an absence to an attendance event; a kind that is not in Hillside's manual is UNMAPPED."""
    return model.AttendanceEvent(
        vendor_id=absence.uid,
        student_id=number,
        school_id=model.SchoolId(str(absence.campus)),
        date=absence.day,
        scope=model.AttendanceScope.SCHOOL,
        category=CATEGORIES.get(absence.kind, model.AttendanceCategory.UNMAPPED),
        raw=model.Descriptor(code_value=absence.kind),
        school_year=absence.year,
        session_name=absence.term,
    )
