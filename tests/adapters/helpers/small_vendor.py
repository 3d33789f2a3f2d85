"""A small vendor and its adapter, short enough to verify by reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from typing_extensions import TypedDict

from student_graph.adapters.auth import Bearer
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
from student_graph.adapters.errors import AdapterError, BadKeyError, PayloadError
from student_graph.adapters.keys import check_own_keys, path_id, query_text
from student_graph.adapters.model import (
    Descriptor,
    DistrictId,
    GradeLevel,
    PersonName,
    SchoolEnrollment,
    SchoolId,
    Student,
    StudentId,
)
from student_graph.adapters.paging import collect_pages, offset_page, offset_pages
from student_graph.adapters.reading import read
from student_graph.adapters.sandbox.facts import DistrictFacts, StudentFact
from student_graph.adapters.sandbox.serving import Sandbox

TOKEN = "small-vendor-token"


class SmallVendorSandbox(Sandbox):
    """A vendor of students and enrollments, with limit and offset, and a bearer token."""

    kind = "small-vendor"
    nullable = frozenset({"href"})

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self.facts = facts

    def settings(self) -> dict[str, Any]:
        """The address and the token."""
        return {"base_url": self.url, "token": TOKEN}

    def known_keys(self, kind: str) -> list[str]:
        """Students, schools and the only district."""
        facts = self.facts
        return {
            "student": [student.id for student in facts.students],
            "school": [str(school.id) for school in facts.schools],
            "district": ["small-district"],
        }.get(kind, [])

    def throttled_response(self) -> Response:
        """Too many requests."""
        return JSONResponse({"message": "slow down"}, status_code=429)

    def routes(self) -> Sequence[BaseRoute]:
        """A list of students, each student, and a list of enrollments."""
        return [
            Route("/students", self.students),
            Route("/students/{id}", self.student),
            Route("/enrollments", self.enrollments),
        ]

    def page(self, request: Request, rows: list[dict[str, Any]]) -> Response:
        """The requested part of the rows, at most ten."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"message": "who are you?"}, status_code=401)
        start = int(request.query_params.get("offset", "0"))
        size = self.switches.clamp(min(int(request.query_params.get("limit", "10")), 10))
        rows = self.switches.shown(rows)
        return JSONResponse(rows[start : start + size], headers={"X-Total-Count": str(len(rows))})

    async def students(self, request: Request) -> Response:
        """All students."""
        return self.page(request, [self.row(student) for student in self.facts.students])

    async def student(self, request: Request) -> Response:
        """A list with the student of that id, or an empty list."""
        students = [s for s in self.facts.students if s.id == request.path_params["id"]]
        return self.page(request, [self.row(student) for student in students])

    def row(self, student: StudentFact) -> dict[str, Any]:
        """A student, with the address of the student."""
        href = f"{self.url}/students/{student.id}"
        return {"id": student.id, "first": student.first, "last": student.last, "href": href}

    async def enrollments(self, request: Request) -> Response:
        """Enrollments of a student or at a school."""
        query = request.query_params
        rows = [
            {
                "id": f"{e.student}@{e.school}@{e.entry}",
                "student": e.student,
                "school": str(e.school),
                "entry": str(e.entry),
            }
            for e in self.facts.enrollments
            if query.get("student", e.student) == e.student and query.get("school", str(e.school)) == str(e.school)
        ]
        return self.page(request, rows)


class StudentRow(TypedDict):
    """A student in the vendor's format."""

    id: str
    first: str
    last: str


class EnrollmentRow(TypedDict):
    """An enrollment in the vendor's format."""

    id: str
    student: str
    school: str
    entry: date


STUDENT_ROWS, ENROLLMENT_ROWS = TypeAdapter(list[StudentRow]), TypeAdapter(list[EnrollmentRow])


def student_of(row: StudentRow) -> Student:
    """The student of a row."""
    name = PersonName(first_name=row["first"], last_name=row["last"])
    return Student(vendor_id=row["id"], student_id=StudentId(row["id"]), name=name)


def enrollment_of(row: EnrollmentRow) -> SchoolEnrollment:
    """The enrollment of a row."""
    return SchoolEnrollment(
        vendor_id=row["id"],
        student_id=StudentId(row["student"]),
        school_id=SchoolId(row["school"]),
        entry_date=row["entry"],
        grade_level=GradeLevel.UNMAPPED,
        grade_level_descriptor=Descriptor(code_value=""),
    )


class SmallVendorSettings(AdapterSettings):
    """The settings of the small vendor."""

    token: SecretStr
    """Token of the small vendor."""


class SmallVendor(Adapter):
    """The adapter of the small vendor."""

    settings: SmallVendorSettings
    contract: ClassVar[int] = 1

    def auth(self) -> httpx.Auth:
        """The vendor's token."""
        return Bearer(self.settings.token, origin=self.settings.base_url)

    async def check(self) -> str:
        """Request one student."""
        read(await self.http.get("students", params={"limit": 1}), STUDENT_ROWS)
        return "small vendor"

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """Students by number."""
        batch: dict[StudentId, Student | AdapterError] = {}
        for key in ids:
            try:
                response = await self.http.get(f"students/{path_id(key)}")
            except BadKeyError as error:
                batch[key] = error
            else:
                rows = read(response, STUDENT_ROWS)
                try:
                    check_own_keys([row["id"] for row in rows], [key])
                except PayloadError as error:
                    batch[key] = error
                batch.update((key, student_of(row)) for row in rows if row["id"] == key)
        return batch

    async def students_by_district(
        self, ids: Sequence[DistrictId], *, window: Window, filter: StudentFilter | None = None
    ) -> Batch[DistrictId, Page[Student]]:
        """All students."""
        page = await offset_page(self.http, "students", {}, lambda r: read(r, STUDENT_ROWS), window)
        return {ids[0]: Page([student_of(row) for row in page.rows], page.after, page.total)}

    async def school_enrollments_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[SchoolEnrollment]]:
        """Enrollments of each student."""
        return {key: await self.read_enrollments("student", key) for key in ids}

    async def school_enrollments_by_school(
        self, ids: Sequence[SchoolId]
    ) -> Batch[SchoolId, list[SchoolEnrollment]]:
        """Enrollments at each school."""
        return {key: await self.read_enrollments("school", key) for key in ids}

    async def read_enrollments(self, field: str, key: str) -> list[SchoolEnrollment] | AdapterError:
        """Enrollments that a field selects."""
        try:
            params = {field: query_text(key)}
        except BadKeyError as error:
            return error
        rows = await collect_pages(
            lambda: offset_pages(self.http, "enrollments", params, lambda r: read(r, ENROLLMENT_ROWS)),
            key=lambda row: row["id"],
        )
        return [enrollment_of(row) for row in rows]

    paths: ClassVar = {
        Adapter.school_enrollments_by_student: (
            AccessPath(
                coarse_lookup=Adapter.school_enrollments_by_school,
                key_of=lambda record: record.student_id,
                cost=lambda _: CallCost(per_key=1, per_coarse_key=3),
            ),
        ),
    }
