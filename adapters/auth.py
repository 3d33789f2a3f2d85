"""
How requests prove who asks: httpx authentication flows for the ways that vendors use.

Each holds the origin that its credentials are for; a request to anywhere else is refused before anything is
sent. Secrets are `SecretStr` until the moment they enter a header.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from typing import TypeAlias

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from student_graph.adapters.errors import AdapterError, PayloadError, RefusedError
from student_graph.adapters.origins import origin_of, resolve_link
from student_graph.adapters.reading import read

TokenUrl: TypeAlias = str | Callable[[], Awaitable[str]]
"""Where tokens are given out: from the settings, or a way to discover it, which must lead to the own origin."""

EARLY = 120.0
"""Seconds before its end at which a token is renewed, so that none ends on its way."""
AGAIN = 20.0
"""Seconds after a failure before a token is asked for again: at most three tries a minute lock nobody out."""
LONGEST = 7 * 24 * 3600.0
"""Seconds; no token lives longer: some servers put the instant at which it ends where its lifetime belongs."""


class OriginAuth(httpx.Auth):
    """Credentials for one origin."""

    def __init__(self, *, origin: object) -> None:
        self._origin = origin_of(origin)

    def guard(self, request: httpx.Request) -> None:
        """
        Let a request to the own origin pass.

        Raises:
            PayloadError: it goes elsewhere.
        """
        if origin_of(request.url) != self._origin:
            raise PayloadError("an address on another origin")


class ApiKey(OriginAuth):
    """A fixed secret in a header, such as `X-Api-Key`."""

    def __init__(self, header: str, key: SecretStr, *, origin: object, prefix: str = "") -> None:
        super().__init__(origin=origin)
        if not key.get_secret_value().isprintable() or not key.get_secret_value().isascii():
            raise ValueError("a secret with a character that no header can hold")
        self._header, self._key, self._prefix = header, key, prefix

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        self.guard(request)
        request.headers[self._header] = self._prefix + self._key.get_secret_value()
        yield request


class Bearer(ApiKey):
    """A fixed bearer token."""

    def __init__(self, token: SecretStr, *, origin: object) -> None:
        super().__init__("Authorization", token, origin=origin, prefix="Bearer ")


class TokenAnswer(BaseModel):
    """What a token endpoint answers (RFC 6749 §5.1)."""

    model_config = ConfigDict(hide_input_in_errors=True)

    access_token: SecretStr = Field(min_length=1)
    expires_in: float | None = None


_TOKEN_ANSWER = TypeAdapter(TokenAnswer)


class ClientCredentials(OriginAuth):
    """
    OAuth 2.0 client credentials: a token from the vendor's token endpoint, renewed before it ends.

    However many tasks need a token, one asks and all others wait for it. When the vendor refuses a token that
    seemed good, it is renewed once and the request sent once more.
    """

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
        super().__init__(origin=origin)
        self._client_id, self._client_secret = client_id, client_secret
        self._token_url, self._scope, self._clock = token_url, scope, clock
        self._token: str | None = None
        self._renew_at = 0.0
        self._lock = asyncio.Lock()
        self._failed_at = 0.0
        self._failure: AdapterError | httpx.HTTPError | ValidationError | None = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with a good token, and once more with a new one when that is refused."""
        self.guard(request)
        for _ in range(2):
            if not self._good():
                async with self._lock:
                    if not self._good():
                        if self._failure is not None and self._clock() < self._failed_at + AGAIN:
                            raise self._failure
                        with self._attempt():
                            answer = yield await self._token_request(request)
                            await answer.aread()
                            self._take(answer)
            token = self._token
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            if response.status_code != 401:
                return
            if self._token == token:
                self._token = None

    def _good(self) -> bool:
        return self._token is not None and self._clock() < self._renew_at

    async def _token_request(self, request: httpx.Request) -> httpx.Request:
        """The request for a token, with the time limits of the one that needs it."""
        if isinstance(self._token_url, str):
            url = httpx.URL(self._token_url)
        else:
            url = resolve_link(request.url, await self._token_url())
        pair = f"{self._client_id}:{self._client_secret.get_secret_value()}".encode()
        form = {"grant_type": "client_credentials"} | ({"scope": self._scope} if self._scope else {})
        return httpx.Request(
            "POST",
            url,
            data=form,
            headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}", "Accept": "application/json"},
            extensions={"timeout": request.extensions["timeout"]} if "timeout" in request.extensions else {},
        )

    @contextlib.contextmanager
    def _attempt(self) -> Iterator[None]:
        """Keep a failure for those who wait, and those who come soon."""
        self._failure = None
        try:
            yield
        except (AdapterError, httpx.HTTPError, ValidationError) as failure:
            self._failure, self._failed_at = failure, self._clock()
            raise

    def _take(self, answer: httpx.Response) -> None:
        self._token, lifetime = _token_of(answer)
        self._renew_at = self._clock() + lifetime - min(EARLY, lifetime / 2)


def _token_of(answer: httpx.Response) -> tuple[str, float]:
    """
    Token and its lifetime in seconds.

    Raises:
        RefusedError: the vendor does not know these credentials.
    """
    if answer.status_code in (400, 401):
        raise RefusedError(f"credentials refused by the token endpoint ({answer.status_code})")
    told = read(answer, _TOKEN_ANSWER)
    token = told.access_token.get_secret_value()
    if not token.isascii() or not token.isprintable():
        raise PayloadError("a token that no header can hold")
    lifetime = EARLY if told.expires_in is None else told.expires_in
    if lifetime > LONGEST:
        lifetime -= time.time()
    return token, max(lifetime, 0.0)
