"""A small server that behaves like Hillside SIS, according to its manual, with a fictional district."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.facts import DistrictFacts, StudentFact
from student_graph.adapters.sandbox.serving import Sandbox

KEY = "hillside-sandbox-key"
Handler = Callable[[Request], Awaitable[Response]]
KINDS_BY_CODE = {"Excused Absence": "away, excused", "Unexcused Absence": "away", "Tardy": "late"}


class HillsideSandbox(Sandbox):
    """Hillside SIS, release 2.4."""

    kind: ClassVar[str] = "hillside"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts = facts
        self._students = {f"p_{position:06}": student for position, student in enumerate(facts.students)}

    def settings(self) -> dict[str, Any]:
        """Return the adapter's settings for this sandbox."""
        return {"base_url": self.url, "api_key": KEY}

    def known_keys(self, kind: str) -> list[str]:
        """Return the numbers of the students, and the district."""
        match kind:
            case "student":
                return [student.id for student in self._facts.students]
            case "district":
                return [str(self._facts.lea)]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """Return the school year of the facts."""
        return {"school_year": self._facts.year}

    def throttled_response(self) -> Response:
        """Return the response to more than 30 requests a second."""
        return JSONResponse({"problem": "slow down"}, 429, {"Retry-After": "1"})

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes, which all need the API key."""
        handlers: dict[str, Handler] = {
            "/v2/account": self._account,
            "/v2/pupils": self._list_students,
            "/v2/pupils/{uid}/absences": self._list_absences,
        }
        return [Route(path, _with_key(handler)) for path, handler in handlers.items()]

    async def _account(self, _: Request) -> Response:
        return JSONResponse({"product": "Hillside SIS", "release": "2.4"})

    async def _list_students(self, request: Request) -> Response:
        number = request.query_params.get("district_no")
        students = ((uid, s) for uid, s in self._students.items() if number is None or s.id == number)
        return _page(request, [_row(uid, student) for uid, student in students])

    async def _list_absences(self, request: Request) -> Response:
        student = self._students.get(request.path_params["uid"])
        if student is None:
            return JSONResponse({"problem": "no such pupil"}, 404)
        rows = [
            {
                "uid": f"a_{position}",
                "campus": event.school,
                "day": event.day.isoformat(),
                "kind": KINDS_BY_CODE.get(event.category, event.category),
                "term": event.session,
                "year": event.year,
            }
            for position, event in enumerate(self._facts.attendance)
            if event.student == student.id and event.section is None
        ]
        return _page(request, [row for row in rows if str(row["year"]) == request.query_params.get("year")])


def _row(uid: str, student: StudentFact) -> dict[str, Any]:
    """Return a student as Hillside sends it, with the first number of each kind."""
    numbers = {"district": student.id, "mail": student.email}
    for kind, code in student.codes:
        numbers.setdefault(kind.lower(), code)
    person = {"first": student.first, "last": student.last, "born": student.birth.isoformat()}
    return {"uid": uid, "numbers": numbers, "person": person}


def _with_key(handler: Handler) -> Handler:
    """Return a handler that refuses requests without the API key."""

    async def endpoint(request: Request) -> Response:
        if request.headers.get("x-hillside-key") != KEY:
            return PlainTextResponse("Key?", 401)
        return await handler(request)

    return endpoint


def _page(request: Request, rows: list[dict[str, Any]]) -> Response:
    """Respond with at most fifty rows after the cursor, or 400 if the cursor is not in the list."""
    after = request.query_params.get("starting_after")
    uids = [row["uid"] for row in rows]
    if after is not None and after not in uids:
        return JSONResponse({"problem": "starting_after names nothing here"}, 400)
    start = 0 if after is None else uids.index(after) + 1
    size = min(int(request.query_params.get("size", "50")), 50)
    page = rows[start : start + size]
    return JSONResponse({"data": page, "more": start + size < len(rows)})
