"""The adapter for Brook SIS, release 7: its settings, and the lookups that it answers."""

from collections.abc import Sequence
from typing import ClassVar

import httpx
from pydantic import SecretStr

from student_graph.adapters import Adapter, AdapterSettings, Batch, Page, StudentFilter, Window, model
from student_graph.adapters.auth import ApiKey
from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.reading import read
from tests.adapters.newcomer.brook_sis import api, client, mapping


class BrookSettings(AdapterSettings):
    """The settings of a Brook SIS."""

    api_key: SecretStr
    """Token of a read-only account, from Brook's Settings > Tokens."""


class BrookSis(Adapter):
    """A Brook SIS. Students are read by the district's number, their marks by Brook's id."""

    settings: BrookSettings
    contract: ClassVar[int] = 1
    recorded_properties = frozenset({"what", "on", "year"})

    def auth(self) -> httpx.Auth:
        """Return the token for Brook's origin."""
        return ApiKey("Authorization", self.settings.api_key, origin=self.settings.base_url, prefix="Token ")

    async def check(self) -> str:
        """Return the release of Brook."""
        return "Brook SIS " + read(await self.http.get("/release"), api.RELEASE)["release"]

    async def students_by_id(self, ids: Sequence[model.StudentId]) -> Batch[model.StudentId, model.Student]:
        """Read one person for each number."""

        async def student(number: model.StudentId) -> model.Student | None:
            person = await client.find_person(self.http, number)
            return None if person is None else mapping.student(person)

        return await answer_by_key(ids, student, self.settings.concurrency)

    async def students_by_district(
        self, ids: Sequence[model.DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[model.DistrictId, Page[model.Student]]:
        """Read a page of all people."""
        page = await client.people_page(self.http, window)
        return {key: Page([mapping.student(person) for person in page.rows], page.after) for key in ids}

    async def attendance_events_by_student(
        self, ids: Sequence[model.StudentId], *, school_year: int
    ) -> Batch[model.StudentId, list[model.AttendanceEvent]]:
        """Read the marks of each person."""

        async def events(number: model.StudentId) -> list[model.AttendanceEvent] | None:
            if (person := await client.find_person(self.http, number)) is None:
                return None
            params = {"person": person.id, "year": school_year}
            marks = await client.read_all(self.http, "/marks", params, api.MARKS)
            return sorted((mapping.event(mark, number) for mark in marks), key=lambda e: (e.date, e.vendor_id))

        return await answer_by_key(ids, events, self.settings.concurrency)
