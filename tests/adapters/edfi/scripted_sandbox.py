"""A small Ed-Fi API with the rows of a test; like some servers it ignores filters and sends no totals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.edfi.adapter import EdFi, EdFiSettings
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.transports import InProcessTransport

RowsByResource = Mapping[str, Sequence[Mapping[str, Any]]]


class ScriptedSandbox(Sandbox):
    """Serves the rows of a test by resource; a resource without an entry is a 404."""

    kind: ClassVar[str] = "edfi"

    def __init__(
        self, rows: RowsByResource, *, standard: str = "5.1.0", root: str = "/data/v3", advertised: str = ""
    ) -> None:
        super().__init__()
        self.rows, self.standard, self.root = rows, standard, root
        self.advertised = advertised
        """Address in the discovery document; if empty, the sandbox's own."""
        self.advertised_tokens = ""
        """Address of the token endpoint's server in the discovery document; if empty, the same."""

    def routes(self) -> Sequence[BaseRoute]:
        """The routes of discovery, tokens and lists."""
        return [
            Route("/", self._discovery),
            Route("/oauth/token", self._token, methods=["POST"]),
            Route(f"{self.root}/ed-fi/{{resource}}", self._list),
        ]

    def settings(self) -> dict[str, Any]:
        """The address and credentials of the sandbox as settings of an adapter."""
        return {"base_url": self.url, "client_id": "key", "client_secret": "secret"}

    def known_keys(self, kind: str) -> list[str]:
        """No keys: each test has its own."""
        return []

    def throttled_response(self) -> Response:
        """A 429 without a body."""
        return Response(status_code=429)

    def requested_resources(self) -> list[str]:
        """The requested resources, oldest first; only the first page of each list counts."""
        return [line.partition("?")[0].rpartition("/")[2] for line in self.requests if "offset=0" in line]

    async def _discovery(self, request: Request) -> Response:
        root_url = self.advertised or self.url
        urls = {
            "dataManagementApi": f"{root_url}{self.root}/",
            "oauth": f"{self.advertised_tokens or root_url}/oauth/token",
        }
        models = [{"name": "Ed-Fi", "version": self.standard}] if self.standard else []
        return JSONResponse({"version": "7.2", "dataModels": models, "urls": urls})

    async def _token(self, request: Request) -> Response:
        return JSONResponse({"access_token": "t", "expires_in": 1800, "token_type": "bearer"})

    async def _list(self, request: Request) -> Response:
        if (rows := self.rows.get(request.path_params["resource"])) is None:
            return JSONResponse({"message": "no such resource"}, 404)
        start, limit = int(request.query_params["offset"]), int(request.query_params["limit"])
        return JSONResponse([dict(row) for row in rows[start : start + limit]])


@asynccontextmanager
async def connected(sandbox: Sandbox, **settings: Any) -> AsyncIterator[EdFi]:
    """An adapter that calls the sandbox in this process."""
    async with httpx.AsyncClient(transport=InProcessTransport(sandbox)) as http:
        configured = EdFiSettings.model_validate(sandbox.settings() | settings)
        adapter = EdFi("sis", configured, http)
        http.auth = adapter.auth()
        yield adapter
