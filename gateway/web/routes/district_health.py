"""`GET /health/ready/DISTRICT`: whether a district's pages can be answered, for its operators and monitors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.adapters.model import DistrictId
from student_graph.gateway.web.response import error_response
from student_graph.gateway.web.routes.operators import Operators

SERVING = frozenset({"ready", "degraded"})
"""States in which the district's pages are answered: whole, or in part."""


@dataclass(frozen=True, slots=True)
class DistrictHealthRoute:
    """The route that shows operators whether one of their districts can be served."""

    report: Callable[[DistrictId], Awaitable[Mapping[str, Any]]]
    """Returns the state of a district and of its sources, as JSON."""
    operators: Operators

    def routes(self) -> list[Route]:
        """Return the route `/health/ready/DISTRICT`."""
        return [Route("/health/ready/{district}", self._handle)]

    async def _handle(self, request: Request) -> JSONResponse:
        viewer = await self.operators.viewer(request)
        if isinstance(viewer, JSONResponse):
            return viewer
        district = DistrictId(request.path_params["district"])
        if district not in viewer.districts or district not in self.operators.districts:
            return error_response(404, "It is not one of this operator's districts.", "NOT_FOUND")
        report = await self.report(district)
        return JSONResponse(report, 200 if report["status"] in SERVING else 503)
