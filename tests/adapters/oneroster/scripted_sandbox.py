"""A small OneRoster server with the responses of a test, and the adapter connected to a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.oneroster.adapter import OneRoster, OneRosterSettings
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.transports import InProcessTransport

SHARED = Path(__file__).parents[4] / "shared"
needs_reference_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the folder with the reference data does not exist"
)


class ScriptedSandbox(Sandbox):
    """
    Serves collections by path, one page at a time.

    A path without an entry is a 404; a `Response` is sent unchanged. Filters are ignored, as some servers do.
    """

    kind: ClassVar[str] = "oneroster"

    def __init__(self, bodies: Mapping[str, Any], *, max_page_rows: int = 100) -> None:
        super().__init__()
        self.bodies, self.max_page_rows = bodies, max_page_rows

    def routes(self) -> Sequence[BaseRoute]:
        """The token endpoint, and one route for all collections."""
        return [
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/ims/oneroster/{service}/v1p2/{path:path}", self._respond),
        ]

    def settings(self) -> dict[str, Any]:
        """The address and credentials of the sandbox as settings of an adapter."""
        return {"base_url": self.url, "client_id": "key", "client_secret": "secret"}

    def known_keys(self, kind: str) -> list[str]:
        """No keys: each test has its own."""
        return []

    def throttled_response(self) -> Response:
        """A 429 as the Ed-Fi service sends it."""
        return Response("Too many requests", 429, {"retry-after": "7"}, media_type="text/html")

    def queries_of(self, path: str) -> list[str]:
        """The queries of the requests for a path, oldest first."""
        lines = (line.removeprefix("GET ").partition("?") for line in self.requests)
        return [query for address, _, query in lines if address.partition("/v1p2/")[2] == path]

    async def _token(self, request: Request) -> Response:
        return JSONResponse({"access_token": "t", "expires_in": 3600, "token_type": "bearer"})

    async def _respond(self, request: Request) -> Response:
        body = self.bodies.get(request.path_params["path"])
        if body is None:
            return JSONResponse({"imsx_codeMajor": "failure"}, 404)
        if isinstance(body, Response):
            return body
        start = int(request.query_params.get("offset", 0))
        size = min(int(request.query_params.get("limit", 100)), self.max_page_rows)
        rows = {name: value[start : start + size] for name, value in body.items() if isinstance(value, list)}
        return JSONResponse({**body, **rows})


@asynccontextmanager
async def connected(sandbox: Sandbox, **settings: Any) -> AsyncIterator[OneRoster]:
    """An adapter that calls the sandbox in this process."""
    async with httpx.AsyncClient(transport=InProcessTransport(sandbox)) as http:
        configured = OneRosterSettings.model_validate(sandbox.settings() | settings)
        adapter = OneRoster("sis", configured, http)
        http.auth = adapter.auth()
        yield adapter


def user_row(sourced_id: str, number: str | None = None, **properties: Any) -> dict[str, Any]:
    """The row of a student."""
    role = {"role": "student", "roleType": "primary", "org": {"sourcedId": "org-1"}}
    row = {"sourcedId": sourced_id, "givenName": "Ada", "familyName": "Bell", "roles": [role]}
    return row | ({} if number is None else {"identifier": number}) | properties
