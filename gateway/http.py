"""
The one HTTP client that adapters are given.

It asks the configured origin and nobody else, keeps no cookies, follows no redirects, heeds no proxy of the
environment and reads no answer beyond a limit, so that no adapter has to think of these.
"""

from __future__ import annotations

import http.cookiejar
import urllib.request
from collections.abc import AsyncIterator, Callable
from importlib.metadata import version
from typing import Any

import httpx

from adapters.contract import AdapterSettings
from adapters.errors import PayloadError
from adapters.origins import origin_of

MAX_BODY = 2 * 1024 * 1024
"""Bytes of one answer; a page of any vendor is far smaller."""

KEEP_ALIVE = 2.0
"""
Seconds that an idle connection is kept.

Well below what servers keep theirs (5 seconds is usual): one that the server closes just as it is used again fails
a question for nothing.
"""


def client(settings: AdapterSettings, on_call: Callable[[], None]) -> httpx.AsyncClient:
    """A client for the vendor at `settings.base_url`; `on_call` is told of each request as it leaves."""
    limits = httpx.Limits(
        max_connections=settings.concurrency,
        max_keepalive_connections=settings.concurrency,
        keepalive_expiry=KEEP_ALIVE,
    )
    transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
    return httpx.AsyncClient(
        base_url=str(settings.base_url),
        transport=OneOrigin(transport, settings.base_url, on_call),
        timeout=httpx.Timeout(settings.timeout),
        headers={"User-Agent": f"student-graph/{version('student-graph')}", "Accept-Encoding": "identity"},
        cookies=NoCookies(),
        follow_redirects=False,
        trust_env=False,
    )


class NoCookies(http.cookiejar.CookieJar):
    """A jar that stays empty: one client serves all viewers, and no answer may mark the next one's request."""

    def extract_cookies(self, response: Any, request: urllib.request.Request) -> None:
        """Take no cookie."""


class OneOrigin(httpx.AsyncBaseTransport):
    """Sends to one origin, and limits what comes back."""

    def __init__(self, transport: httpx.AsyncBaseTransport, origin: object, on_call: Callable[[], None]) -> None:
        self._transport = transport
        self._origin = origin_of(origin)
        self._on_call = on_call

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send a request to the own origin.

        Raises:
            PayloadError: the request goes elsewhere, or the answer is compressed although that was not asked for.
        """
        if origin_of(request.url) != self._origin:
            raise PayloadError("an address on another origin")
        response = await self._sent(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise PayloadError("an answer in an encoding that was not asked for")
        assert isinstance(response.stream, httpx.AsyncByteStream)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_Limited(response.stream),
            extensions=response.extensions,
        )

    async def _sent(self, request: httpx.Request) -> httpx.Response:
        """The response; a question that met a connection which the vendor was just closing is sent once more."""
        self._on_call()
        try:
            return await self._transport.handle_async_request(request)
        except httpx.RemoteProtocolError:
            if request.method != "GET":
                raise
        self._on_call()
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


class _Limited(httpx.AsyncByteStream):
    """A body that ends with an error when it grows too long."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._stream:
            seen += len(chunk)
            if seen > MAX_BODY:
                raise PayloadError(f"an answer of more than {MAX_BODY // 1024} KiB")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
