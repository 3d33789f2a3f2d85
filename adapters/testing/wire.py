"""The way from an adapter to its sandbox: what passes is noted, and a script may interfere."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.origins import origin_of

ENDLESS = 1000
"""Requests after which an adapter is taken never to stop."""


@cache
def tls() -> ssl.SSLContext:
    """Trust as usual, loaded once: it takes longer than most tests."""
    return ssl.create_default_context()


class Wire(httpx.AsyncBaseTransport):
    """Leads to one origin, as the gateway's own client does, and notes each request."""

    def __init__(self, origin: object, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._origin = origin_of(origin)
        self._inner = inner or httpx.AsyncHTTPTransport(verify=tls(), trust_env=False)
        self.sent: list[httpx.Request] = []
        self.strayed: list[httpx.Request] = []
        """Requests to other origins, none of which left."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Pass a request on.

        Raises:
            PayloadError: it goes to another origin.
        """
        if origin_of(request.url) != self._origin:
            self.strayed.append(request)
            raise PayloadError("an address on another origin")
        self.sent.append(request)
        assert len(self.sent) < ENDLESS, "an adapter that never stops asking"
        return await self.answer(request)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """What the vendor answers; a script may answer in its place."""
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class Faulty(Wire):
    """Lets so many requests through to the vendor, and answers all that follow itself."""

    def __init__(self, origin: object, good: int, fault: Callable[[], httpx.Response]) -> None:
        super().__init__(origin)
        self._good, self._fault = good, fault

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, or fail."""
        if len(self.sent) <= self._good:
            return await super().answer(request)
        return self._fault()


class Rewriting(Wire):
    """Has a function rewrite each answer: its body, and the addresses in its `Link` header."""

    def __init__(self, origin: object, rewrite: Callable[[str], str]) -> None:
        super().__init__(origin)
        self._rewrite = rewrite

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The vendor's answer, rewritten."""
        response = await super().answer(request)
        body = self._rewrite((await response.aread()).decode())
        await response.aclose()
        headers = [(name, text) for name, text in response.headers.multi_items() if name != "content-length"]
        links = [(name, self._rewrite(text) if name == "link" else text) for name, text in headers]
        return httpx.Response(response.status_code, headers=links, content=body.encode())


class Repeating(Wire):
    """From some request on, every answer is the same one again."""

    def __init__(self, origin: object, good: int) -> None:
        super().__init__(origin)
        self._good = good
        self._again: httpx.Response | None = None

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The vendor's answer, or the last one that it gave."""
        if self._again is None or len(self.sent) <= self._good:
            self._again = await super().answer(request)
            await self._again.aread()
        again = self._again
        return httpx.Response(again.status_code, headers=again.headers, content=again.content)


class Held(Wire):
    """Lets so many requests through, and holds those that follow until it is told to go on."""

    def __init__(self, origin: object, good: int) -> None:
        super().__init__(origin)
        self._good = good
        self.holding = asyncio.Event()
        self.go_on = asyncio.Event()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, at once or when the time has come."""
        if len(self.sent) > self._good:
            self.holding.set()
            await self.go_on.wait()
        return await super().answer(request)


class Turning(Wire):
    """Does something after so many answers, before the next one."""

    def __init__(self, origin: object, good: int, turn: Callable[[], None]) -> None:
        super().__init__(origin)
        self._good, self._turn = good, turn

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, when the time has come after the turn."""
        if len(self.sent) == self._good + 1:
            self._turn()
        return await super().answer(request)


def planted(canary: str) -> Callable[[str], str]:
    """Adds a property of that value to every object of a JSON text; other text stays as it is."""

    def plant(value: Any) -> Any:
        match value:
            case dict():
                return {name: plant(each) for name, each in value.items()} | {"x_note": canary, "xNote": canary}
            case list():
                return [plant(each) for each in value]
            case _:
                return value

    def rewrite(text: str) -> str:
        return json.dumps(plant(json.loads(text))) if text.startswith(("{", "[")) else text

    return rewrite
