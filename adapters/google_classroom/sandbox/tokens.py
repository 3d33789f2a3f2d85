"""The token endpoint of the sandbox: it exchanges texts that the service account's key has signed for tokens."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Collection
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.responses import JSONResponse, Response

from student_graph.adapters.google_classroom.client.service_account import GRANT_TYPE, TOKEN_URL

SERVICE_ACCOUNT = "student-graph@sandbox.iam.gserviceaccount.example"
ADMINISTRATOR = "classroom.reader@cedarhollow.example"
KEY_ID = "sandbox-key-1"
MAX_ASSERTION_SECONDS = 3600
"""Longest lifetime of a signed text that Google accepts, in seconds."""
TOKEN_LIFETIME_SECONDS = 3599
_KEY_BITS, _PUBLIC_EXPONENT = 2048, 65537


@cache
def private_key() -> RSAPrivateKey:
    """The key of the service account: a new one in each process, because it takes long to make."""
    return generate_private_key(_PUBLIC_EXPONENT, _KEY_BITS)


@cache
def key_file() -> str:
    """The key in the form of the file that Google Cloud creates."""
    pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "sandbox",
            "private_key_id": KEY_ID,
            "private_key": pem,
            "client_email": SERVICE_ACCOUNT,
            "client_id": "100000000000000000001",
            "token_uri": TOKEN_URL,
        }
    )


class Tokens:
    """The issued tokens, with their expiry and scopes."""

    def __init__(self, delegated: Collection[str]) -> None:
        """Issue tokens for the scopes that the domain delegates to the service account."""
        self._delegated = frozenset(delegated)
        self._issued: dict[str, tuple[float, frozenset[str]]] = {}

    def revoke(self) -> None:
        """Revoke all issued tokens."""
        self._issued.clear()

    def scopes(self, token: str) -> frozenset[str] | None:
        """The scopes of a token; None if it has expired or was never issued."""
        expiry, scopes = self._issued.get(token, (0.0, frozenset()))
        return scopes if time.time() < expiry else None

    def exchange(self, form: dict[str, str]) -> Response:
        """The response to a request for a token."""
        if form.get("grant_type") != GRANT_TYPE:
            return _refusal(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        try:
            claims: dict[str, Any] = jwt.decode(
                form.get("assertion", ""),
                private_key().public_key(),
                algorithms=["RS256"],
                audience=TOKEN_URL,
                issuer=SERVICE_ACCOUNT,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except jwt.InvalidTokenError:
            return _refusal(400, "invalid_grant", "Invalid JWT Signature.")
        if claims["exp"] - claims["iat"] > MAX_ASSERTION_SECONDS:
            return _refusal(400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)")
        if claims.get("sub") != ADMINISTRATOR:
            return _refusal(400, "invalid_grant", "Invalid email or User ID")
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes or not scopes <= self._delegated:
            description = (
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized"
            )
            return _refusal(401, "unauthorized_client", description)
        token = f"ya29.{secrets.token_hex(24)}"
        self._issued[token] = time.time() + TOKEN_LIFETIME_SECONDS, scopes
        return JSONResponse({"access_token": token, "expires_in": TOKEN_LIFETIME_SECONDS, "token_type": "Bearer"})


def _refusal(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status_code=status)
