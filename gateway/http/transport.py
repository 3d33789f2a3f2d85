"""
An httpx transport over aiohttp: one request out, one complete response in, or an error within a few seconds.

Adapters use httpx; aiohttp sends the requests, because its HTTP parser is written in C. Everything that aiohttp
could do beyond sending (cookies, redirects, decompression, proxies, retries) is turned off and decided in this
package.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import aiohttp
import httpx
from yarl import URL

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.errors import PayloadError, UnavailableError
from student_graph.gateway.concurrency.deadlines import remaining_seconds
from student_graph.gateway.http.addresses import (
    CheckedResolver,
    ForbiddenAddressError,
    Network,
    ResolveName,
    check_address,
    forbidden_address_error,
    is_address,
)
from student_graph.gateway.http.bodies import read_body
from student_graph.gateway.http.connections import SETTLE_SECONDS, StrayBytes, VendorConnection, VendorConnector

log = logging.getLogger("student_graph.http")

CONNECT_TIMEOUT_SECONDS = 1.0
"""
The system sends a lost first packet again after a second; an attempt that has no connection by then begins again.
"""
READ_TIMEOUT_SECONDS = 3.0
"""The longest pause between two parts of a response."""
ATTEMPT_TIMEOUT_SECONDS = 5.0
"""For all of one attempt: connect, send, read."""
MAX_HEADER_BYTES = 16 * 1024
"""For one header; a response has at most 128 headers."""
_MAX_ALL_HEADERS_BYTES = 64 * 1024
_READ_BUFFER_BYTES = 8 * 1024
"""
Bytes of a body that is read slowly before aiohttp stops to receive more.

A sixteenth of it is the number of chunks that it parses or joins at once, or twice as many: about a millisecond
for chunks of one byte. With its default of 256 KiB, they hold the event loop for 50 ms. Large parts are not split.
"""
_SKIPPED_AUTO_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Headers that aiohttp would add by itself; httpx has set all headers already."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of one attempt, in seconds."""

    connect: float = CONNECT_TIMEOUT_SECONDS
    read: float = READ_TIMEOUT_SECONDS
    attempt: float = ATTEMPT_TIMEOUT_SECONDS

    @classmethod
    def for_batches_of(cls, seconds: float) -> Timeouts:
        """The usual limits; longer ones, in proportion, for a slow source whose setting `timeout` is longer."""
        factor = max(seconds / AdapterSettings.model_fields["timeout"].default, 1.0)
        return cls(
            factor * CONNECT_TIMEOUT_SECONDS, factor * READ_TIMEOUT_SECONDS, factor * ATTEMPT_TIMEOUT_SECONDS
        )


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How connections use the machine's network: name resolution, accepted certificates and limits of time."""

    resolve_name: ResolveName | None = None
    """Returns the addresses of a name; None asks the operating system, in a thread of the source's own."""
    tls: ssl.SSLContext | bool = True
    """Decides which certificates are accepted; True for the certificate authorities of the machine."""
    timeouts: Timeouts | None = None
    """Limits of one attempt; None for those that belong to the source's `timeout`."""
    settle_seconds: float = SETTLE_SECONDS
    """How long a connection is silent after a response before another request may use it."""


class RepeatedDisconnectError(httpx.ReadError):
    """The vendor closed the connection before it sent a response, on both attempts of a GET request."""


