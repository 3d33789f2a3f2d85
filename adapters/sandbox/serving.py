"""
A sandbox: a vendor as a small web application, answering on a loopback port.

A vendor's `sandbox.py` subclasses `Sandbox` and gives its routes. Everybody gets the same switches: latency,
down, down after so many answers, throttled, short pages, rows missing at the head of lists. `GET /-/switches`
reads them, `POST /-/switches` with a JSON object changes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

_HERE = "127.0.0.1"


@dataclass(slots=True)
class Switches:
    """What can go wrong with a sandbox, by hand."""

    latency: float = 0.0
    """Milliseconds before each answer."""
    down: bool = False
    """Answer nothing but 503."""
    down_after: int | None = None
    """Go down after so many more answers; None never does."""
    throttled: bool = False
    """Refuse with the vendor's own throttling answer."""
    page_limit: int | None = None
    """No page holds more rows, whatever is asked for; None leaves it to the vendor's own limit."""
    missing: int = 0
    """So many rows at the head of every list are not there: turned up or down between two pages, rows have been
    deleted or inserted."""

    def clamp(self, size: int) -> int:
        """Rows that a page holds when so many are asked for."""
        return size if self.page_limit is None else min(size, self.page_limit)

    def change(self, changed: dict[str, Any]) -> None:
        """
        Set the switches named.

        Raises:
            ValueError: there is no such switch.
        """
        names = {f.name for f in fields(self)}
        if unknown := changed.keys() - names:
            raise ValueError(f"no such switch: {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
        for name, setting in changed.items():
            setattr(self, name, setting)


class Sandbox(ABC):
    """A vendor as a small web application."""

    kind: ClassVar[str]
    """Name of the adapter that speaks to it."""
    token_path: ClassVar[str | None] = None
    """Where tokens that expire are given out; None where credentials are fixed."""

    def __init__(self) -> None:
        self.switches = Switches()
        self.requests: list[str] = []
        """Method and address of each request, switches left out, oldest first."""
        self.url = ""
        """Where it answers, once it does, without a trailing slash."""

    def source_settings(self) -> dict[str, Any]:
        """The settings of a gateway's source: it must be told that the vendor stands on this machine."""
        return {**self.settings(), "networks": [f"{_HERE}/32"]}

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's routes."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Settings with which the adapter reaches this sandbox at `self.url`."""

    @abstractmethod
    def known_keys(self, kind: str) -> list[str]:
        """
        Keys of a kind that it can answer, as the adapter is given them; empty when it knows none of that kind.

        Kinds are `student`, `contact`, `school`, `section`, `staff`, `district` and `assessment`.
        """

    def arguments(self) -> dict[str, Any]:
        """Values for lookups' keyword arguments, such as `school_year`, under which the sandbox has answers."""
        return {}

    def revoke(self) -> None:
        """Forget every token that was given out; a vendor that has a `token_path` says how."""
        raise NotImplementedError

    def unavailable_response(self) -> Response:
        """What the vendor answers when it is down."""
        return JSONResponse({"message": "Service unavailable"}, status_code=503)

    @abstractmethod
    def throttled_response(self) -> Response:
        """What the vendor answers when it throttles."""

    def app(self) -> ASGIApp:
        """The application, switches included."""
        return _Switched(
            self, Starlette(routes=[Route("/-/switches", self._switch, methods=["GET", "POST"]), *self.routes()])
        )

    async def _switch(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.switches.change(dict(await request.json()))
            except ValueError as exc:
                return JSONResponse({"error": str(exc)}, status_code=400)
        return JSONResponse(asdict(self.switches))


class _Switched:
    """Applies the switches to every request but the switches' own."""

    def __init__(self, sandbox: Sandbox, app: ASGIApp) -> None:
        self._sandbox = sandbox
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/-/switches":
            await self._app(scope, receive, send)
            return
        sandbox, switches = self._sandbox, self._sandbox.switches
        query = scope["query_string"].decode()
        sandbox.requests.append(f"{scope['method']} {scope['path']}{'?' + query if query else ''}")
        if switches.latency:
            await asyncio.sleep(switches.latency / 1000)
        if switches.down_after is not None:
            switches.down = switches.down or switches.down_after <= 0
            switches.down_after -= 1
        app = (
            sandbox.unavailable_response()
            if switches.down
            else sandbox.throttled_response()
            if switches.throttled
            else self._app
        )
        await app(scope, receive, send)


@contextlib.contextmanager
def served(*sandboxes: Sandbox) -> Iterator[None]:
    """Serve sandboxes on free loopback ports, in one thread of their own, until the block ends."""
    sockets = []
    servers = []
    for sandbox in sandboxes:
        bound = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio turns Nagle off only where this is said
        bound.bind((_HERE, 0))
        sandbox.url = f"http://{_HERE}:{bound.getsockname()[1]}"
        config = uvicorn.Config(sandbox.app(), log_level="critical", access_log=False, lifespan="off")
        servers.append(_Server(config))
        sockets.append(bound)

    async def run() -> None:
        await asyncio.gather(
            *(server.serve(sockets=[bound]) for server, bound in zip(servers, sockets, strict=True))
        )

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="sandboxes", daemon=True)
    thread.start()
    try:
        while not all(server.started for server in servers):
            if not thread.is_alive():
                raise RuntimeError("the sandboxes did not start")
            time.sleep(0.005)
        yield
    finally:
        for server in servers:
            server.should_exit = True
            server.force_exit = True
        thread.join(timeout=10)
        for bound in sockets:
            bound.close()


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
