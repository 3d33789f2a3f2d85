"""
Tokens for a service account that acts for an administrator of the domain (domain-wide delegation).

The service account's key signs a short text, which the token endpoint exchanges for an access token (RFC 7523):
https://developers.google.com/identity/protocols/oauth2/service-account. The key itself never leaves the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import ClassVar, Literal

import httpx
import jwt
from cachetools import LRUCache
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from student_graph.adapters.auth import TokenAuth
from student_graph.adapters.interface import AuthenticationScheme

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
"""Address of Google's token endpoint, and the audience of each signed text, whatever proxy it is sent through."""
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LIFETIME_SECONDS = 3600
"""Seconds for which a signed text counts: the most that Google accepts."""
CLOCK_SKEW_SECONDS = 30
"""How far in the past a signed text is dated, because Google refuses one from the future."""
MAX_CHECKED_KEYS = 256
"""Keys that count as checked at the same time."""
_checked_keys: LRUCache[bytes, bool] = LRUCache(MAX_CHECKED_KEYS)
"""The hashes of keys whose numbers were checked in this process."""
_NOT_DELEGATED = (
    "the domain does not delegate these scopes to the service account: grant them in the Admin console under "
    "Security > API controls > Domain-wide delegation"
)


class ServiceAccountKey(BaseModel):
    """The key of a service account, as the JSON file that Google Cloud creates holds it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    type: Literal["service_account"]
    client_email: str
    private_key: SecretStr
    private_key_id: str | None = None


def read_key(text: SecretStr, setting: str) -> tuple[ServiceAccountKey, RSAPrivateKey]:
    """
    The key of a service account and its private half.

    Raises:
        ValueError: the text of `setting` is no such key. The message does not hold the text.
    """
    try:
        key = ServiceAccountKey.model_validate_json(text.get_secret_value())
        return key, _read_private_key(key.private_key.get_secret_value().encode())
    except (ValidationError, ValueError, TypeError, UnsupportedAlgorithm):
        pass  # the cause may hold a part of the key
    raise ValueError(
        f"{setting}: is not the JSON key of a service account; create one in Google Cloud under "
        "IAM > Service accounts > Keys"
    )


def _read_private_key(pem: bytes) -> RSAPrivateKey:
    """
    The private half of a key, whose numbers are checked once in a process.

    The check takes tens of milliseconds, in which the process does nothing else: too long for each reload.

    Raises:
        ValueError: It is no RSA key, or its numbers do not belong together.
        TypeError: It is encrypted.
        UnsupportedAlgorithm: It is of an unknown kind.
    """
    digest = sha256(pem).digest()
    private = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=digest in _checked_keys)
    if not isinstance(private, RSAPrivateKey):
        raise ValueError("not an RSA key")  # noqa: TRY004 - the text of a setting, and no argument of a wrong type
    _checked_keys[digest] = True
    return private


class ServiceAccount(TokenAuth):
    """A service account with domain-wide delegation: it reads what an administrator of the domain may read."""

    scheme = AuthenticationScheme.OAUTH2_SIGNED_ASSERTION
    refusals: ClassVar[Mapping[str, str]] = {
        "unauthorized_client": _NOT_DELEGATED,
        "access_denied": _NOT_DELEGATED,
        "invalid_scope": "the token endpoint does not know a scope: check the scopes in the Admin console",
        "invalid_grant": "the token endpoint does not accept the key or the administrator: check "
        "`service_account_key_env` or `service_account_file`, `administrator` and this machine's clock",
    }

    def __init__(
        self,
        key: ServiceAccountKey,
        private_key: RSAPrivateKey,
        *,
        administrator: str,
        scopes: Iterable[str],
        token_url: str,
        origin: object,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Get tokens that act for `administrator`, an e-mail address, from `token_url`, for `origin` alone."""
        super().__init__(origin=origin, clock=clock)
        self._key, self._private_key = key, private_key
        self._administrator, self._scope = administrator, " ".join(scopes)
        self._token_url, self._wall_clock = token_url, wall_clock

    async def token_request(self, request: httpx.Request) -> httpx.Request:
        """The request for a token, with the timeouts of the request that needs the token."""
        return httpx.Request(
            "POST",
            self._token_url,
            data={"grant_type": GRANT_TYPE, "assertion": self._assertion()},
            headers={"Accept": "application/json"},
            extensions={"timeout": request.extensions["timeout"]} if "timeout" in request.extensions else {},
        )

    def _assertion(self) -> str:
        """The signed text: who asks for a token, for which scopes, and for which administrator."""
        issued_at = int(self._wall_clock()) - CLOCK_SKEW_SECONDS
        claims = {
            "iss": self._key.client_email,
            "sub": self._administrator,
            "scope": self._scope,
            "aud": TOKEN_URL,
            "iat": issued_at,
            "exp": issued_at + ASSERTION_LIFETIME_SECONDS,
        }
        headers = {"kid": self._key.private_key_id} if self._key.private_key_id else None
        return jwt.encode(claims, self._private_key, algorithm="RS256", headers=headers)
