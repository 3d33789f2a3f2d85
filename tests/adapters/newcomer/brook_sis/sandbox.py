"""A small server that behaves like Brook SIS, with a fictional district."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

TOKEN = "brook-sandbox-token"
MAX_ROWS_PER_PAGE = 20
CODES = {"Excused Absence": "AE", "Unexcused Absence": "A", "Tardy": "L"}


class BrookSandbox(Sandbox):
    """Brook SIS, release 7."""

    kind: ClassVar[str] = "brook"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts = facts
        self._ids = {student.id: f"brook-{index:05}" for index, student in enumerate(facts.students)}

    def settings(self) -> dict[str, Any]:
        """Return the adapter's settings for this sandbox."""
        return {"base_url": self.url, "api_key": TOKEN}

    def known_keys(self, kind: str) -> list[str]:
        """Return the known keys of a kind."""
        return {"student": list(self._ids), "district": [str(self._facts.lea)]}.get(kind, [])

    def arguments(self) -> dict[str, Any]:
        """Return the school year of the facts."""
        return {"school_year": self._facts.year}

    def throttled_response(self) -> Response:
        """Return Brook's response to too many requests."""
        return JSONResponse({"errors": [{"title": "slow down"}]}, 429, {"Retry-After": "2"})

    def routes(self) -> Sequence[BaseRoute]:
        """Return Brook's routes."""
        return [
            Route("/release", self._release),
            Route("/people", self._people),
            Route("/marks", self._marks),
        ]

    async def _release(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"release": "7.2"})

    async def _people(self, request: Request) -> Response:
        number = request.query_params.get("number")
        items = [
            _item(self._ids[s.id], number=s.id, given=s.first, surname=s.last)
            for s in self._facts.students
            if number in {None, s.id}
        ]
        return self._refusal(request) or self._page(request, items)

    async def _marks(self, request: Request) -> Response:
        query = request.query_params
        items = [
            _item(
                f"mark-{index:06}",
                on=event.day.strftime("%d.%m.%Y"),
                what=CODES.get(event.category, event.category),
                site=str(event.school),
                term=event.session,
                year=event.year,
            )
            for index, event in enumerate(self._facts.attendance)
            if self._ids[event.student] == query.get("person")
            and event.section is None
            and str(event.year) == query.get("year")
        ]
        return self._refusal(request) or self._page(request, items)

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Response:
        """Return the items after the cursor, by id: the cursor is the id of the last item of the page before."""
        items = sorted(self.switches.shown(items), key=lambda item: str(item["id"]))
        cursor = request.query_params.get("after")
        ids = [item["id"] for item in items]
        if cursor is not None and cursor not in ids:
            return JSONResponse({"errors": [{"title": "no such cursor"}]}, 400)
        start = 0 if cursor is None else ids.index(cursor) + 1
        size = self.switches.clamp(min(int(request.query_params.get("size", "20")), MAX_ROWS_PER_PAGE))
        page = items[start : start + size]
        after = page[-1]["id"] if start + size < len(items) else None
        return JSONResponse({"data": page, "meta": {"after": after}})

    def _refusal(self, request: Request) -> Response | None:
        is_known = request.headers.get("authorization") == f"Token {TOKEN}"
        return None if is_known else JSONResponse({"errors": [{"title": "who are you?"}]}, 401)


def _item(id: str, **attributes: Any) -> dict[str, Any]:
    return {"id": id, "attributes": attributes}
