"""Adapters of the small vendor that each have one fault in their behavior."""

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
from tests.adapters.helpers.small_vendor import (
    ENROLLMENT_ROWS,
    STUDENT_ROWS,
    EnrollmentRow,
    SmallVendor,
    SmallVendorSettings,
    enrollment_of,
    student_of,
)

LINKED_ROWS = TypeAdapter(list[dict[str, Any]])


class WrongSignature(SmallVendor):
    """Changes the name of a parameter, and misspells a lookup."""

    async def students_by_id(self, keys: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students by number."""
        return await super().students_by_id(keys)

    async def student_by_school(self, ids: Sequence[SchoolId]) -> Batch[SchoolId, list[Student]]:
        """A lookup that the contract does not have."""
        return {}


class PlainTextSettings(AdapterSettings):
    """Settings with the secret as plain text."""

    token: str
    """Token of the small vendor."""


class PlainTextSecret(SmallVendor):
    """Shows its secret."""

    settings: PlainTextSettings  # type: ignore[assignment]  # the planted fault

    def auth(self) -> httpx.Auth:
        """The vendor's token."""
        return Bearer(SecretStr(self.settings.token), origin=self.settings.base_url)


class ExtraArgument(SmallVendor):
    """Takes an argument that the contract does not have."""

    async def students_by_id(self, ids: Sequence[StudentId], *, fast: bool = True) -> Batch[StudentId, Student]:
        """Return students."""
        return await super().students_by_id(ids)


class SecretInRepr(SmallVendor):
    """Shows its secret in its representation."""

    def __repr__(self) -> str:
        return f"SecretInRepr({self.settings.token.get_secret_value()!r})"


class LogsSecret(SmallVendor):
    """Logs its secret."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments and log the token."""
        logging.getLogger(__name__).debug("request with %s", self.settings.token.get_secret_value())
        return await super().read_enrollments(field, key)


class AddressInError(SmallVendor):
    """Puts the address of a request into an error."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments, or an error with the text of httpx."""
        try:
            return await super().read_enrollments(field, key)
        except httpx.HTTPStatusError as failure:
            raise PayloadError(str(failure)) from failure


class FollowsAnyAddress(SmallVendor):
    """Follows any address with its credentials."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Return students, each read again at the address that the vendor sends."""
        batch: dict[StudentId, Student | AdapterError] = {}
        headers = {"Authorization": f"Bearer {self.settings.token.get_secret_value()}"}
        for key in await super().students_by_id(ids):
            for row in read(await self.http.get(f"students/{key}"), LINKED_ROWS):
                response = await self.http.get(row["href"], headers=headers, auth=None)
                batch[key] = student_of(read(response, STUDENT_ROWS)[0])
        return batch


class OwnClient(SmallVendor):
    """Uses a client of its own."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments that a new client reads."""
        async with httpx.AsyncClient(base_url=str(self.settings.base_url), auth=self.auth()) as self.http:
            return await super().read_enrollments(field, key)


class Retries(SmallVendor):
    """Retries a failed request."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments, after a second attempt if the first one fails."""
        try:
            return await super().read_enrollments(field, key)
        except httpx.HTTPStatusError:
            return await super().read_enrollments(field, key)


class BatchTimeout(SmallVendor):
    """Limits a batch to one minute."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments that arrive within a minute."""
        async with asyncio.timeout(60):
            return await super().read_enrollments(field, key)


class RequestTimeout(SmallVendor):
    """Sets a shorter timeout than the gateway."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments of the first page that arrive within a second."""
        return [
            enrollment_of(r)
            for r in read(await self.http.get("enrollments", params={field: key}, timeout=1), ENROLLMENT_ROWS)
        ]


class CachesRecords(SmallVendor):
    """Answers from a cache of its own."""

    def __init__(self, name: str, settings: SmallVendorSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        self.cache: dict[str, Any] = {}

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return cached enrollments."""
        if key not in self.cache:
            self.cache[key] = await super().read_enrollments(field, key)
        return self.cache[key]  # type: ignore[no-any-return]


class ContinuesAfterCancel(SmallVendor):
    """Continues after cancellation."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments that a shielded task reads."""
        return await asyncio.shield(asyncio.ensure_future(super().read_enrollments(field, key)))


class NoPageLimit(SmallVendor):
    """Reads pages without a limit."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments of all pages."""
        rows: list[EnrollmentRow] = []
        while page := read(
            await self.http.get("enrollments", params={field: key, "offset": len(rows)}), ENROLLMENT_ROWS
        ):
            rows += page
        return [enrollment_of(row) for row in rows]


class WrongCost(SmallVendor):
    """Declares a wrong cost of a key."""

    paths: ClassVar = {
        Adapter.school_enrollments_by_student: (
            AccessPath(
                coarse_lookup=Adapter.school_enrollments_by_school,
                key_of=lambda record: record.student_id,
                cost=lambda _: CallCost(per_key=0.1, per_coarse_key=3),
            ),
        ),
    }


class OldContract(SmallVendor):
    """Was built for another version of the contract."""

    contract: ClassVar[int] = 0
