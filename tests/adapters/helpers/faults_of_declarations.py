"""Adapters of the small vendor that each declare something wrong, or reach around their client."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Sequence
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from student_graph.adapters.contract import (
    AccessPath,
    Adapter,
    AdapterSettings,
    Batch,
    CallCost,
    Page,
    StudentFilter,
    Window,
)
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.model import DistrictId, SchoolEnrollment, Student
from tests.adapters.helpers.small_vendor import SmallVendor


def path_to(coarse_lookup: Any, per_key: float = 2) -> dict[Any, Any]:
    """Access paths from the enrollments of a student to a coarse lookup."""
    path: AccessPath[Any] = AccessPath(
        coarse_lookup=coarse_lookup,
        key_of=lambda record: record.student_id,
        cost=lambda _: CallCost(per_key=per_key, per_coarse_key=3),
    )
    return {Adapter.school_enrollments_by_student: (path,)}


class SupportsNothing(SmallVendor):
    """Answers no lookup."""

    students_by_id = Adapter.students_by_id  # type: ignore[assignment]  # the planted fault
    students_by_district = Adapter.students_by_district
    school_enrollments_by_student = Adapter.school_enrollments_by_student
    school_enrollments_by_school = Adapter.school_enrollments_by_school
    paths: ClassVar = {}


class PathToNowhere(SmallVendor):
    """Declares an access path to a lookup that it does not answer."""

    paths: ClassVar = path_to(Adapter.attendance_events_by_school)


class FreePath(SmallVendor):
    """Declares that a key costs nothing."""

    paths: ClassVar = path_to(Adapter.school_enrollments_by_school, 0)


class UndescribedSettings(AdapterSettings):
    """Settings with one that says nothing."""

    token: SecretStr
    """Token of the small vendor."""
    region: str = ""


class UndescribedSetting(SmallVendor):
    """Has a setting that operators cannot understand."""

    settings: UndescribedSettings  # type: ignore[assignment]  # the planted fault


class SilentCheck(SmallVendor):
    """Does not say which server answered its check."""

    async def check(self) -> str:
        """Return nothing."""
        await super().check()
        return ""


class BlindCheck(SmallVendor):
    """Passes its check whatever the vendor answers."""

    async def check(self) -> str:
        """Send a request and ignore the response."""
        with contextlib.suppress(httpx.HTTPError):
            await self.http.get("students", params={"limit": 1})
        return "small vendor"


class AlwaysFiltered(SmallVendor):
    """Claims a filter on a list without one."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Return all students as if they were filtered."""
        batch = await super().students_by_district(ids, window=window)
        page = batch[ids[0]]
        assert isinstance(page, Page)
        return {ids[0]: Page(page.items, page.after, applied=frozenset({"ids"}))}


class NumbersRequests(SmallVendor):
    """Sends another address each time, so that no two requests are equal."""

    numbers = itertools.count()

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments after a request with a number that counts up."""
        await self.http.get("students", params={"limit": 1, "n": next(self.numbers)})
        return await super().read_enrollments(field, key)


class ConnectsElsewhere(SmallVendor):
    """Opens a connection of its own, to a server that it was not configured for."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments, and tell another server."""
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=1).close()
        return await super().read_enrollments(field, key)


class LooksUpHost(SmallVendor):
    """Looks up a host of its own in another thread, which tells its name server what was read."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments, and look up a host."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        return await super().read_enrollments(field, key)


class StartsProgram(SmallVendor):
    """Starts a program, which could send anything anywhere."""

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Return enrollments, after a program has ended."""
        with contextlib.suppress(OSError):
            process = await asyncio.create_subprocess_exec("true")
            await process.wait()
        return await super().read_enrollments(field, key)


class StatesNoContract(SmallVendor):
    """Does not say for which contract it was built."""

    contract: ClassVar[Any] = None
