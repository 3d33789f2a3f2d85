"""
Authentication of requests to vendors, as httpx authentication flows.

Each flow holds the origin that its credentials are for, and refuses a request to any other origin before
anything is sent. A secret is a `SecretStr` until it enters a header.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping
from typing import ClassVar, TypeAlias

import httpx
from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError
from student_graph.adapters.interface import AuthenticationScheme
from student_graph.adapters.origins import origin_of, resolve_link
from student_graph.adapters.reading import content_of, read

TokenUrl: TypeAlias = str | Callable[[], Awaitable[str]]
"""
Address of the token endpoint, or a function that discovers it. A discovered one must be on the vendor's origin;
one on another origin must be in the settings.
"""

RENEWAL_MARGIN_SECONDS = 120.0
"""How long before it expires a token is renewed, so that no token expires during a request."""
FAILURE_PAUSE_SECONDS = 20.0
"""Pause after a failed token request. Three attempts a minute are too few for a vendor to lock the account."""
MAX_TOKEN_LIFETIME_SECONDS = 5 * 366 * 24 * 3600.0
"""
A longer `expires_in` is taken for the time of expiry in seconds since 1970, which some servers send instead.
The tokens of PowerSchool are valid for 30 days.
"""


class TokenSettings(AdapterSettings):
    """Settings of an adapter that gets its tokens from a token endpoint."""

    token_url: AnyHttpUrl | None = None
    """
    Address of the token endpoint of OAuth 2.0, if it is not the usual one. It may be on another origin than
    `base_url`, which then gets the client's id and secret, but no other request.
    """

    @model_validator(mode="after")
    def _check_token_url(self) -> TokenSettings:
        """Refuse to send the secret over plain HTTP if the API itself is reached over HTTPS."""
        if self.token_url is not None and self.token_url.scheme != self.base_url.scheme == "https":
            raise ValueError("token_url: use https, as in base_url")
        return self


def foreign_token_url(settings: AdapterSettings) -> httpx.URL | None:
    """The address of a token endpoint in the settings that is on another origin than the API; None if none is."""
    url = settings.token_url if isinstance(settings, TokenSettings) else None
    return httpx.URL(str(url)) if url is not None and origin_of(url) != origin_of(settings.base_url) else None


class OriginAuth(httpx.Auth):
    """Credentials for one origin."""

    scheme: ClassVar[AuthenticationScheme] = AuthenticationScheme.OTHER

    def __init__(self, *, origin: object) -> None:
        self._origin = origin_of(origin)

    def check_origin(self, request: httpx.Request) -> None:
        """
        Check that a request goes to the origin of the credentials.

        Raises:
            PayloadError: it goes to another origin.
        """
        if origin_of(request.url) != self._origin:
            raise PayloadError("an address on another origin")


class ApiKey(OriginAuth):
    """A fixed secret in a header, such as `X-Api-Key`."""

    scheme = AuthenticationScheme.API_KEY

    def __init__(self, header: str, key: SecretStr, *, origin: object, prefix: str = "") -> None:
        super().__init__(origin=origin)
        if not key.get_secret_value().isprintable() or not key.get_secret_value().isascii():
            raise ValueError("the secret holds a character that is not allowed in a header")
        self._header, self._key, self._prefix = header, key, prefix

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        self.check_origin(request)
        request.headers[self._header] = self._prefix + self._key.get_secret_value()
        yield request


class Bearer(ApiKey):
    """A fixed bearer token."""

    scheme = AuthenticationScheme.BEARER

    def __init__(self, token: SecretStr, *, origin: object) -> None:
        super().__init__("Authorization", token, origin=origin, prefix="Bearer ")


class TokenResponse(BaseModel):
    """The response of a token endpoint (RFC 6749 §5.1)."""

    model_config = ConfigDict(hide_input_in_errors=True)

    access_token: SecretStr = Field(min_length=1)
    expires_in: float | None = None
    """Lifetime in seconds."""


_TOKEN_RESPONSE = TypeAdapter(TokenResponse)


class TokenAuth(OriginAuth, ABC):
    """
    An access token from the vendor's token endpoint, renewed before it expires.

    If many tasks need a token, one requests it and the others wait. If the vendor refuses a token that has not
    expired, the token is renewed once and the request is sent a second time.
    """

    refusals: ClassVar[Mapping[str, str]] = {}
    """
    Reasons why a token is refused to credentials that may be right, by the endpoint's code (RFC 6749 §5.2).

    Each says what to change.
    """

    def __init__(self, *, origin: object, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(origin=origin)
        self._clock = clock
        self._token: str | None = None
        self._renew_at = 0.0
        self._lock = asyncio.Lock()
        self._failed_at = 0.0
        self._failure: AdapterError | httpx.HTTPError | ValidationError | None = None

    @abstractmethod
    async def token_request(self, request: httpx.Request) -> httpx.Request:
        """
        Return the request for a token that `request` needs.

        Raises:
            AdapterError: the address of the token endpoint cannot be discovered.
        """

    def more_headers(self, request: httpx.Request) -> Mapping[str, str]:
        """Return what a request needs beside the token; by default nothing. The request for a token has none."""
        return {}

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with a valid token; if the vendor refuses it, send it once more with a new token."""
        self.check_origin(request)
        for _ in range(2):
            if not self._is_valid():
                async with self._lock:
                    if not self._is_valid():
                        if self._failure is not None and self._clock() < self._failed_at + FAILURE_PAUSE_SECONDS:
                            raise self._failure.with_traceback(None)  # else that of each task is appended
                        with self._remember_failure():
                            token_request = await self.token_request(request)
                            token_request.extensions = {**token_request.extensions, "needed_by_all": True}
                            token_response = yield token_request
                            await token_response.aread()
                            self._store_token(token_response)
            token = self._token
            request.headers["Authorization"] = f"Bearer {token}"
            request.headers.update(self.more_headers(request))
            response = yield request
            if response.status_code != 401:
                return
            if self._token == token:
                self._token = None

    def _is_valid(self) -> bool:
        return self._token is not None and self._clock() < self._renew_at

    @contextlib.contextmanager
    def _remember_failure(self) -> Iterator[None]:
        """Store a failure for the tasks that wait, and for those that start within the pause."""
        self._failure = None
        try:
            yield
        except (AdapterError, httpx.HTTPError, ValidationError) as failure:
            self._failure, self._failed_at = failure, self._clock()
            raise

    def _store_token(self, response: httpx.Response) -> None:
        self._token, lifetime = _token_and_lifetime(response, self.refusals)
        self._renew_at = self._clock() + lifetime - min(RENEWAL_MARGIN_SECONDS, lifetime / 2)


