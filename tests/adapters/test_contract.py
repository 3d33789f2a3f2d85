"""The conformance suite, proven on a vendor of a few lines: it passes a good adapter and catches bad ones."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from adapters.auth import Bearer
from adapters.contract import Adapter, AdapterSettings, Batch, Page, StudentFilter, Window
from adapters.errors import AdapterError
from adapters.lookup import lookup_of
from adapters.model import DistrictId, Fetched, SchoolEnrollment, SchoolId, Student, StudentId
from adapters.paging import by_offset, everything
from adapters.reading import read
from adapters.sandbox.district import make_district
from adapters.sandbox.serving import Switches, served
from adapters.testing import AdapterSuite
from tests.adapters.hall import PUPILS, STAYS, Hall, HallSandbox, Stay, enrollment_of, student_of


class HallSuite(AdapterSuite):
    """The suite, for adapters of the hall that are not installed."""

    sandbox_type = HallSandbox
    students = 30

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The good one."""
        return Hall


class TestHall(HallSuite):
    """A good adapter passes everything."""


class Swallowing(Hall):
    """Says nothing where the vendor failed."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """No stays, when they cannot be had."""
        try:
            return await super().stays(field, key)
        except httpx.HTTPError:
            return []


class Short(Hall):
    """Keeps the pages it has when the next one fails."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays of the pages that came."""
        rows: list[Stay] = []
        pages = by_offset(self.http, "stays", {field: key}, lambda r: read(r, STAYS))
        with contextlib.suppress(httpx.HTTPError):
            async for page in pages:
                rows += page
        return [enrollment_of(row) for row in rows]


class Hasty(Hall):
    """Takes a short page for the last one, where the vendor clamps."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays of the first page."""
        response = await self.http.get("stays", params={field: key, "limit": 500})
        return [enrollment_of(row) for row in read(response, STAYS)]


class Trusting(Hall):
    """Puts any key into the path."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students, or whatever else is there."""
        told = {key: read(await self.http.get(f"students/{key}"), PUPILS) for key in ids}
        return {key: student_of(rows[0]) for key, rows in told.items() if rows}


class Gossip(Hall):
    """Answers every key with everybody's stays."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays that nothing selects."""
        pages = by_offset(self.http, "stays", {}, lambda r: read(r, STAYS))
        return [enrollment_of(row) for row in await everything(pages, key=lambda row: row["id"])]


class Forgetful(Hall):
    """Loses the first record of each page but the first."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Almost everybody."""
        after = str(int(window.after) + 1) if window.after else None
        return await super().students_by_district(ids, window=Window(window.first, after))


class Signing(Hall):
    """Claims what only the gateway may."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students, with a provenance of the adapter's own making."""
        told = await super().students_by_id(ids)
        for student in told.values():
            if isinstance(student, Student):
                student.fetched = Fetched(DistrictId("hall"), "hall", datetime.now(UTC))
        return told


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


STAYS_OF_STUDENT, STAYS_AT_SCHOOL = Adapter.school_enrollments_by_student, Adapter.school_enrollments_by_school
HOSTILE_KEY = "test_a_hostile_key_reaches_the_vendor_as_nothing_else"
CAUGHT: list[tuple[type[Hall], str, dict[str, Any]]] = [
    (Swallowing, "test_a_failing_vendor_is_a_failure", {"lookup": STAYS_OF_STUDENT}),
    (Swallowing, "test_throttling_is_told_apart_from_refusal", {"lookup": STAYS_OF_STUDENT}),
    (Short, "test_a_vendor_that_goes_down_is_a_failure", {"lookup": STAYS_AT_SCHOOL}),
    (Hasty, "test_a_coarse_answer_equals_the_point_reads", {"path": STAYS_OF_STUDENT}),
    (Trusting, "test_a_hostile_key_harms_no_other", {"keyed": Adapter.students_by_id}),
    (Trusting, HOSTILE_KEY, {"keyed": Adapter.students_by_id}),
    (Gossip, "test_unknown_keys_have_no_records", {"lookup": STAYS_OF_STUDENT}),
    (Gossip, "test_records_are_what_the_lookup_promises", {"lookup": STAYS_OF_STUDENT}),
    (Forgetful, "test_no_record_is_lost_or_doubled", {"paged": Adapter.students_by_district, "first": 7}),
    (Signing, "test_records_are_what_the_lookup_promises", {"lookup": Adapter.students_by_id}),
    (Wilful, "test_the_signature_is_the_contracts", {"lookup": Adapter.students_by_id}),
    (Wilful, "test_every_lookup_it_defines_is_one_of_the_contract", {}),
    (Open, "test_settings_hide_secrets", {}),
]  # fmt: skip


@pytest.fixture(scope="module")
def hall() -> Iterator[HallSandbox]:
    """The hall, served."""
    sandbox = HallSandbox(make_district(30))
    with served(sandbox):
        yield sandbox


@pytest.mark.parametrize(
    ("mutant", "test", "about"), CAUGHT, ids=[f"{mutant.__name__}-{test[5:]}" for mutant, test, _ in CAUGHT]
)
async def test_the_suite_catches_an_adapter_that(
    mutant: type[Hall], test: str, about: dict[str, Any], hall: HallSandbox
) -> None:
    """What each bad adapter does fails the test that is there for it; the good one passes the same test."""
    arguments = {
        name: lookup_of(each) if name in ("lookup", "keyed", "paged") else each for name, each in about.items()
    }
    await run(Hall, test, arguments, hall)
    with pytest.raises((AssertionError, httpx.HTTPStatusError)):
        await run(mutant, test, arguments, hall)


async def run(kind: type[Hall], test: str, arguments: dict[str, Any], hall: HallSandbox) -> None:
    """Run one test of the suite on an adapter of the hall."""

    class Suite(HallSuite):
        @classmethod
        def adapter_type(cls) -> type[Adapter]:
            return kind

    method = getattr(Suite(), test)
    hall.switches = Switches()
    told = method(**arguments, **({"sandbox": hall} if "sandbox" in inspect.signature(method).parameters else {}))
    if inspect.isawaitable(told):
        await told


def test_the_suite_asks_each_supported_lookup_and_no_other() -> None:
    """What is asked follows from what is overridden."""
    names = [lookup.name for lookup in Hall.capabilities()]

    assert names == [
        "school_enrollments_by_school",
        "school_enrollments_by_student",
        "students_by_district",
        "students_by_id",
    ]
