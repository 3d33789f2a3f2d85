"""Hillside SIS as a small server: what its manual says of keys, lists and errors, over a made-up district."""

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
KINDS = {"Excused Absence": "away, excused", "Unexcused Absence": "away", "Tardy": "late"}


class HillsideSandbox(Sandbox):
    """Hillside, release 2.4."""

    kind: ClassVar[str] = "hillside"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts = facts
        self._pupils = {f"p_{position:06}": student for position, student in enumerate(facts.students)}

    def settings(self) -> dict[str, Any]:
        """Settings with which the adapter reaches this sandbox."""
        return {"base_url": self.url, "api_key": KEY}

    def known_keys(self, kind: str) -> list[str]:
        """Students by number, and the district."""
        match kind:
            case "student":
                return [student.id for student in self._facts.students]
            case "district":
                return [str(self._facts.lea)]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """The school year of the facts."""
        return {"school_year": self._facts.year}

    def throttled_response(self) -> Response:
        """Thirty requests a second, its manual says."""
        return JSONResponse({"problem": "slow down"}, 429, {"Retry-After": "1"})

    def routes(self) -> Sequence[BaseRoute]:
        """Everything that is read, behind the key."""
        table: dict[str, Handler] = {
            "/v2/account": self._account,
            "/v2/pupils": self._listed,
            "/v2/pupils/{uid}/absences": self._absences,
        }
        return [Route(path, _guarded(handler)) for path, handler in table.items()]

    async def _account(self, _: Request) -> Response:
        return JSONResponse({"product": "Hillside SIS", "release": "2.4"})

    async def _listed(self, request: Request) -> Response:
        wanted = request.query_params.get("district_no")
        found = ((uid, s) for uid, s in self._pupils.items() if wanted is None or s.id == wanted)
        return _page(request, [_spelled(uid, student) for uid, student in found])

    async def _absences(self, request: Request) -> Response:
        pupil = self._pupils.get(request.path_params["uid"])
        if pupil is None:
            return JSONResponse({"problem": "no such pupil"}, 404)
        rows = [
            {
                "uid": f"a_{position}",
                "campus": event.school,
                "day": event.day.isoformat(),
                "kind": KINDS.get(event.category, event.category),
                "term": event.session,
                "year": event.year,
            }
            for position, event in enumerate(self._facts.attendance)
            if event.student == pupil.id and event.section is None
        ]
        return _page(request, [row for row in rows if str(row["year"]) == request.query_params.get("year")])


def _spelled(uid: str, student: StudentFact) -> dict[str, Any]:
    """A pupil; Hillside keeps one number of each kind, the first."""
    numbers = {"district": student.id, "mail": student.email}
    for kind, code in student.codes:
        numbers.setdefault(kind.lower(), code)
    person = {"given": student.first, "family": student.last, "born": student.birth.isoformat()}
    return {"uid": uid, "numbers": numbers, "person": person}


def _guarded(handler: Handler) -> Handler:
    """The handler, for those who bring the key."""

    async def endpoint(request: Request) -> Response:
        if request.headers.get("x-hillside-key") != KEY:
            return PlainTextResponse("Key?", 401)
        return await handler(request)

    return endpoint


def _page(request: Request, rows: list[dict[str, Any]]) -> Response:
    """At most fifty rows after the one named; a row that is none of the list's is the asker's mistake."""
    after = request.query_params.get("starting_after")
    uids = [row["uid"] for row in rows]
    if after is not None and after not in uids:
        return JSONResponse({"problem": "starting_after names nothing here"}, 400)
    start = 0 if after is None else uids.index(after) + 1
    size = min(int(request.query_params.get("size", "50")), 50)
    part = rows[start : start + size]
    return JSONResponse({"data": part, "more": start + size < len(rows)})
