"""The client of one source, put together."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import httpx

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.origins import origin_of
from student_graph.gateway.http.addresses import ForbiddenAddressError, check, is_address
from student_graph.gateway.http.attempts import ATTEMPT, Attempts, Wire
from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.retrying import Retrying

REDIRECTS = 2
"""Redirects on the own origin, for an adapter that asks for them to be followed."""


class VendorClient(httpx.AsyncClient):
    """An httpx client whose every request goes through the source's gate."""

    def __init__(self, settings: AdapterSettings, on_call: Callable[[], None], wire: Wire) -> None:
        self.gate = Gate(settings.concurrency, settings.rest)
        self._attempts = Attempts(settings.concurrency, settings.networks, on_call, wire)
        super().__init__(
            base_url=str(settings.base_url),
            transport=OneOrigin(Retrying(self._attempts, self.gate), settings.base_url),
            timeout=httpx.Timeout(ATTEMPT),
            headers={"User-Agent": f"student-graph/{version('student-graph')}", "Accept-Encoding": "gzip"},
            follow_redirects=False,
            max_redirects=REDIRECTS,
            trust_env=False,
        )

    @property
    def cookies(self) -> httpx.Cookies:
        """None."""
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Take none."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; when our credentials are refused although they were renewed, ask no more for a while."""
        answer = await super().send(request, **options)
        if answer.status_code == 401:
            self.gate.lock()
        return answer

    async def drop(self) -> None:
        """Close all connections: one of them brought an answer that was not meant for its request."""
        await self._attempts.drop()


def gate_of(http: httpx.AsyncClient) -> Gate | None:
    """The gate of a source's client; None for a client of another kind, which has none."""
    return http.gate if isinstance(http, VendorClient) else None


def client(settings: AdapterSettings, on_call: Callable[[], None], wire: Wire | None = None) -> VendorClient:
    """
    A client for the vendor at `settings.base_url`; `on_call` is told of each request as it leaves.

    `wire` is what a connection takes of the machine, where that is something else than usual.

    Raises:
        ValueError: the address is one that the settings do not allow.
    """
    host = (settings.base_url.host or "").strip("[]")
    if is_address(host):
        try:
            check(host, settings.networks)
        except ForbiddenAddressError as exc:
            raise ValueError(f"base_url: {exc}; add its network to networks") from None
    return VendorClient(settings, on_call, wire or Wire())


class _NoCookies(httpx.Cookies):
    """None, whatever is set: one client serves all viewers, and no answer may mark the next one's request."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Take no cookie."""

    def set_cookie_header(self, request: httpx.Request) -> None:
        """Send none."""


_NO_COOKIES = _NoCookies()


class OneOrigin(httpx.AsyncBaseTransport):
    """Sends to one origin."""

    def __init__(self, inner: httpx.AsyncBaseTransport, origin: object) -> None:
        self._inner = inner
        self._origin = origin_of(origin)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send a request to the own origin.

        Raises:
            PayloadError: it goes elsewhere.
        """
        if origin_of(request.url) != self._origin:
            raise PayloadError("an address on another origin")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
