"""Adapters of the hall with one fault each in how they behave."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr, TypeAdapter

from student_graph.adapters.auth import Bearer
from student_graph.adapters.contract import AccessPath, Adapter, AdapterSettings, Batch, CallCost
from student_graph.adapters.errors import AdapterError, PayloadError
from student_graph.adapters.model import SchoolEnrollment, SchoolId, Student, StudentId
from student_graph.adapters.reading import read
from tests.adapters.helpers.small_vendor import PUPILS, STAYS, Hall, HallSettings, Stay, enrollment_of, student_of

LINKED = TypeAdapter(list[dict[str, Any]])


class Wilful(Hall):
    """Changes a signature and misspells a lookup."""

    async def students_by_id(self, keys: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students by number."""
        return await super().students_by_id(keys)

    async def student_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[Student]]:
        """Never asked."""
        return {}


class OpenSettings(AdapterSettings):
    """Settings that show their secret."""

    token: str
    """Token of the hall."""


class Open(Hall):
    """Shows its secret."""

    settings: OpenSettings  # type: ignore[assignment]  # the point of it

    def auth(self) -> httpx.Auth:
        """The hall's token."""
        return Bearer(SecretStr(self.settings.token), origin=self.settings.base_url)


class Grasping(Hall):
    """Takes an argument that the contract does not know."""

    async def students_by_id(self, ids: Sequence[StudentId], *, fast: bool = True) -> Batch[StudentId, Student]:
        """Students, fast."""
        return await super().students_by_id(ids)


class Boastful(Hall):
    """Shows its secret to whoever prints it."""

    def __repr__(self) -> str:
        return f"Boastful({self.settings.token.get_secret_value()!r})"


class Talkative(Hall):
    """Logs its secret."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays, and a line too many."""
        logging.getLogger(__name__).debug("asking with %s", self.settings.token.get_secret_value())
        return await super().stays(field, key)


class Telltale(Hall):
    """Says in its errors what was asked, and where."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays, or the whole story."""
        try:
            return await super().stays(field, key)
        except httpx.HTTPStatusError as failure:
            raise PayloadError(str(failure)) from failure


class Led(Hall):
    """Follows any address, with its credentials."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students, each read once more where the vendor says."""
        batch: dict[StudentId, Student | AdapterError] = {}
        headers = {"Authorization": f"Bearer {self.settings.token.get_secret_value()}"}
        for key in await super().students_by_id(ids):
            for row in read(await self.http.get(f"students/{key}"), LINKED):
                there = await self.http.get(row["href"], headers=headers, auth=None)
                batch[key] = student_of(read(there, PUPILS)[0])
        return batch


class Lone(Hall):
    """Asks with a client of its own."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays, past every limit."""
        async with httpx.AsyncClient(base_url=str(self.settings.base_url), auth=self.auth()) as self.http:
            return await super().stays(field, key)


class Stubborn(Hall):
    """Asks again when the vendor fails."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays, at the second attempt if need be."""
        try:
            return await super().stays(field, key)
        except httpx.HTTPStatusError:
            return await super().stays(field, key)


class Hurried(Hall):
    """Waits a minute and no longer."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays that come in time."""
        async with asyncio.timeout(60):
            return await super().stays(field, key)


class Impatient(Hall):
    """Gives its requests less time than the gateway does."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays of the first page, at once."""
        return [
            enrollment_of(r) for r in read(await self.http.get("stays", params={field: key}, timeout=1), STAYS)
        ]


class Remembering(Hall):
    """Answers from memory."""

    def __init__(self, name: str, settings: HallSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self.kept: dict[str, Any] = {}

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays as they once were."""
        if key not in self.kept:
            self.kept[key] = await super().stays(field, key)
        return self.kept[key]  # type: ignore[no-any-return]


class Lingering(Hall):
    """Goes on when nobody waits any more."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays, come what may."""
        return await asyncio.shield(asyncio.ensure_future(super().stays(field, key)))


class Endless(Hall):
    """Reads on as long as there is something to read."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays without end."""
        rows: list[Stay] = []
        while page := read(await self.http.get("stays", params={field: key, "offset": len(rows)}), STAYS):
            rows += page
        return [enrollment_of(row) for row in rows]


class Cheap(Hall):
    """Says that a point read costs nothing."""

    paths: ClassVar = {
        Adapter.school_enrollments_by_student: AccessPath(
            coarse_lookup=Adapter.school_enrollments_by_school,
            key_of=lambda record: record.student_id,
            cost=lambda _: CallCost(per_key=0.1, per_coarse_key=3),
        )
    }


class Stale(Hall):
    """Was built for another version of the contract."""

    contract: ClassVar[int] = 0
