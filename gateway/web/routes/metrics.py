"""`GET /metrics`: the metrics of this gateway for Prometheus, for operators and for the token of the settings."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from student_graph.gateway.web.routes.operators import Operators


@dataclass(frozen=True, slots=True)
class MetricsRoute:
    """The route that shows the metrics."""

    operators: Operators
    text: Callable[[str, Collection[str] | None], Awaitable[tuple[bytes, str]]]
    """
    Returns the metrics in the format that a client accepts, and its media type: those of some districts alone, or
    all for None.
    """
    token: str | None
    """A token that may read the metrics and nothing else; None if only operators may."""

    def routes(self) -> list[Route]:
        """Return the route `/metrics`."""
        return [Route("/metrics", self._handle)]

    async def _handle(self, request: Request) -> Response:
        districts: Collection[str] | None = None
        if not self._has_token(request.headers.get("authorization", "")):
            viewer = await self.operators.viewer(request)
            if isinstance(viewer, Response):
                return viewer
            districts = None if self.operators.operates_all(viewer) else viewer.districts
        content, media_type = await self.text(request.headers.get("accept", ""), districts)
        return Response(content, media_type=media_type)

    def _has_token(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        expected = self.token
        return (
            expected is not None
            and scheme.lower() == "bearer"
            and hmac.compare_digest(token.strip().encode(), expected.encode())
        )
