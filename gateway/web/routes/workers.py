"""`GET /health/workers`: the processes that answer on this port, for operators of all districts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.gateway.web.routes.operators import Operators


@dataclass(frozen=True, slots=True)
class WorkersRoute:
    """The route that shows the workers to operators of all districts."""

    overview: Callable[[], Awaitable[Mapping[str, Any]]]
    """Returns number, process id and start of each worker, and how many were replaced; none for one process."""
    operators: Operators

    def routes(self) -> list[Route]:
        """Return the route `/health/workers`."""
        return [Route("/health/workers", self._handle)]

    async def _handle(self, request: Request) -> JSONResponse:
        refusal = await self.operators.refusal_unless_of_all(request)
        return refusal or JSONResponse(await self.overview())
