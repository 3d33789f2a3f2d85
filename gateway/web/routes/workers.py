"""`GET /health/workers`: the processes that answer on this port, for operators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web.response import operator_error


@dataclass(frozen=True, slots=True)
class WorkersRoute:
    """The route that shows the workers to operators."""

    overview: Callable[[], Awaitable[Mapping[str, Any]]]
    """Returns number, process id and start of each worker, and how many were replaced; none for one process."""
    authenticator: Authenticator

    def routes(self) -> list[Route]:
        """Return the route `/health/workers`."""
        return [Route("/health/workers", self._handle)]

    async def _handle(self, request: Request) -> JSONResponse:
        viewer = await self.authenticator.viewer(request.headers.get("authorization", ""))
        if viewer is None or not viewer.operator:
            return operator_error(viewer)
        return JSONResponse(await self.overview())
