"""Sandboxes as the benchmarks use them: with a latency, and a count of the requests for data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from student_graph.adapters.sandbox.serving import Sandbox

NO_DATA = ("/oauth/", "availableChangeVersions")
"""Parts of the paths of requests that read no data."""


def slow_down(sandboxes: Iterable[Sandbox], latency: float, jitter: float) -> None:
    """Delay every response by so many milliseconds, more or less by the jitter."""
    for sandbox in sandboxes:
        sandbox.switches.latency, sandbox.switches.jitter = latency, jitter


def answer_again_from_memory(sandboxes: Iterable[Sandbox]) -> None:
    """
    Let sandboxes that are not served yet, and whose data do not change, make each response to a GET request once.

    A page of 500 rows takes 5 to 15 ms of the one thread that serves all sandboxes: of 40 pages at once, the last
    one would come half a second after the latency that `slow_down` sets.
    """
    for sandbox in sandboxes:
        app = _Remembering(Router(sandbox.routes()))
        sandbox.routes = lambda app=app: [Mount("", app)]  # type: ignore[method-assign,misc] # of this sandbox alone


class _Remembering:
    """An application that sends the response to a GET request again when the request is repeated."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._responses: dict[tuple[str, bytes], list[Message]] = {}
        """By path and query, what was sent with status 200."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request from memory, or by the application."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        name = (scope["path"], scope["query_string"])
        messages = self._responses.get(name)
        if messages is None:
            messages = []

            async def keep(message: Message) -> None:
                messages.append(message)

            await self._app(scope, receive, keep)
            if messages[0]["status"] == 200:
                self._responses[name] = messages
        for message in messages:
            await send(message)


def take_requests(sandboxes: Iterable[Sandbox]) -> list[str]:
    """Return the requests that reached the sandboxes since the last call, as method, path and query."""
    requests = []
    for sandbox in sandboxes:
        requests += sandbox.requests
        sandbox.requests.clear()
    return requests


def data_calls(requests: Sequence[str]) -> int:
    """Return the number of requests for data."""
    return sum(map(is_data, requests))


def is_data(request: str) -> bool:
    """Return whether a request is for data: not for a token, a version or the discovery document."""
    path = request.split(" ", 1)[1]
    return path != "/" and not any(part in path for part in NO_DATA)
