"""Records what a vendor answers, while an adapter asks it."""

from __future__ import annotations

import json
import re

import httpx

from student_graph.adapters.recording.recording import Exchange
from student_graph.adapters.recording.scrubbing import Scrubber

KEPT_HEADERS = frozenset({
    "content-type", "total-count", "x-total-count", "retry-after", "etag-version",
})  # fmt: skip
"""Headers of a response whose values are about nobody. Of `Link`, the addresses and relations are kept."""
PAGE_TOKEN_HEADER = "next-page-token"  # noqa: S105 - the name of a header
_TOKEN_REQUEST = re.compile(rb"(^|&)grant_type=")


class Recorder:
    """Keeps scrubbed copies of the requests that pass, and of their responses."""

    def __init__(self, scrubber: Scrubber) -> None:
        """Keep nothing that `scrubber` has not seen."""
        self._scrubber = scrubber
        self.exchanges: list[Exchange] = []

    def around(self, transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """A transport that sends requests by another one, and records them, except for requests for tokens."""
        return _RecordedTransport(transport, self)

    def add(self, request: httpx.Request, response: httpx.Response, content: bytes) -> None:
        """Record a request and its response."""
        if not is_token_request(request):
            self.exchanges.append(self._exchange(request, response, content))

    def _exchange(self, request: httpx.Request, response: httpx.Response, content: bytes) -> Exchange:
        try:
            body = self._scrubber.body(json.loads(content))
        except ValueError:
            body = None
        # After the response: a value of the request that comes again in it is the same made-up one, in one piece.
        sent = self._scrubber.request_body(request.content)
        target = self._scrubber.target(request.url.raw_path.decode("ascii"))
        headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
        if PAGE_TOKEN_HEADER in response.headers:
            headers[PAGE_TOKEN_HEADER] = self._scrubber.token(response.headers[PAGE_TOKEN_HEADER])
        if "link" in response.headers:
            headers["link"] = self._scrubber.link(response.headers["link"])
        return Exchange(request.method, target, response.status_code, sent, headers, body)


def is_token_request(request: httpx.Request) -> bool:
    """Whether a request is for an access token: neither it nor its response is ever written."""
    return request.method == "POST" and _TOKEN_REQUEST.search(request.content) is not None


class _RecordedTransport(httpx.AsyncBaseTransport):
    """Passes requests on."""

    def __init__(self, inner: httpx.AsyncBaseTransport, recorder: Recorder) -> None:
        self._inner, self._recorder = inner, recorder

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response of the vendor."""
        response = await self._inner.handle_async_request(request)
        self._recorder.add(request, response, await response.aread())
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
