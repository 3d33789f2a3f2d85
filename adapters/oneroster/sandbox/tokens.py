"""Bearer tokens for client credentials, each with its scopes."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from student_graph.adapters.oneroster.sandbox.quirks import Manner
from student_graph.adapters.oneroster.sandbox.refusals import forbidden, unauthorized

CLIENT_ID, CLIENT_SECRET = "oneroster-sandbox", "oneroster-sandbox-secret"


@dataclass(frozen=True, slots=True)
class _Grant:
    expiry: float
    scopes: frozenset[str]


class Tokens:
    """Tokens given out, each until it expires."""

    def __init__(self, manner: Manner, version: str) -> None:
        self._manner = manner
        self.prefix = f"https://purl.imsglobal.org/spec/or/v{version.replace('.', 'p')}/scope/"
        """What all addresses of scopes begin with."""
        self._grants: dict[str, _Grant] = {}

    @property
    def granted(self) -> list[str]:
        """Scopes that the client may have, as whole addresses."""
        return [self.prefix + scope for scope in sorted(self._manner.granted)]

    def answer(self, authorization: str, form: Mapping[str, str]) -> Response:
        """The answer to a request for a token."""
        key, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        if not _is_client(key, secret):
            status = self._manner.invalid_client_status
            challenge = {"WWW-Authenticate": "Basic"} if status == 401 else None
            return JSONResponse({"error": "invalid_client"}, status, challenge)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        asked = form.get("scope", "").split()
        if not asked and self._manner.unscoped == "refused":
            return JSONResponse({"error": "invalid_request"}, 400)
        if not set(asked) <= set(self.granted):
            return JSONResponse({"error": "invalid_scope"}, self._manner.invalid_scope_status)
        return self._issue(set(asked) or (self.granted if self._manner.unscoped == "granted" else ()))

    def admit(self, authorization: str, scopes: tuple[str, ...]) -> None:
        """
        Let pass a token that has one of the scopes.

        Raises:
            RefusalError: it is no token, has expired, or lacks them.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Missing or invalid Authorization header.")
        grant = self._grants.get(token)
        if grant is None or time.time() >= grant.expiry:
            raise unauthorized("Invalid or expired token.")
        accepted = [self.prefix + scope for scope in scopes]
        if self._manner.core_needed and "roster.readonly" in scopes:
            accepted = [f"{self.prefix}roster-core.readonly"]
        if not grant.scopes & set(accepted):
            raise forbidden(accepted[0])

    def revoke(self) -> None:
        """No token that was given out is good any longer."""
        self._grants.clear()

    def _issue(self, scopes: Collection[str]) -> Response:
        token = secrets.token_hex(16)
        lifetime = self._manner.token_lifetime
        self._grants[token] = _Grant(time.time() + lifetime, frozenset(scopes))
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(lifetime),
            "scope": " ".join(sorted(scopes)),
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _is_client(key: str, secret: str) -> bool:
    right = hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode())
    return hmac.compare_digest(key.encode(), CLIENT_ID.encode()) and right


def _basic(header: str) -> tuple[str, str] | None:
    """Key and secret of an HTTP Basic header; None when it is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (key, secret) if colon else None
