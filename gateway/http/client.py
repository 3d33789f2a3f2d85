"""The HTTP client of one source."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import httpx

from student_graph.adapters.auth import foreign_token_url
from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.origins import origin_of
from student_graph.gateway.concurrency.time_slices import give_way
from student_graph.gateway.http.addresses import ForbiddenAddressError, check_address, is_address
from student_graph.gateway.http.connections import StrayBytes
from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.retries import RetryTransport
from student_graph.gateway.http.transport import AiohttpTransport, NetworkOptions, Timeouts

MAX_REDIRECTS = 2
"""Redirects within the source's origin, for adapters that ask httpx to follow them."""


class VendorClient(httpx.AsyncClient):
    """An httpx client that sends every request through the source's gate."""

    def __init__(
        self, settings: AdapterSettings, on_call: Callable[[], None], network: NetworkOptions, source: str
    ) -> None:
        self._stray = StrayBytes(source)
        self.calls_sent = 0
        """Requests to the vendor so far, with those for tokens and versions, and repeated ones."""
        self._on_call = on_call
        self.gate = Gate(settings.concurrency, settings.rest, requests_per_minute=settings.requests_per_minute)
        timeouts = network.timeouts or Timeouts.for_batches_of(settings.timeout)
        self._transport_once = AiohttpTransport(
            settings.concurrency,
            settings.networks,
            self._count_call,
            network,
            may_repeat=self.gate.try_repeat_call,
            timeouts=timeouts,
            stray=self._stray,
        )
        self._retrying = RetryTransport(self._transport_once, self.gate)
        super().__init__(
            base_url=str(settings.base_url),
            transport=SingleOriginTransport(self._retrying, settings.base_url, foreign_token_url(settings)),
            timeout=httpx.Timeout(timeouts.attempt),
            headers={"User-Agent": f"student-graph/{version('student-graph')}", "Accept-Encoding": "gzip"},
            follow_redirects=False,
            max_redirects=MAX_REDIRECTS,
            trust_env=False,
        )

    def _count_call(self) -> None:
        self.calls_sent += 1
        self._on_call()

    @property
    def cookies(self) -> httpx.Cookies:
        """An empty set of cookies."""
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Ignore cookies."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; a 401 response to renewed credentials stops requests to the source for a while."""
        response = await super().send(request, **options)
        if not options.get("stream"):
            response.stream = _READ_STREAM
        if response.status_code == 401:
            self.gate.block_credentials()
        await give_way()  # many responses may arrive at once, and the adapter parses this one now
        return response

    @property
    def unexpected_responses(self) -> int:
        """Connections that were dropped because they received bytes that no request asked for."""
        return self._stray.count

    def report(self) -> dict[str, Any]:
        """What operators see of the requests to the source now, as JSON."""
        return self.gate.report()

    @property
    def concurrency(self) -> int:
        """How many requests may run at once now, as learned from the vendor."""
        return self.gate.concurrency

    @property
    def throttled_responses(self) -> int:
        """Responses by which the vendor asked for fewer requests, also those after which a retry succeeded."""
        return self.gate.throttled_responses

    def wrap_transport(self, wrapper: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]) -> None:
        """Let `wrapper` make the transport of attempts from the present one, to record them or to answer them."""
        self._retrying.wrap(wrapper)

    async def close_connections(self) -> None:
        """Close all connections, because one of them delivered the response to another request."""
        await self._transport_once.close_connections()


_READ_STREAM = httpx.ByteStream(b"")
"""The stream of a response that was read. The one that httpx binds to a response refers to it, and both stay."""


def gate_of(http: httpx.AsyncClient) -> Gate | None:
    """The gate of a source's client; None if it is not a `VendorClient`."""
    return http.gate if isinstance(http, VendorClient) else None


def create_client(
    settings: AdapterSettings,
    on_call: Callable[[], None],
    network: NetworkOptions | None = None,
    source: str = "without a name",
) -> VendorClient:
    """
    A client for the vendor at `settings.base_url`; `on_call` is called for each request that is sent.

    `network` replaces the name resolution, the certificates and the limits of time, for tests and benchmarks.
    `source` is the configured name, for the log.

    Raises:
        ValueError: the host of `base_url` or `token_url` is an address that the settings do not allow.
    """
    for name, url in (("base_url", settings.base_url), ("token_url", foreign_token_url(settings))):
        host = "" if url is None else (url.host or "").strip("[]")
        if is_address(host):
            try:
                check_address(host, settings.networks)
            except ForbiddenAddressError as exc:
                raise ValueError(f"{name}: {exc}; add its network to networks") from None
    return VendorClient(settings, on_call, network or NetworkOptions(), source)


class _NoCookies(httpx.Cookies):
    """Stays empty: one client serves all viewers, and a response to one must not mark the next one's request."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Store no cookie."""

    def set_cookie_header(self, request: httpx.Request) -> None:
        """Send no cookie."""


_NO_COOKIES = _NoCookies()


class SingleOriginTransport(httpx.AsyncBaseTransport):
    """Sends requests to one origin only, and requests for tokens to one address that may be elsewhere."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, origin: object, token_url: httpx.URL | None = None
    ) -> None:
        self._inner = inner
        self._origin = origin_of(origin)
        self._token_url = token_url

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send a request to the origin, or a POST to the token endpoint.

        Raises:
            PayloadError: the request is for another origin.
        """
        is_for_token = request.method == "POST" and request.url == self._token_url
        if origin_of(request.url) != self._origin and not is_for_token:
            raise PayloadError("an address on another origin")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
