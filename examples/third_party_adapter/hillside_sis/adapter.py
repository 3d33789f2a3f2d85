"""The adapter for Hillside SIS, REST API 2, which has its own ids in addition to the district's numbers."""

from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

import httpx
from pydantic import SecretStr

from hillside_sis import api, client, mapping
from student_graph.adapters import Adapter, AdapterSettings, Batch, Page, StudentFilter, Window, model
from student_graph.adapters.auth import ApiKey
from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.keys import path_id
from student_graph.adapters.reading import read

V = TypeVar("V")


class HillsideSettings(AdapterSettings):
    """The settings of a Hillside SIS."""

    api_key: SecretStr
    """Key of an account with read access, from Hillside's Integrations page."""


class Hillside(Adapter):
    """A Hillside SIS. Students are read by the district's number, their absences by Hillside's `uid`."""

    settings: HillsideSettings
    contract: ClassVar[int] = 1
    recorded_properties: ClassVar[frozenset[str]] = frozenset({"day", "kind", "term", "year"})  # about nobody

    def auth(self) -> httpx.Auth:
        return ApiKey("X-Hillside-Key", self.settings.api_key, origin=self.settings.base_url)

    async def check(self) -> str:
        return "Hillside SIS " + read(await self.http.get("/v2/account"), api.ACCOUNT)["release"]

    async def students_by_id(self, ids: Sequence[model.StudentId]) -> Batch[model.StudentId, model.Student]:
        return await self._map_students(ids, mapping.student)

    async def students_by_district(
        self, ids: Sequence[model.DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[model.DistrictId, Page[model.Student]]:
        page = await client.students_page(self.http, window)
        return {key: Page([mapping.student(row) for row in page.rows], page.after) for key in ids}

    async def student_identities_by_id(
        self, ids: Sequence[model.StudentId]
    ) -> Batch[model.StudentId, model.StudentIdentity]:
        return await self._map_students(ids, mapping.identity)

    async def attendance_events_by_student(
        self, ids: Sequence[model.StudentId], *, school_year: int
    ) -> Batch[model.StudentId, list[model.AttendanceEvent]]:
        async def events(number: model.StudentId) -> list[model.AttendanceEvent] | None:
            if (row := await client.find_student(self.http, number)) is None:
                return None
            path = f"/v2/pupils/{path_id(row.uid)}/absences"
            absences = await client.read_all(self.http, path, {"year": school_year}, api.ABSENCES)
            return [mapping.event(absence, number) for absence in sorted(absences, key=lambda a: (a.day, a.uid))]

        return await answer_by_key(ids, events, self.settings.concurrency)

    async def _map_students(
        self, ids: Sequence[model.StudentId], to_record: Callable[[api.StudentRow], V]
    ) -> Batch[model.StudentId, V]:
        async def read_student(number: model.StudentId) -> V | None:
            row = await client.find_student(self.http, number)
            return None if row is None else to_record(row)

        return await answer_by_key(ids, read_student, self.settings.concurrency)
