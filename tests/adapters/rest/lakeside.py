"""
Lakeside SIS, a made-up vendor unlike the others.

It has an API key in a header of its own, numbers of pages, nested names, numbers as texts, and dates as they are
written in the United States.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

DECLARATION = Path(__file__).with_name("lakeside.toml")
Row = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
_KINDS = {"Grading Period": "term", "Semester": "half", "Final": "year"}
MAX_PAGE_ROWS = 50


class LakesideSandbox(Sandbox):
    """Lakeside SIS, release 5.2."""

    kind: ClassVar[str] = "lakeside"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts = facts
        self._key = secrets.token_hex(8)
        self.more_settings: dict[str, Any] = {}
        """Further settings, of the declaration with all ways."""
        self.removed: set[str] = set()
        """Numbers of learners who were removed, for requests of what has changed."""
        self.changed_at = 1
        """Version of the data."""
        self._codes = {section.key: f"c-{position}" for position, section in enumerate(facts.sections)}
        self._learners = [self._learner(position) for position in range(len(facts.students))]

    def settings(self) -> dict[str, Any]:
        """Return the source's settings for this sandbox."""
        return {"base_url": self.url, "api_key": self._key, **self.more_settings}

    def known_keys(self, kind: str) -> list[str]:
        """Return the known keys of a kind."""
        match kind:
            case "student":
                return [student.id for student in self._facts.students]
            case "school":
                return [str(school.id) for school in self._facts.schools]
            case "section":
                return list(self._codes.values())
            case "district":
                return [str(self._facts.lea)]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """Return the school year of the facts."""
        return {"school_year": self._facts.year}

    def throttled_response(self) -> Response:
        """Return Lakeside's response to too many requests."""
        return JSONResponse({"notice": "too fast"}, 429, {"Retry-After": "2"})

    def repeat_key_as_name(self) -> None:
        """Send the key as the name of all learners, as a careless vendor might in some text."""
        for row in self._learners:
            row["name"]["given"] = self._key

    def routes(self) -> Sequence[BaseRoute]:
        """Return Lakeside's routes, which all need the key."""
        handlers: dict[str, Handler] = {
            "/api/status": self._status,
            "/api/learners": self._list_learners,
            "/api/learners/{number}/placements": self._list_placements,
            "/api/learners/{number}/classes": self._list_classes_of,
            "/api/learners/{number}/marks": self._list_marks,
            "/api/classes": self._list_classes,
            "/api/classes/{code}": self._class,
            "/api/classes/{code}/members": self._list_members,
        }
        return [Route(path, self._with_key(handler)) for path, handler in handlers.items()]

    def _with_key(self, handler: Handler) -> Handler:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("x-lakeside-key") != self._key:
                return JSONResponse({"notice": "who is there?"}, 401)
            return await handler(request)

        return endpoint

    async def _status(self, _: Request) -> Response:
        return JSONResponse({"release": "5.2", "changed": self.changed_at})

    async def _list_learners(self, request: Request) -> Response:
        numbers = request.query_params.get("number")
        filter_by = None if numbers is None else numbers.split(",")
        rows = [row for row in self._learners if filter_by is None or row["numbers"]["local"] in filter_by]
        if "changed_since" in request.query_params:
            rows = [{**row, "gone": True} for row in rows if row["numbers"]["local"] in self.removed]
        else:
            rows = [row for row in rows if row["numbers"]["local"] not in self.removed]
        return self._page(request, rows)

    async def _list_placements(self, request: Request) -> Response:
        number = request.path_params["number"]
        rows = [
            {
                "id": f"p-{position}",
                "learner": fact.student,
                "campus": {"no": fact.school},
                "from": local(fact.entry),
                "until": local(fact.exit),
                "grade": fact.grade,
            }
            for position, fact in enumerate(self._facts.enrollments)
            if fact.student == number
        ]
        return self._of_learner(request, rows)

    async def _list_classes_of(self, request: Request) -> Response:
        number = request.path_params["number"]
        return self._of_learner(request, [row for row in self._memberships() if row["learner"] == number])

    async def _list_members(self, request: Request) -> Response:
        code = request.path_params["code"]
        if code not in self._codes.values():
            return JSONResponse({"notice": "no such class"}, 404)
        return self._page(request, [row for row in self._memberships() if row["class"] == code])

    async def _list_marks(self, request: Request) -> Response:
        number = request.path_params["number"]
        rows = [
            {
                "id": f"m-{position}",
                "learner": fact.enrollment.student,
                "class": self._codes[fact.enrollment.section.key],
                "kind": _KINDS.get(fact.kind, fact.kind),
                "mark": {"points": None if fact.numeric is None else f"{fact.numeric:.1f}", "letter": fact.letter},
                "year": fact.enrollment.section.year,
            }
            for position, fact in enumerate(self._facts.grades)
            if fact.enrollment.student == number
        ]
        year = request.query_params.get("year")
        return self._of_learner(request, [row for row in rows if str(row["year"]) == year])

    async def _list_classes(self, request: Request) -> Response:
        query = request.query_params
        rows = [self._class_row(position) for position in range(len(self._facts.sections))]
        for name, path in (("campus", "no"), ("year", None)):
            if name in query:
                rows = [row for row in rows if str(row[name][path] if path else row[name]) == query[name]]
        return self._page(request, rows)

    async def _class(self, request: Request) -> Response:
        rows = [self._class_row(position) for position in range(len(self._facts.sections))]
        row = next((row for row in rows if row["code"] == request.path_params["code"]), None)
        return JSONResponse({"notice": "no such class"}, 404) if row is None else JSONResponse({"class": row})

    def _learner(self, position: int) -> Row:
        fact = self._facts.students[position]
        codes = dict(fact.codes)
        return {
            "id": 4000 + position,
            "numbers": {"local": fact.id, "state": codes.get("State")},
            "name": {"given": fact.first, "family": fact.last},
            "born": local(fact.birth),
            "mail": fact.email,
        }

    def _memberships(self) -> list[Row]:
        return [
            {
                "id": f"e-{position}",
                "learner": fact.student,
                "class": self._codes[fact.section.key],
                "from": local(fact.begin),
                "until": local(fact.end),
            }
            for position, fact in enumerate(self._facts.section_enrollments)
        ]

    def _class_row(self, position: int) -> Row:
        fact = self._facts.sections[position]
        return {
            "code": self._codes[fact.key],
            "label": fact.identifier,
            "campus": {"no": fact.school},
            "term": fact.session,
            "year": str(fact.year),
            "course": {"no": fact.course},
        }

    def _of_learner(self, request: Request, rows: list[Row]) -> Response:
        if request.path_params["number"] not in {student.id for student in self._facts.students}:
            return JSONResponse({"notice": "no such learner"}, 404)
        return self._page(request, rows)

    def _page(self, request: Request, rows: list[Row]) -> Response:
        """A page of a list, with the length of the list."""
        shown = self.switches.shown(rows)
        size = int(request.query_params.get("per_page", MAX_PAGE_ROWS))
        size = self.switches.clamp(min(size, MAX_PAGE_ROWS))
        start = (int(request.query_params.get("page", "1")) - 1) * size
        return JSONResponse({"items": shown[start : start + size], "meta": {"count": len(shown)}})


def local(day: date | None) -> str | None:
    """A date as Lakeside writes it, such as 08/21/2026; null for none."""
    return None if day is None else day.strftime("%m/%d/%Y")
