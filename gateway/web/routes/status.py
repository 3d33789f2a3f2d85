"""
The status page `/`: whether the service is up, and what each viewer may know about the sources.

The page is public and holds no data. What it shows comes from `/status`, with the viewer's token, or as
server-sent events from `/status/events`, which are for operators.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web.response import error_response, operator_error
from student_graph.gateway.web.routes.status_events import EventStream, EventStreams
from student_graph.resolvers.context import Viewer

PAGE = Path(__file__).with_name("status.html")
NONCE = "{nonce}"
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'nonce-{NONCE}'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
RETRY_SECONDS = 10
"""When a client may open a stream again that the budget refused."""


class Reports(Protocol):
    """Says what viewers may know, as JSON."""

    def public(self) -> Mapping[str, Any]:
        """Return what anybody may know."""

    async def of(self, viewer: Viewer) -> Mapping[str, Any]:
        """Return what a viewer may know."""


@dataclass(frozen=True, slots=True)
class StatusRoutes:
    """The routes of the page, of its data and of its events."""

    reports: Reports
    authenticator: Authenticator
    streams: EventStreams

    def routes(self) -> list[Route]:
        """Return the routes `/`, `/status` and `/status/events`."""
        return [
            Route("/", self._page),
            Route("/status", self._report),
            Route("/status/events", self._events),
        ]

    async def _page(self, _: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        return HTMLResponse(
            PAGE.read_text(encoding="utf-8").replace(NONCE, nonce),
            headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY.replace(NONCE, nonce)},
        )

    async def _report(self, request: Request) -> Response:
        """Return whether the service is up; with a token, what its viewer may know, too."""
        authorization = request.headers.get("authorization", "")
        if not authorization:
            return JSONResponse(self.reports.public())
        viewer = await self.authenticator.viewer(authorization)
        if viewer is None:
            return error_response(401, "Send the token of a viewer.", "UNAUTHENTICATED")
        return JSONResponse(await self.reports.of(viewer))

    async def _events(self, request: Request) -> Response:
        """Return the events of an operator, unless there are too many streams."""
        viewer = await self.authenticator.viewer(request.headers.get("authorization", ""))
        if viewer is None or not viewer.operator:
            return operator_error(viewer)
        key = viewer.person
        if not self.streams.has_room(key):
            retry = {"Retry-After": str(RETRY_SECONDS)}
            return error_response(429, "There are too many streams of events.", "RATE_LIMITED", retry)

        async def report() -> bytes:
            return msgspec.json.encode(await self.reports.of(viewer))

        return EventStream(self.streams, key, report)
