"""A vendor behind OAuth 2.0 client credentials, which it can revoke."""

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


class Guarded(Sandbox):
    """A vendor that gives out numbered tokens and answers requests that carry the latest."""

    kind = "guarded"

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.tokens = self.revoked = 0
        self.expires_in: object = 1800
        self.token_status = 200
        self.forms: list[dict[str, Any]] = []
        self.seen: list[str] = []

    def settings(self) -> dict[str, Any]:
        """None are needed."""
        return {}

    def known_keys(self, kind: str) -> list[str]:
        """There are no keys."""
        return []

    def throttled_response(self) -> Response:
        """Never used."""
        return Response(status_code=429)

    def routes(self) -> Sequence[BaseRoute]:
        """Tokens, and something to protect."""
        return [Route("/token", self.token, methods=["POST"]), Route("/thing", self.thing)]

    async def token(self, request: Request) -> Response:
        """A new token for the right credentials."""
        self.asked.set()
        await asyncio.sleep(0.02)
        self.forms.append(dict(parse_qsl((await request.body()).decode())))
        right = "Basic " + base64.b64encode(b"client:s3cret").decode()
        if request.headers["authorization"] != right or self.token_status != 200:
            return JSONResponse({"error": "invalid_client"}, status_code=max(self.token_status, 400))
        self.tokens += 1
        lifetime = {} if self.expires_in is None else {"expires_in": self.expires_in}
        return JSONResponse({"access_token": f"token-{self.tokens}", "token_type": "bearer"} | lifetime)

    async def thing(self, request: Request) -> Response:
        """What only the latest token may see."""
        self.seen.append(request.headers.get("authorization", ""))
        if self.seen[-1] != f"Bearer token-{self.tokens}" or self.tokens <= self.revoked:
            return PlainTextResponse("no", status_code=401)
        return PlainTextResponse("yes")
