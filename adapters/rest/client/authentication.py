"""The authentication that a declaration names, and several kinds of it together."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Generator, Sequence
from typing import Any

import httpx
from pydantic import SecretStr

from student_graph.adapters.auth import ApiKey, Bearer, ClientCredentials, OriginAuth
from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.interface import AuthenticationScheme
from student_graph.adapters.oauth1 import OAuth1
from student_graph.adapters.rest.declaration.models import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    OAuth1Auth,
    OAuth2Auth,
)


class Basic(OriginAuth):
    """HTTP Basic for one origin."""

    scheme = AuthenticationScheme.BASIC

    def __init__(self, user: str, password: SecretStr, *, origin: object) -> None:
        super().__init__(origin=origin)
        self._user, self._password = user, password

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        self.check_origin(request)
        credentials = f"{self._user}:{self._password.get_secret_value()}".encode()
        request.headers["Authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
        yield request


class CombinedAuth(httpx.Auth):
    """Several kinds of authentication: fixed headers first, and at most one that sends requests of its own."""

    def __init__(self, parts: Sequence[httpx.Auth]) -> None:
        self._headers = [part for part in parts if not isinstance(part, ClientCredentials | OAuth1)]
        self._flows = [part for part in parts if isinstance(part, ClientCredentials | OAuth1)]
        main = (self._flows or self._headers)[0]
        self.scheme = getattr(main, "scheme", AuthenticationScheme.OTHER)
        self.requires_request_body = any(part.requires_request_body for part in parts)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add all headers, and then authenticate as the flow does."""
        for part in self._headers:
            next(part.auth_flow(request))
        if not self._flows:
            yield request
            return
        flow = self._flows[0].async_auth_flow(request)
        try:
            outgoing = await anext(flow)
            while True:
                response = yield outgoing
                try:
                    outgoing = await flow.asend(response)
                except StopAsyncIteration:
                    return
        finally:
            await flow.aclose()


def build_auth(declared: Sequence[Auth], settings: AdapterSettings) -> httpx.Auth | None:
    """Return the authentication of requests; None if the vendor needs none."""
    parts = [_part(auth, settings) for auth in declared]
    return None if not parts else parts[0] if len(parts) == 1 else CombinedAuth(parts)


def _part(auth: Auth, settings: AdapterSettings) -> httpx.Auth:
    origin = settings.base_url

    def setting(name: str) -> Any:
        return getattr(settings, name)

    match auth:
        case ApiKeyAuth():
            return ApiKey(auth.header, setting(auth.secret), origin=origin, prefix=auth.prefix)
        case BearerAuth():
            return Bearer(setting(auth.secret), origin=origin)
        case BasicAuth():
            return Basic(setting(auth.user), setting(auth.secret), origin=origin)
        case OAuth2Auth():
            url = setting("token_url") or f"{str(origin).rstrip('/')}{auth.token_path}"
            return ClientCredentials(
                setting(auth.client), setting(auth.secret), token_url=str(url), origin=origin, scope=auth.scope
            )
        case OAuth1Auth():
            return OAuth1(
                setting(auth.client), setting(auth.secret), origin=origin, method=auth.method, realm=auth.realm
            )
