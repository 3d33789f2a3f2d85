"""Bearer tokens of the sandbox, and the credentials for which it issues them."""

from __future__ import annotations

import json
import secrets
import time
from urllib.parse import parse_qsl

from starlette.requests import Request

from student_graph.adapters.edfi.sandbox.problems import bad_parameter

CLIENT_ID, CLIENT_SECRET = "sandbox-key", "sandbox-secret"


class Tokens:
    """The issued tokens, with their expiry."""

    def __init__(self, lifetime: float) -> None:
        self.lifetime = lifetime
        self._expiries: dict[str, float] = {}

    def issue(self) -> str:
        """Issue a new token."""
        token = secrets.token_hex(16)
        self._expiries[token] = time.time() + self.lifetime
        return token

    def revoke(self) -> None:
        """Revoke all issued tokens."""
        self._expiries.clear()

    def expiry(self, token: str) -> float | None:
        """When a token expires, in seconds since 1970; None if it has expired or was never issued."""
        expiry = self._expiries.get(token)
        return expiry if expiry is not None and time.time() < expiry else None


async def form_fields(request: Request) -> dict[str, str]:
    """
    The fields of a request body, which is a form or JSON.

    Raises:
        ProblemError: The body is neither.
    """
    body = await request.body()
    try:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return dict(parse_qsl(body.decode()))
        return {name: str(value) for name, value in dict(json.loads(body)).items()}
    except (TypeError, ValueError):
        raise bad_parameter("The request body cannot be read.") from None
