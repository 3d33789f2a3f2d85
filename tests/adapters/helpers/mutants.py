"""Adapters of the hall with one fault each in what they answer."""

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
from tests.adapters.helpers.small_vendor import PUPILS, STAYS, Hall, Stay, enrollment_of, student_of

RAW = TypeAdapter(list[dict[str, Any]])


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
        pages = offset_pages(self.http, "stays", {field: key}, lambda r: read(r, STAYS))
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
        pages = offset_pages(self.http, "stays", {}, lambda r: read(r, STAYS))
        return [enrollment_of(row) for row in await collect_pages(pages, key=lambda row: row["id"])]


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


class Merging(Hall):
    """Takes two children of one family name for one."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """One child a family."""
        told = await super().students_by_district(ids, window=window)
        page = told[ids[0]]
        assert isinstance(page, Page)
        families = {student.name.last_name: student for student in page.items}
        return {ids[0]: Page(list(families.values()), page.after)}


class Crossed(Hall):
    """Gives each key the answer of its neighbour."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students of somebody else's number."""
        told = await super().students_by_id(ids)
        return dict(zip(told, [*list(told.values())[1:], *list(told.values())[:1]], strict=True))


class Cropped(Hall):
    """Loses the last page that has rows."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays of all pages but one."""
        pages = offset_pages(self.http, "stays", {field: key}, lambda r: read(r, STAYS))
        whole = [page async for page in pages if page]
        return [enrollment_of(row) for page in whole[:-1] or whole for row in page]


class Visited(Hall):
    """Tells of somebody from another district."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Everybody, and a visitor."""
        told = await super().students_by_district(ids, window=window)
        page = told[ids[0]]
        assert isinstance(page, Page)
        visitor = Student(
            vendor_id="x", student_id=StudentId("x"), name=PersonName(first_name="Vi", last_name="Sitor")
        )
        return {ids[0]: Page([*page.items[:-1], visitor], page.after)}


class Boasting(Hall):
    """Says that it has filtered, and has not."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Everybody, whoever was asked for."""
        told = await super().students_by_district(ids, window=window)
        page = told[ids[0]]
        assert isinstance(page, Page)
        return {ids[0]: Page(page.items, page.after, applied=frozenset({"ids"} if filter else ()))}


class Listing(Hall):
    """Answers an unknown key with an empty list where one record is promised."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students, or nothing in their place."""
        told: dict[StudentId, Any] = {key: [] for key in ids}
        return told | dict(await super().students_by_id(ids))


class Hoarding(Hall):
    """Keeps what the vendor said without being asked."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students, whatever else is known of them in place of a middle name."""
        batch: dict[StudentId, Student | AdapterError] = {}
        for key in ids:
            for row in read(await self.http.get(f"students/{path_id(key)}"), RAW):
                name = PersonName(
                    first_name=row["first"], last_name=row["last"], middle_name=str(row.get("xNote"))
                )
                batch[key] = Student(vendor_id=row["id"], student_id=key, name=name)
        return batch


class Brittle(Hall):
    """Fails a whole batch because of one bad key."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students, if all keys are good."""
        for key in ids:
            path_id(key)
        return await super().students_by_id(ids)


class Latin(Hall):
    """Writes every name in one alphabet."""

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students, what is left of their names."""
        told = await super().students_by_id(ids)
        for student in told.values():
            if isinstance(student, Student):
                student.name.first_name = student.name.first_name.encode("ascii", "replace").decode()
        return told


class Circling(Hall):
    """Names a next page after the last one, for ever."""

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """Everybody, again and again."""
        told = await super().students_by_district(ids, window=window)
        page = told[ids[0]]
        assert isinstance(page, Page)
        return {ids[0]: Page(page.items, page.after or "0")}


class Fickle(Hall):
    """Orders a list as it happens to."""

    turns = itertools.count()

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays, every other time backwards."""
        told = await super().stays(field, key)
        return told[::-1] if isinstance(told, list) and next(self.turns) % 2 else told


class Timed(Hall):
    """Has an instant where a day is promised."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays from midnight on."""
        told = await super().stays(field, key)
        for stay in told if isinstance(told, list) else ():
            stay.entry_date = datetime.combine(stay.entry_date, datetime.min.time(), UTC)
        return told


class Spelled(Hall):
    """Leaves a day as the text that it came as."""

    async def stays(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Stays from some text on."""
        told = await super().stays(field, key)
        for stay in told if isinstance(told, list) else ():
            stay.entry_date = str(stay.entry_date)  # type: ignore[assignment]  # the point of it
        return told


class Mute(Hall):
    """Leaves out whom it has nothing to tell of."""

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """Stays of those who began in the school year."""
        told = await super().school_enrollments_by_student(ids)
        late = date(2026, 9, 30)
        return {
            key: own for key, own in told.items() if isinstance(own, list) and own and own[0].entry_date < late
        }
