"""Transports between an adapter and its sandbox. They record requests and can change the responses."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import httpx

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.origins import origin_of
from student_graph.adapters.sandbox.serving import Sandbox

MAX_REQUESTS = 1000
"""Number of requests at which a test assumes that the adapter never stops."""
UNSERVED_URL = "http://sandbox.example"
"""The address of a sandbox that is not served."""
_HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
"""What HTTP allows in the value of a header: https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""


Responses: TypeAlias = dict[tuple[str, str, bytes], httpx.Response]
"""Responses of a vendor by the method, address and body of their requests."""


def copy_of(response: httpx.Response) -> httpx.Response:
    """A response that was not read yet, with the status, headers and body of one that was."""
    return httpx.Response(response.status_code, headers=response.headers, content=response.content)


def _key(request: httpx.Request) -> tuple[str, str, bytes]:
    return request.method, str(request.url), request.content


@cache
def tls_context() -> ssl.SSLContext:
    """The default TLS context, loaded once because loading it takes longer than most tests."""
    return ssl.create_default_context()


def http_transport() -> httpx.AsyncHTTPTransport:
    """A transport over connections, to a sandbox that is served."""
    return httpx.AsyncHTTPTransport(verify=tls_context(), trust_env=False)


class InProcessTransport(httpx.ASGITransport):
    """
    Calls a sandbox in this process, which takes a fourth of the time of a request over a connection.

    The sandbox need not be served; it gets an address if it has none.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        sandbox.url = sandbox.url or UNSERVED_URL
        super().__init__(sandbox.app(), raise_app_exceptions=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Return the sandbox's response.

        Raises:
            httpx.LocalProtocolError: HTTP does not allow the value of a header, such as one with a line break.
        """
        if not all(_HEADER_VALUE.fullmatch(value) for _, value in request.headers.raw):
            raise httpx.LocalProtocolError("a header with a forbidden character", request=request)
        return await super().handle_async_request(request)


class RecordingTransport(httpx.AsyncBaseTransport):
    """Sends requests to the sandbox's origin only, like the gateway's own client, and records each request."""

    def __init__(self, sandbox: Sandbox, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._origin = origin_of(sandbox.url)
        self._inner = inner or InProcessTransport(sandbox)
        self.sent: list[httpx.Request] = []
        self.strayed: list[httpx.Request] = []
        """Requests to other origins, which were not sent."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send a request.

        Raises:
            PayloadError: it goes to another origin.
        """
        if origin_of(request.url) != self._origin:
            self.strayed.append(request)
            raise PayloadError("an address on another origin")
        self.sent.append(request)
        assert len(self.sent) < MAX_REQUESTS, "the adapter does not stop sending requests"
        return await self.respond(request)

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response; subclasses change it."""
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class RememberingTransport(RecordingTransport):
    """Remembers each response of the vendor by its request."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.responses: Responses = {}

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response."""
        response = await super().respond(request)
        await response.aread()
        self.responses[_key(request)] = response
        return copy_of(response)


class FaultyTransport(RecordingTransport):
    """
    Sends the first `good` requests to the vendor, and answers all later ones with a fault.

    A request with a response in `responses` gets that one again. A test that plays many faults so calls the vendor
    once for all of them.
    """

    def __init__(
        self, sandbox: Sandbox, good: int, fault: Callable[[], httpx.Response], responses: Responses | None = None
    ) -> None:
        super().__init__(sandbox)
        self._good, self._fault, self._responses = good, fault, responses or {}

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response, or the fault."""
        if len(self.sent) > self._good:
            return self._fault()
        response = self._responses.get(_key(request))
        return await super().respond(request) if response is None else copy_of(response)


class RewritingTransport(RecordingTransport):
    """Rewrites each response: its body, and the addresses in its `Link` header."""

    def __init__(self, sandbox: Sandbox, rewrite: Callable[[str], str]) -> None:
        super().__init__(sandbox)
        self._rewrite = rewrite

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response, rewritten."""
        response = await super().respond(request)
        body = self._rewrite((await response.aread()).decode())
        await response.aclose()
        headers = [(name, text) for name, text in response.headers.multi_items() if name != "content-length"]
        links = [(name, self._rewrite(text) if name == "link" else text) for name, text in headers]
        return httpx.Response(response.status_code, headers=links, content=body.encode())


class RepeatingTransport(RecordingTransport):
    """Sends the first `good` requests to the vendor, and answers all later ones with the last response."""

    def __init__(self, sandbox: Sandbox, good: int) -> None:
        super().__init__(sandbox)
        self._good = good
        self._last: httpx.Response | None = None

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response, or the last one again."""
        if self._last is None or len(self.sent) <= self._good:
            response = await super().respond(request)
            await response.aread()
            self._last = response
        return copy_of(self._last)


class HoldingTransport(RecordingTransport):
    """Sends the first `good` requests at once, and holds all later ones until `release` is set."""

    def __init__(self, sandbox: Sandbox, good: int) -> None:
        super().__init__(sandbox)
        self._good = good
        self.holding = asyncio.Event()
        """Set when the first request is held."""
        self.release = asyncio.Event()

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response, at once or after the release."""
        if len(self.sent) > self._good:
            self.holding.set()
            await self.release.wait()
        return await super().respond(request)


class InterposingTransport(RecordingTransport):
    """Calls a function once, after the first `good` responses and before the next request is sent."""

    def __init__(self, sandbox: Sandbox, good: int, call: Callable[[], None]) -> None:
        super().__init__(sandbox)
        self._good, self._call = good, call

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response."""
        if len(self.sent) == self._good + 1:
            self._call()
        return await super().respond(request)


def add_property(value: str) -> Callable[[str], str]:
    """
    Return a function that adds an undeclared property to every object of a JSON text; other text is unchanged.
    """

    def add(node: Any) -> Any:
        match node:
            case dict():
                return {name: add(child) for name, child in node.items()} | {"x_note": value, "xNote": value}
            case list():
                return [add(child) for child in node]
            case _:
                return node

    def rewrite(text: str) -> str:
        return json.dumps(add(json.loads(text))) if text.startswith(("{", "[")) else text

    return rewrite
