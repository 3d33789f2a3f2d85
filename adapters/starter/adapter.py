"""The adapter for Starter, API 1: its settings, and the lookups that it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import httpx
from pydantic import SecretStr

from student_graph.adapters import (
    Adapter,
    AdapterSettings,
    Batch,
    DistrictId,
    Page,
    Student,
    StudentFilter,
    StudentId,
    Window,
)
from student_graph.adapters.auth import ApiKey
from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.reading import read
from student_graph.adapters.starter import api, client, mapping


class StarterSettings(AdapterSettings):
    """The settings of a Starter."""

    api_key: SecretStr
    """Key of an account with read access, from Starter's Administration > Keys."""


class Starter(Adapter):
    """A Starter, whose students are read by the district's own numbers."""

    settings: StarterSettings
    contract: ClassVar[int] = 1

    def auth(self) -> httpx.Auth:
        """Return the API key for Starter's header and origin."""
        return ApiKey("X-Starter-Key", self.settings.api_key, origin=self.settings.base_url)

    async def check(self) -> str:
        """Return the version of Starter."""
        return "Starter " + read(await self.http.get("/api/me"), api.ME).version

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Read one learner for each number."""

        async def student(number: StudentId) -> Student | None:
            learner = await client.find_learner(self.http, number)
            return None if learner is None else mapping.student(learner)

        return await answer_by_key(ids, student, self.settings.concurrency)

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Read a page of all learners; the gateway applies the filter."""
        page = await client.learners_page(self.http, window)
        return {key: Page([mapping.student(row) for row in page.rows], page.after, page.total) for key in ids}
