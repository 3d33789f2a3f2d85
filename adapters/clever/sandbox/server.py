"""The Clever sandbox: the lists that the declaration reads, with Clever's pages, token and errors."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.clever.sandbox.rows import Objects, Row
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

DEFAULT_PAGE_ROWS = 100
MAX_PAGE_ROWS = 10_000
MAX_ATTENDANCE_ROWS = 1000
"""Maximum number of events on a page, by the published document."""
_ALWAYS_THERE = frozenset({"/v3.1/districts", "/v3.1/schools", "/v3.1/terms"})
Select = Callable[[Request], list[Row] | None]


class CleverSandbox(Sandbox):
    """Clever with one district, whose token the application has."""

    kind: ClassVar[str] = "clever"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts = facts
        self._objects = Objects(facts)
        self._token = secrets.token_hex(20)

    def settings(self) -> dict[str, Any]:
        """Return the address and the token of the district."""
        return {"base_url": self.url, "token": self._token}

    def known_keys(self, kind: str) -> list[str]:
        """Return the numbers of people and schools, ids of sections, and the one district."""
        match kind:
            case "student":
                return [student.id for student in self._facts.students]
            case "school":
                return [str(school.id) for school in self._facts.schools]
            case "section":
                return list(self._objects.section_ids.values())
            case "staff":
                return [person.id for person in self._facts.staff]
            case "district":
                return [str(self._facts.lea)]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """Return the school year of the facts."""
        return {"school_year": self._facts.year}

    def throttled_response(self) -> Response:
        """Return Clever's response to too many requests."""
        return _message(429, "Too many requests", {"Retry-After": "1"})

    def routes(self) -> Sequence[BaseRoute]:
        """Return the lists and objects of the two APIs."""
        objects = self._objects
        lists: dict[str, Select] = {
            "/districts": lambda _: objects.districts,
            "/schools": lambda _: objects.schools,
            "/schools/{id}/terms": self._of_school(objects.terms_of),
            "/schools/{id}/sections": self._of_school(
                lambda school: [row for row in objects.sections if row["school"] == school]
            ),
            "/schools/{id}/users": self._of_school(
                lambda school: [row for row in objects.students if school in row["roles"]["student"]["schools"]]
            ),
            "/terms": lambda _: objects.terms,
            "/sections": lambda _: objects.sections,
            "/sections/{id}/users": self._members,
            "/users": self._users,
            "/users/{id}/mycontacts": self._contacts,
        }
        attendance: dict[str, Select] = {
            "/attendance/schools/{id}": self._of_school(
                lambda school: [row for row in objects.attendance if row["school_id"] == school]
            ),
            "/attendance/sections/{id}": self._attendance_of_section,
        }
        return [
            *(Route(f"/v3.1{path}", self._list(select)) for path, select in lists.items()),
            *(Route(f"/v3.1{path}", self._list(select, bare=True)) for path, select in attendance.items()),
            Route("/v3.1/sections/{id}", self._section),
        ]

    def _refusal(self, request: Request) -> Response | None:
        has_token = request.headers.get("authorization") == f"Bearer {self._token}"
        return None if has_token else _message(401, "Unauthorized")

    def _list(self, select: Select, *, bare: bool = False) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            if (refusal := self._refusal(request)) is not None:
                return refusal
            rows = select(request)
            return _message(404, "Not found") if rows is None else self._page(request, rows, bare=bare)

        return endpoint

    def _page(self, request: Request, rows: list[Row], *, bare: bool) -> Response:
        """A page of a list, with a link to the next one; `bare` rows are not wrapped in `data`."""
        name = "sis_id" if bare else "id"
        limit = request.query_params.get("limit", str(DEFAULT_PAGE_ROWS))
        most = MAX_ATTENDANCE_ROWS if bare else MAX_PAGE_ROWS
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= most):
            return _message(400, "limit is out of range")
        rows = _in_range(rows, request) if bare else rows
        # Schools and terms, by whose ids other lists are read, are always there.
        shown = rows if request.url.path in _ALWAYS_THERE else self.switches.shown(rows)
        after = request.query_params.get("starting_after")
        # A page is a range of ids, so the order of a list is always that of its ids.
        rest = sorted((row for row in shown if after is None or row[name] > after), key=lambda row: str(row[name]))
        size = self.switches.clamp(int(limit))
        page = rest[:size]
        links = [{"rel": "self", "uri": f"{request.url.path}?{request.url.query}"}]
        if size < len(rest):
            query = urlencode({**request.query_params, "starting_after": page[-1][name]})
            links.append({"rel": "next", "uri": f"{request.url.path}?{query}"})
        data = page if bare else [{"data": row, "uri": f"{request.url.path}/{row['id']}"} for row in page]
        return JSONResponse({"data": data, "links": links})

    def _of_school(self, rows_of: Callable[[str], list[Row]]) -> Select:
        def select(request: Request) -> list[Row] | None:
            school = request.path_params["id"]
            return rows_of(school) if school in self._objects.school_ids.values() else None

        return select

    def _users(self, request: Request) -> list[Row]:
        objects = self._objects
        by_role = {"student": objects.students, "teacher": objects.teachers, "contact": objects.contacts}
        role = request.query_params.get("role")
        return [row for name, rows in by_role.items() if role in (None, name) for row in rows]

    def _members(self, request: Request) -> list[Row] | None:
        section = self._object(self._objects.sections, request)
        if section is None:
            return None
        members = {*section["students"], *section["teachers"]}
        return [row for row in self._users(request) if row["id"] in members]

    def _contacts(self, request: Request) -> list[Row] | None:
        student = self._object(self._objects.students, request)
        if student is None:
            return None
        return [
            row
            for row in self._objects.contacts
            if any(part["student"] == student["id"] for part in row["roles"]["contact"]["student_relationships"])
        ]

    def _attendance_of_section(self, request: Request) -> list[Row] | None:
        section = self._object(self._objects.sections, request)
        if section is None:
            return None
        return [row for row in self._objects.attendance if row["section_id"] == section["id"]]

    async def _section(self, request: Request) -> Response:
        section = self._object(self._objects.sections, request)
        missing = None if section is not None else _message(404, "Not found")
        return self._refusal(request) or missing or JSONResponse({"data": section})

    def _object(self, rows: list[Row], request: Request) -> Row | None:
        return next((row for row in rows if row["id"] == request.path_params["id"]), None)


def _in_range(rows: list[Row], request: Request) -> list[Row]:
    first = request.query_params.get("date_range_start", "")
    last = request.query_params.get("date_range_end", "9999")
    return [row for row in rows if first <= row["attendance_date"] <= last]


def _message(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"message": text}, status, headers)
