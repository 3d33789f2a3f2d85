"""
One attempt at a vendor: a request out, a whole answer in, or an error within a few seconds.

Adapters speak httpx; what goes over the wire is aiohttp's, whose parser is written in C. It is a wire and no more:
cookies, redirects, unpacking, proxies and retries are decided here or not at all.
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

from student_graph.adapters.errors import PayloadError, UnavailableError
from student_graph.gateway.deadlines import remaining
from student_graph.gateway.http.addresses import (
    ForbiddenAddressError,
    Lookup,
    Network,
    Resolver,
    check,
    forbidden,
    is_address,
    machines_addresses,
)
from student_graph.gateway.http.bodies import whole

log = logging.getLogger("student_graph.http")

CONNECT, SILENCE, ATTEMPT = 1.0, 3.0, 5.0
"""Seconds to connect, between two bytes, and for all of one attempt."""
KEEP_ALIVE = 2.0
"""
Seconds that an idle connection is kept.

Well below what servers keep theirs (5 seconds is usual): one that the server closes just as it is used again fails
a question for nothing.
"""
HEADER = 16 * 1024
"""Bytes of one header; there may be 128 of them, and 64 KiB in all."""
_HEADERS = 64 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SILENCE)
_OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Headers that aiohttp would add: httpx has set what is to be said."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What a connection takes of the machine."""

    lookup: Lookup = machines_addresses
    """How names become addresses."""
    tls: ssl.SSLContext | bool = True
    """Whose certificates are accepted; True for those of the machine's authorities."""


class HungUpError(httpx.ReadError):
    """The vendor closed the connection before it answered, twice."""


class Attempts(httpx.AsyncBaseTransport):
    """Sends each request once."""

    def __init__(
        self, connections: int, networks: Sequence[Network], on_call: Callable[[], None], wire: Wire
    ) -> None:
        """Keep so many connections, to public addresses and `networks`; `on_call` hears of attempts."""
        self._connections = connections
        self._networks = networks
        self._on_call = on_call
        self._wire = wire
        self._checked: set[str] = set()
        """Hosts that passed: one, as only the own origin is asked."""
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        The whole answer to a request.

        Raises:
            AdapterError: it may not be sent there, or the answer is not one that may be read.
            httpx.TransportError: there was none, or only a part.
        """
        if request.url.host not in self._checked:
            self._check(request.url.host)
        try:
            async with asyncio.timeout(min(ATTEMPT, remaining())):
                return await self._replayed(request)
        except TimeoutError as exc:
            raise httpx.ReadTimeout("no answer in time", request=request) from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise self._translated(exc, request) from exc

    def _check(self, host: str) -> None:
        """Let a host pass that is a name, which the resolver checks, or an address that the source may go to."""
        if is_address(host):
            try:
                check(host.strip("[]"), self._networks)
            except ForbiddenAddressError as exc:
                raise self._alarm(exc) from None
        self._checked.add(host)

    async def _replayed(self, request: httpx.Request) -> httpx.Response:
        """The answer; a question that met a connection which the vendor was just closing is sent once more."""
        try:
            return await self._sent(request)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError):
            if request.method != "GET":
                raise
        try:
            return await self._sent(request)
        except (aiohttp.ServerDisconnectedError, ConnectionResetError) as exc:
            raise HungUpError("the connection was closed", request=request) from exc

    async def _sent(self, request: httpx.Request) -> httpx.Response:
        self._on_call()
        async with self._opened().request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=[(name.decode("latin-1"), text.decode("latin-1")) for name, text in request.headers.raw],
            data=await request.aread() or None,
            allow_redirects=False,
        ) as answer:
            raw = answer.raw_headers
            _check_head(answer.status, raw)
            body = await whole(answer.content.readany, answer.headers.get("Content-Encoding", ""))
            headers = [pair for pair in raw if pair[0].lower() not in _UNPACKED]
            return _response(answer.status, headers, body)

    def _opened(self) -> aiohttp.ClientSession:
        """The session; it belongs to the event loop and is made when it is first used there."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=Resolver(self._networks, self._wire.lookup),
                ssl=self._wire.tls,
                limit=self._connections,
                keepalive_timeout=KEEP_ALIVE,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_TIMEOUT,
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=_OURS,
                max_line_size=HEADER,
                max_field_size=HEADER,
            )
            # It would send a question twice by itself, unseen by whoever counts and bounds calls.
            self._session._retry_connection = False  # noqa: SLF001 - there is no public way
        return self._session

    def _translated(self, exc: Exception, request: httpx.Request) -> Exception:  # noqa: PLR0911 - a table
        """What went wrong on the wire, in httpx's words or ours."""
        match exc:
            case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
                log.error("a vendor's certificate or TLS was not accepted: %s", type(exc).__name__)
                return UnavailableError("the vendor's certificate or TLS was not accepted")
            case aiohttp.ClientConnectorError() if isinstance(exc.os_error, ForbiddenAddressError):
                return self._alarm(exc.os_error)
            case aiohttp.ServerTimeoutError():
                return httpx.ReadTimeout("no answer in time", request=request)
            case aiohttp.ClientConnectorError():
                return httpx.ConnectError("no connection", request=request)
            case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
                return httpx.ReadError("the connection was closed", request=request)
            case aiohttp.ClientPayloadError():  # it ended early: a reset and an end look the same from here
                return httpx.ReadError("the connection was closed", request=request)
            case aiohttp.ClientResponseError():
                return PayloadError("an answer that is not HTTP")
            case ValueError():
                return PayloadError("a request that cannot be sent")
            case _:
                return httpx.ConnectError("no connection", request=request)

    def _alarm(self, exc: ForbiddenAddressError) -> UnavailableError:
        log.error("a vendor's name led to %s", exc.args[0] if exc.args else "an address that is not allowed")
        return forbidden()

    async def drop(self) -> None:
        """Close all connections: the next request opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def aclose(self) -> None:
        """Close all connections."""
        await self.drop()


_NOTHING = httpx.ByteStream(b"")


def _response(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> httpx.Response:
    """A response that was read to its end: given as content, its body would go through a stream once more."""
    response = httpx.Response(status, headers=headers, stream=_NOTHING)
    response._content = body  # noqa: SLF001 - as its own `aread` would set it
    return response


_UNPACKED = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Headers that speak of the body as it was sent."""


def _check_head(status: int, raw: Sequence[tuple[bytes, bytes]]) -> None:
    """
    Let an answer pass whose length is beyond doubt and whose status is one.

    Raises:
        PayloadError: two parties could disagree on where it ends, or it is too large.
    """
    if not 200 <= status <= 599:
        raise PayloadError(f"unexpected status ({status})")
    names = [name.lower() for name, _ in raw]
    if names.count(b"content-length") > 1 or (b"content-length" in names and b"transfer-encoding" in names):
        raise PayloadError("an answer with two lengths")
    if sum([len(name) + len(text) for name, text in raw]) > _HEADERS:
        raise PayloadError(f"headers of more than {_HEADERS // 1024} KiB")