def is_repeatable(request: httpx.Request) -> bool:
    """Whether a request may be sent again: a GET, or one that only reads and has the extension `repeatable`."""
    return request.method == "GET" or bool(request.extensions.get("repeatable"))


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends each request once; a GET request once more if the server was just closing the connection."""

    def __init__(
        self,
        connections: int,
        networks: Sequence[Network],
        on_call: Callable[[], None],
        network: NetworkOptions,
        *,
        may_repeat: Callable[[], bool] = lambda: True,
        timeouts: Timeouts | None = None,
        stray: StrayBytes | None = None,
    ) -> None:
        """
        Use at most `connections` connections at once, to public addresses and to addresses in `networks`.

        `on_call` is called for each request that is sent. `may_repeat` says whether a request may be sent once
        more. `timeouts` are the usual ones by default. `stray` records bytes that belong to no request.
        """
        self._connections = connections
        self._networks = networks
        self._on_call = on_call
        self._may_repeat = may_repeat
        self._network = network
        self._timeouts = timeouts or Timeouts()
        self._stray = stray or StrayBytes()
        self._checked_hosts: set[str] = set()
        """Holds two hosts at most, because requests go to one origin and one token endpoint only."""
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send a request and read the complete response.

        Raises:
            AdapterError: the address is not allowed, or the response breaks a rule or a limit.
            httpx.TransportError: there was no response, or only a part of one.
        """
        if request.url.host not in self._checked_hosts:
            self._check_host(request.url.host)
        try:
            async with asyncio.timeout(min(self._timeouts.attempt, remaining_seconds())):
                return await self._send_twice(request)
        except (aiohttp.ClientError, OSError, ValueError) as exc:  # TimeoutError is an OSError
            # The stream or connection that failed keeps the error, and the frames of its traceback refer to both.
            raise self._translate(exc, request) from exc.with_traceback(None)

    def _check_host(self, host: str) -> None:
        """Accept a name, which the resolver checks later, or an address that the source may connect to."""
        if is_address(host):
            try:
                check_address(host.strip("[]"), self._networks)
            except ForbiddenAddressError as exc:
                raise self._log_forbidden_address(exc) from None
        self._checked_hosts.add(host)

    async def _send_twice(self, request: httpx.Request) -> httpx.Response:
        """The response; a repeatable request whose connection the server was just closing is sent once more."""
        try:
            return await self._send(request)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            if not is_repeatable(request) or not self._may_repeat():
                raise
        try:
            return await self._send(request)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError) as exc:
            raise RepeatedDisconnectError("the connection was closed", request=request) from exc

    async def _send(self, request: httpx.Request) -> httpx.Response:
        self._on_call()
        async with self._open_session().request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=[(name.decode("latin-1"), text.decode("latin-1")) for name, text in request.headers.raw],
            data=await request.aread() or None,
            allow_redirects=False,
        ) as response:
            raw_headers, connection = response.raw_headers, response._protocol  # noqa: SLF001 - no public way
            _check_status_and_headers(response.status, raw_headers)
            body = await read_body(response.content.readany, response.headers.get("Content-Encoding", ""))
            if isinstance(connection, VendorConnection) and connection.is_in_doubt:
                raise aiohttp.ServerDisconnectedError("two responses to one request")
            headers = [pair for pair in raw_headers if pair[0].lower() not in _TRANSFER_HEADERS]
            return _httpx_response(response.status, headers, body)

    def _open_session(self) -> aiohttp.ClientSession:
        """The session, created at its first use because it belongs to the running event loop."""
        if self._session is None:
            connector = VendorConnector(
                self._stray,
                settle_seconds=self._network.settle_seconds,
                resolver=CheckedResolver(self._networks, self._network.resolve_name),
                ssl=self._network.tls,
                limit=self._connections,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._timeouts.connect, sock_read=self._timeouts.read
                ),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=_SKIPPED_AUTO_HEADERS,
                read_bufsize=_READ_BUFFER_BYTES,
                max_line_size=MAX_HEADER_BYTES,
                max_field_size=MAX_HEADER_BYTES,
            )
            # Else aiohttp sends a request twice by itself, unseen by the code that counts and limits calls.
            self._session._retry_connection = False  # noqa: SLF001 - there is no public way
        return self._session

    def _translate(self, exc: Exception, request: httpx.Request) -> Exception:  # noqa: PLR0911 - a table
        """The error of httpx or of the adapter kit that stands for an error of aiohttp."""
        match exc:
            case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
                log.error("a vendor's certificate or TLS was not accepted: %s", type(exc).__name__)
                return UnavailableError("the vendor's certificate or TLS was not accepted")
            case aiohttp.ClientConnectorError() if isinstance(exc.os_error, ForbiddenAddressError):
                return self._log_forbidden_address(exc.os_error)
            case aiohttp.ConnectionTimeoutError():
                return httpx.ConnectTimeout("no connection in time", request=request)
            case TimeoutError():
                return httpx.ReadTimeout("no answer in time", request=request)
            case aiohttp.ClientConnectorError():
                return httpx.ConnectError("no connection", request=request)
            case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
                return httpx.ReadError("the connection was closed", request=request)
            case aiohttp.ClientPayloadError():  # the body ended early: a reset and an end look the same here
                return httpx.ReadError("the connection was closed", request=request)
            case aiohttp.ClientResponseError():
                return PayloadError("a response that is not HTTP")
            case ValueError():
                return PayloadError("a request that cannot be sent")
            case _:
                return httpx.ReadError("the connection was closed", request=request)

    def _log_forbidden_address(self, exc: ForbiddenAddressError) -> UnavailableError:
        log.error("a vendor's name resolved to %s", exc.args[0] if exc.args else "an address that is not allowed")
        return forbidden_address_error()

    async def close_connections(self) -> None:
        """Close all connections; the next request opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def aclose(self) -> None:
        """Close all connections."""
        await self.close_connections()


_EMPTY_STREAM = httpx.ByteStream(b"")


def _httpx_response(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> httpx.Response:
    """A response that was read completely; httpx would copy a body that is passed as `content` once more."""
    response = httpx.Response(status, headers=headers, stream=_EMPTY_STREAM)
    response._content = body  # noqa: SLF001 - as its own `aread` would set it
    return response


_TRANSFER_HEADERS = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Headers that describe the body as it was sent, before decompression."""


def _check_status_and_headers(status: int, raw_headers: Sequence[tuple[bytes, bytes]]) -> None:
    """
    Accept a response with a valid status, one length and headers within the limit.

    Raises:
        PayloadError: two parties could disagree about where the response ends, or the headers are too large.
    """
    if not 200 <= status <= 599:
        raise PayloadError(f"unexpected status ({status})")
    names = [name.lower() for name, _ in raw_headers]
    if names.count(b"content-length") > 1 or (b"content-length" in names and b"transfer-encoding" in names):
        raise PayloadError("a response with two lengths")
    if sum([len(name) + len(text) for name, text in raw_headers]) > _MAX_ALL_HEADERS_BYTES:
        raise PayloadError(f"headers of more than {_MAX_ALL_HEADERS_BYTES // 1024} KiB")
