"""Bearer tokens for client credentials, with their scopes."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.refusals import forbidden, unauthorized
from student_graph.adapters.sandbox.credentials import are_equal, parse_basic

CLIENT_ID, CLIENT_SECRET = "oneroster-sandbox", "oneroster-sandbox-secret"
FIXED_TOKEN = "oneroster-sandbox-fixed-token"
VENDOR_KEY, VENDOR_SECRET = "SandboxLMS", "F00D0123456789ABCDEF"


@dataclass(frozen=True, slots=True)
class _Grant:
    expiry: float
    scopes: frozenset[str]


class Tokens:
    """The issued tokens, with expiry and scopes."""

    def __init__(self, quirks: Quirks, version: str) -> None:
        self._quirks = quirks
        self.prefix = f"https://purl.imsglobal.org/spec/or/v{version.replace('.', 'p')}/scope/"
        """The start of the full name of every scope."""
        self._grants: dict[str, _Grant] = {}

    @property
    def granted_scopes(self) -> list[str]:
        """The full names of the scopes that the client may have."""
        return [self.prefix + scope for scope in sorted(self._quirks.granted_scopes)]

    def token_response(self, authorization: str, form: Mapping[str, str]) -> Response:
        """The response to a token request."""
        fields = (form.get("client_id", ""), form.get("client_secret", ""))
        if not are_equal(parse_basic(authorization) or fields, (CLIENT_ID, CLIENT_SECRET)):
            status = self._quirks.invalid_client_status
            challenge = {"WWW-Authenticate": "Basic"} if status == 401 else None
            return JSONResponse({"error": "invalid_client"}, status, challenge)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        requested = form.get("scope", "").split()
        if not requested and self._quirks.without_scope == "refused":
            return JSONResponse({"error": "invalid_request"}, 400)
        if not set(requested) <= set(self.granted_scopes):
            return JSONResponse({"error": "invalid_scope"}, self._quirks.invalid_scope_status)
        return self._issue(
            set(requested) or (self.granted_scopes if self._quirks.without_scope == "granted" else ())
        )

    def check(self, authorization: str, scopes: tuple[str, ...]) -> None:
        """
        Accept a token that has one of the scopes.

        Raises:
            RefusalError: The token is missing, unknown or expired, or has none of the scopes.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Missing or invalid Authorization header.")
        if self._quirks.auth == "bearer":
            if not hmac.compare_digest(token.encode(), FIXED_TOKEN.encode()):
                raise unauthorized("Unknown token.")
            return
        grant = self._grants.get(token)
        if grant is None or time.time() >= grant.expiry:
            raise unauthorized("Invalid or expired token.")
        accepted = [self.prefix + scope for scope in scopes]
        if self._quirks.core_scope_required and "roster.readonly" in scopes:
            accepted = [f"{self.prefix}roster-core.readonly"]
        if not grant.scopes & set(accepted):
            raise forbidden(accepted[0])

    def revoke(self) -> None:
        """Revoke all issued tokens."""
        self._grants.clear()

    def _issue(self, scopes: Collection[str]) -> Response:
        token = secrets.token_hex(16)
        lifetime = self._quirks.token_lifetime_seconds
        self._grants[token] = _Grant(time.time() + lifetime, frozenset(scopes))
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(lifetime),
            "scope": " ".join(sorted(scopes)),
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})


def check_vendor(header: str) -> None:
    """
    Accept the key and secret of the partner program.

    Raises:
        RefusalError: They are missing or wrong.
    """
    if not hmac.compare_digest(header.encode(), f"{VENDOR_KEY}:{VENDOR_SECRET}".encode()):
        raise unauthorized("Missing or invalid vendor authorization.")
