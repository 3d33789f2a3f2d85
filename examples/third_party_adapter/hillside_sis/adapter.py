"""Hillside SIS, REST API 2: a system of record that keeps its own ids beside the district's numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

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
from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.keys import path_id, query_text
from student_graph.adapters.paging import collect_pages, cursor_page, keyset_pages
from student_graph.adapters.reading import read

T = TypeVar("T", bound=api.Row)
V = TypeVar("V")
KINDS = {
    "away, excused": model.AttendanceCategory.EXCUSED_ABSENCE,
    "away": model.AttendanceCategory.UNEXCUSED_ABSENCE,
    "late": model.AttendanceCategory.TARDY,
}


class HillsideSettings(AdapterSettings):
    """How to reach a Hillside SIS."""

    api_key: SecretStr
    """Key of a reading account, from Hillside's Integrations page."""


class Hillside(Adapter):
    """One Hillside SIS: pupils are asked for by the district's number, their absences by Hillside's `uid`."""

    settings: HillsideSettings

    def auth(self) -> httpx.Auth:
        return ApiKey("X-Hillside-Key", self.settings.api_key, origin=self.settings.base_url)

    async def check(self) -> str:
        return "Hillside SIS " + read(await self.http.get("/v2/account"), api.ACCOUNT)["release"]

    async def students_by_id(self, ids: Sequence[model.StudentId]) -> Batch[model.StudentId, model.Student]:
        return await self._each(ids, student)

    async def students_by_district(
        self, ids: Sequence[model.DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[model.DistrictId, Page[model.Student]]:
        def page(response: httpx.Response) -> tuple[list[api.Pupil], str | None]:
            pupils = rows(api.PUPILS)(response)
            return pupils, pupils[-1].uid if pupils else None

        after = None if window.after is None else path_id(window.after)
        part = await cursor_page(
            self.http, "/v2/pupils", {"size": window.first}, page, after, param="starting_after"
        )
        return {key: Page([student(pupil) for pupil in part.rows], part.after) for key in ids}

    async def student_identities_by_id(
        self, ids: Sequence[model.StudentId]
    ) -> Batch[model.StudentId, model.StudentIdentity]:
        return await self._each(ids, identity)

    async def attendance_events_by_student(
        self, ids: Sequence[model.StudentId], *, school_year: int
    ) -> Batch[model.StudentId, list[model.AttendanceEvent]]:
        async def events(number: model.StudentId) -> list[model.AttendanceEvent] | None:
            if (pupil := await self._pupil(number)) is None:
                return None
            path = f"/v2/pupils/{path_id(pupil.uid)}/absences"
            absences = await self._all(path, {"year": school_year}, api.ABSENCES)
            return [event(row, number) for row in sorted(absences, key=lambda row: (row.day, row.uid))]

        return await gather_by_key(ids, events, self.settings.concurrency)

    async def _each(
        self, ids: Sequence[model.StudentId], make: Callable[[api.Pupil], V]
    ) -> Batch[model.StudentId, V]:
        async def one(number: model.StudentId) -> V | None:
            pupil = await self._pupil(number)
            return None if pupil is None else make(pupil)

        return await gather_by_key(ids, one, self.settings.concurrency)

    async def _pupil(self, number: model.StudentId) -> api.Pupil | None:
        found = await self._all("/v2/pupils", {"district_no": query_text(number)}, api.PUPILS)
        if len(found) > 1:
            raise IdentityError("two pupils with one number", code="IDENTITY_CONFLICT")
        return found[0] if found else None

    async def _all(
        self, path: str, params: Mapping[str, str | int], payload: TypeAdapter[api.Listing[T]]
    ) -> list[T]:
        pages = keyset_pages(self.http, path, params, rows(payload), cursor_of=lambda row: row.uid)
        return await collect_pages(pages, key=lambda row: row.uid)


def rows(payload: TypeAdapter[api.Listing[T]]) -> Callable[[httpx.Response], list[T]]:
    """How a page of these is read."""
    return lambda response: read(response, payload).data


def student(pupil: api.Pupil) -> model.Student:
    """A student under the district's number."""
    name = model.PersonName(first_name=pupil.person.given, last_name=pupil.person.family)
    number = model.StudentId(pupil.numbers.district)
    return model.Student(vendor_id=pupil.uid, student_id=number, name=name)


def identity(pupil: api.Pupil) -> model.StudentIdentity:
    """By what else the student is known: the state's number and the e-mail address."""
    known = (("State", pupil.numbers.state), ("Email", pupil.numbers.mail))
    return model.StudentIdentity(
        vendor_id=pupil.uid,
        student_id=model.StudentId(pupil.numbers.district),
        identifiers=[model.StudentIdentifier(system=system, value=value) for system, value in known if value],
        birth_date=pupil.person.born,
        family_name=pupil.person.family,
    )


def event(row: api.Absence, number: model.StudentId) -> model.AttendanceEvent:
    """Something about a school day; a kind that Hillside's manual does not list is UNMAPPED."""
    return model.AttendanceEvent(
        vendor_id=row.uid,
        student_id=number,
        school_id=model.SchoolId(str(row.campus)),
        date=row.day,
        scope=model.AttendanceScope.SCHOOL,
        category=KINDS.get(row.kind, model.AttendanceCategory.UNMAPPED),
        raw=model.Descriptor(code_value=row.kind),
        school_year=row.year,
        session_name=row.term,
    )
