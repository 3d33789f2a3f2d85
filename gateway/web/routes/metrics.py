"""`GET /metrics`: the metrics of this gateway for Prometheus, for operators and for the token of the settings."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web.response import operator_error


@dataclass(frozen=True, slots=True)
class MetricsRoute:
    """The route that shows the metrics."""

    authenticator: Authenticator
    text: Callable[[str], Awaitable[tuple[bytes, str]]]
    """Returns the metrics in the format that a client accepts, and its media type."""
    token: str | None
    """A token that may read the metrics and nothing else; None if only operators may."""

    def routes(self) -> list[Route]:
        """Return the route `/metrics`."""
        return [Route("/metrics", self._handle)]

    async def _handle(self, request: Request) -> Response:
        authorization = request.headers.get("authorization", "")
        if not self._has_token(authorization):
            viewer = await self.authenticator.viewer(authorization)
            if viewer is None or not viewer.operator:
                return operator_error(viewer)
        content, media_type = await self.text(request.headers.get("accept", ""))
        return Response(content, media_type=media_type)

    def _has_token(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        expected = self.token
        return (
            expected is not None
            and scheme.lower() == "bearer"
            and hmac.compare_digest(token.strip().encode(), expected.encode())
        )
