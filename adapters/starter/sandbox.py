"""A small server that behaves like Starter. Write it from the vendor's manual, as strict as the real server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

KEY = "starter-sandbox-key"
MAX_ROWS_PER_PAGE = 50


class StarterSandbox(Sandbox):
    """Starter API 1, with the students of a fictional district."""

    kind: ClassVar[str] = "starter"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts = facts

    def settings(self) -> dict[str, Any]:
        """Return the adapter's settings for this sandbox."""
        return {"base_url": self.url, "api_key": KEY}

    def known_keys(self, kind: str) -> list[str]:
        """Return the known keys of a kind."""
        known = {"student": [student.id for student in self._facts.students], "district": [str(self._facts.lea)]}
        return known.get(kind, [])

    def throttled_response(self) -> Response:
        """Return Starter's response to too many requests."""
        return JSONResponse({"message": "too many requests"}, 429, {"Retry-After": "1"})

    def routes(self) -> Sequence[BaseRoute]:
        """Return Starter's routes."""
        return [Route("/api/learners", self._learners), Route("/api/me", self._me)]

    async def _me(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"version": "1.9"})

    async def _learners(self, request: Request) -> Response:
        query = request.query_params
        rows = [
            {"id": 7000 + index, "number": fact.id, "name": {"first": fact.first, "last": fact.last}}
            for index, fact in enumerate(self._facts.students)
            if query.get("number", fact.id) == fact.id
        ]
        rows, start = self.switches.shown(rows), int(query.get("offset", "0"))
        size = self.switches.clamp(min(int(query.get("limit", "20")), MAX_ROWS_PER_PAGE))
        total = {"X-Total-Count": str(len(rows))}
        return self._refusal(request) or JSONResponse({"learners": rows[start : start + size]}, headers=total)

    def _refusal(self, request: Request) -> Response | None:
        has_key = request.headers.get("x-starter-key") == KEY
        return None if has_key else JSONResponse({"message": "who are you?"}, 401)