class ClientCredentials(TokenAuth):
    """OAuth 2.0 client credentials: id and secret of the client are exchanged for access tokens."""

    scheme = AuthenticationScheme.OAUTH2_CLIENT_CREDENTIALS
    refusals: ClassVar[Mapping[str, str]] = {
        "invalid_scope": "the token endpoint does not grant the scope: change `scopes` of the source",
        "unauthorized_client": "the token endpoint does not allow client credentials to this client",
        "unsupported_grant_type": "the token endpoint does not support client credentials",
    }

    def __init__(
        self,
        client_id: str,
        client_secret: SecretStr,
        *,
        token_url: TokenUrl,
        origin: object,
        scope: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(origin=origin, clock=clock)
        self._client_id, self._client_secret = client_id, client_secret
        self._token_url, self._scope = token_url, scope

    async def token_request(self, request: httpx.Request) -> httpx.Request:
        """The request for a token, with the timeouts of the request that needs the token."""
        if isinstance(self._token_url, str):
            url = httpx.URL(self._token_url)
        else:
            url = resolve_link(request.url, await self._token_url())
        credentials = f"{self._client_id}:{self._client_secret.get_secret_value()}".encode()
        basic = f"Basic {base64.b64encode(credentials).decode()}"
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        return httpx.Request(
            "POST",
            url,
            data=form,
            headers={"Authorization": basic, "Accept": "application/json"},
            extensions={"timeout": request.extensions["timeout"]} if "timeout" in request.extensions else {},
        )


class _TokenError(BaseModel):
    """An error of a token endpoint (RFC 6749 §5.2)."""

    error: str


def _token_refusal(response: httpx.Response, refusals: Mapping[str, str]) -> RefusedError:
    """Why a token was refused, as a text of ours: the response may hold anything."""
    try:
        code = _TokenError.model_validate_json(content_of(response)).error
    except ValidationError:
        code = ""
    if code in refusals:
        return RefusedError(refusals[code], code="SOURCE_SETTINGS")
    return RefusedError(f"credentials refused by the token endpoint ({response.status_code})")


def _token_and_lifetime(response: httpx.Response, refusals: Mapping[str, str]) -> tuple[str, float]:
    """
    The token of a response of the token endpoint, and its lifetime in seconds.

    Raises:
        RefusedError: the vendor refused the credentials.
        PayloadError: the response is not a token response.
    """
    if response.status_code in (400, 401):
        raise _token_refusal(response, refusals)
    payload = read(response, _TOKEN_RESPONSE)
    token = payload.access_token.get_secret_value()
    if not token.isascii() or not token.isprintable():
        raise PayloadError("a token with a character that is not allowed in a header")
    lifetime = RENEWAL_MARGIN_SECONDS if payload.expires_in is None else payload.expires_in
    if lifetime > MAX_TOKEN_LIFETIME_SECONDS:
        lifetime -= time.time()
    return token, max(lifetime, 0.0)
