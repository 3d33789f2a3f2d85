"""A vendor with OAuth 2.0 client credentials, which can revoke its tokens."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.sandbox.serving import Sandbox

EVENT_TIMEOUT_SECONDS = 10


class GuardedVendor(Sandbox):
    """A vendor that issues numbered tokens and accepts only the latest."""

    kind = "guarded"

    def __init__(self) -> None:
        super().__init__()
        self.token_requested = threading.Event()
        self.token_released = threading.Event()
        """Cleared by a test to hold the responses of the token endpoint."""
        self.token_released.set()
        self.tokens = self.revoked = 0
        """Number of the latest token, and of the latest one that is revoked."""
        self.expires_in: object = 1800
        self.token_status = 200
        self.forms: list[dict[str, Any]] = []
        """Bodies of the token requests."""
        self.credentials: list[str] = []
        """`Authorization` headers of the requests for `/thing`."""

    def settings(self) -> dict[str, Any]:
        """No settings are needed."""
        return {}

    def known_keys(self, kind: str) -> list[str]:
        """There are no keys."""
        return []

    def throttled_response(self) -> Response:
        """Not used by any test."""
        return Response(status_code=429)

    def routes(self) -> Sequence[BaseRoute]:
        """The token endpoint and a protected resource."""
        return [Route("/token", self.token, methods=["POST"]), Route("/thing", self.thing)]

    async def token(self, request: Request) -> Response:
        """Issue a new token for the right credentials."""
        self.token_requested.set()
        await asyncio.to_thread(self.token_released.wait, EVENT_TIMEOUT_SECONDS)
        self.forms.append(dict(parse_qsl((await request.body()).decode())))
        expected = "Basic " + base64.b64encode(b"client:s3cret").decode()
        if request.headers["authorization"] != expected or self.token_status != 200:
            return JSONResponse({"error": "invalid_client"}, status_code=max(self.token_status, 400))
        self.tokens += 1
        lifetime = {} if self.expires_in is None else {"expires_in": self.expires_in}
        return JSONResponse({"access_token": f"token-{self.tokens}", "token_type": "bearer"} | lifetime)

    async def thing(self, request: Request) -> Response:
        """Answer requests with the latest token, unless it is revoked."""
        self.credentials.append(request.headers.get("authorization", ""))
        if self.credentials[-1] != f"Bearer token-{self.tokens}" or self.tokens <= self.revoked:
            return PlainTextResponse("no", status_code=401)
        return PlainTextResponse("yes")
