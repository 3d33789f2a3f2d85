"""The adapter connected to a server for a test, and a server of a few lines that answers what it is given."""

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
from student_graph.adapters.sandbox.serving import Sandbox, served

SHARED = Path(__file__).parents[4] / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data is not at hand")


class Scripted(Sandbox):
    """
    Serves whole collections by path, a page at a time; what has no entry is a 404, a response is sent as it is.

    Filters are ignored, which some servers do.
    """

    kind: ClassVar[str] = "oneroster"

    def __init__(self, answers: Mapping[str, Any], *, clamp: int = 100) -> None:
        super().__init__()
        self.answers, self.clamp = answers, clamp

    def routes(self) -> Sequence[BaseRoute]:
        """Tokens, and one door for all else."""
        return [
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/ims/oneroster/{service}/v1p2/{path:path}", self._answer),
        ]

    def settings(self) -> dict[str, Any]:
        """Address and credentials."""
        return {"base_url": self.url, "client_id": "key", "client_secret": "secret"}

    def known_keys(self, kind: str) -> list[str]:
        """Nobody: keys are the tests' own."""
        return []

    def throttled_response(self) -> Response:
        """As the Ed-Fi service does."""
        return Response("Too many requests", 429, {"retry-after": "7"}, media_type="text/html")

    def asked(self, path: str) -> list[str]:
        """Queries with which a path was asked for, oldest first."""
        lines = (line.removeprefix("GET ").partition("?") for line in self.requests)
        return [query for address, _, query in lines if address.partition("/v1p2/")[2] == path]

    async def _token(self, request: Request) -> Response:
        return JSONResponse({"access_token": "t", "expires_in": 3600, "token_type": "bearer"})

    async def _answer(self, request: Request) -> Response:
        answer = self.answers.get(request.path_params["path"])
        if answer is None:
            return JSONResponse({"imsx_codeMajor": "failure"}, 404)
        if isinstance(answer, Response):
            return answer
        start = int(request.query_params.get("offset", 0))
        size = min(int(request.query_params.get("limit", 100)), self.clamp)
        rows = {name: found[start : start + size] for name, found in answer.items() if isinstance(found, list)}
        return JSONResponse({**answer, **rows})


@asynccontextmanager
async def connected(sandbox: Sandbox, **settings: Any) -> AsyncIterator[OneRoster]:
    """Serve the sandbox, and the adapter connected to it."""
    with served(sandbox):
        configured = OneRosterSettings.model_validate(sandbox.settings() | settings)
        async with httpx.AsyncClient(trust_env=False) as http:
            adapter = OneRoster("sis", configured, http)
            http.auth = adapter.auth()
            yield adapter


def user(sourced_id: str, number: str | None = None, **properties: Any) -> dict[str, Any]:
    """A student as a row."""
    role = {"role": "student", "roleType": "primary", "org": {"sourcedId": "org-1"}}
    named = {"sourcedId": sourced_id, "givenName": "Ada", "familyName": "Bell", "roles": [role]}
    return named | ({} if number is None else {"identifier": number}) | properties
