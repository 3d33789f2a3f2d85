"""
A sandbox: a small web application that behaves like a vendor, on a loopback port.

A vendor's `sandbox.py` subclasses `Sandbox` and defines the routes. All sandboxes have the same switches to
simulate problems, such as latency, an outage or throttling (`Switches`). `GET /-/switches` returns them, and
`POST /-/switches` with a JSON object changes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, TypeAlias, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")
FileTable: TypeAlias = Sequence[Sequence[str]]
"""The texts of a file: the names of its columns, and then each row."""

_LOOPBACK = "127.0.0.1"
_STOP_TIMEOUT_SECONDS = 10
QUOTA_SECONDS = 60.0
"""Time in which `Switches.requests_per_minute` are answered."""


@dataclass(slots=True)
class Switches:
    """Problems of a vendor that a test or a user can switch on."""

    latency: float = 0.0
    """Delay of each response in milliseconds."""
    jitter: float = 0.0
    """Milliseconds by which the delay of a response is longer or shorter at most, at random."""
    requests_per_minute: int | None = None
    """Requests that are answered in any minute; the others get the throttling response. None for no limit."""
    down: bool = False
    """Answer every request with the vendor's response for an outage, usually 503."""
    down_after: int | None = None
    """Number of further responses before the vendor goes down; None for never."""
    throttled: bool = False
    """Answer every request with the vendor's own throttling response."""
    page_limit: int | None = None
    """Maximum number of rows on a page, whatever is requested; None for the vendor's own limit."""
    min_page_rows: int | None = None
    """Minimum number of rows on a page, also if fewer are requested; None for what is requested."""
    missing: int = 0
    """
    Number of rows that are missing at the start of every list. A higher number between two pages deletes rows,
    a lower one inserts them.
    """

    shuffled: bool = False
    """Send the rows of every list in another order in each response, as a database does without a sort order."""

    def shown(self, rows: Sequence[T]) -> list[T]:
        """Return the rows of a list that are there now, in their present order."""
        present = list(rows[self.missing :])
        return random.sample(present, len(present)) if self.shuffled else present

    def clamp(self, size: int) -> int:
        """Return the number of rows on a page when `size` rows are requested."""
        size = size if self.page_limit is None else min(size, self.page_limit)
        return size if self.min_page_rows is None else max(size, self.min_page_rows)

    def change(self, values: dict[str, Any]) -> None:
        """
        Set switches by name.

        Raises:
            ValueError: there is no switch of that name.
        """
        names = {f.name for f in fields(self)}
        if unknown := values.keys() - names:
            raise ValueError(f"no such switch: {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
        for name, setting in values.items():
            setattr(self, name, setting)


class Sandbox(ABC):
    """A small web application that behaves like a vendor."""

    kind: ClassVar[str]
    """Name of the adapter for it."""
    token_path: ClassVar[str | None] = None
    """Path of the token endpoint; None if the credentials are fixed."""
    nullable: ClassVar[frozenset[str]] = frozenset()
    """Names of values that the vendor's document allows to be null in any object; empty if it does not say."""

    def __init__(self) -> None:
        self.switches = Switches()
        self.answered_at: deque[float] = deque()
        """When the last requests were answered within `Switches.requests_per_minute`, by the monotonic clock."""
        self.refused = 0
        """Number of requests that got the throttling response."""
        self.requests: list[str] = []
        """Method, path and query of each request, the oldest first, without requests for the switches."""
        self.url = ""
        """Its address without a trailing slash; empty until it is served."""
        self.__app: ASGIApp | None = None  # no name that a subclass may use
        self.loop: asyncio.AbstractEventLoop | None = None
        """The event loop that serves it; None while it is not served."""

    @property
    def address(self) -> str:
        """Where it is, as people read it: its URL, or the folder of a sandbox that is no server."""
        return self.url

    def source_settings(self) -> dict[str, Any]:
        """Return a source's settings: the adapter's, and this machine as an allowed private network."""
        return {**self.settings(), "networks": [f"{_LOOPBACK}/32"]}

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """Return the vendor's routes."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return the adapter's settings for this sandbox at `self.url`."""

    @abstractmethod
    def known_keys(self, kind: str) -> list[str]:
        """
        Return the known keys of a kind, in the form that the adapter receives them; empty if there are none.

        The kinds are `student`, `contact`, `school`, `section`, `staff`, `district` and `assessment`.
        """

    def arguments(self) -> dict[str, Any]:
        """Return values of keyword arguments, such as `school_year`, for which the sandbox has records."""
        return {}

    def revoke(self) -> None:
        """Revoke all issued tokens. A sandbox with a `token_path` overrides this."""
        raise NotImplementedError

    def unavailable_response(self) -> Response:
        """Return the vendor's response during an outage."""
        return JSONResponse({"message": "Service unavailable"}, status_code=503)

    @abstractmethod
    def throttled_response(self) -> Response:
        """Return the vendor's response to too many requests."""

    def tables(self) -> Mapping[str, FileTable]:
        """Return the files of a sandbox that is no server, by name; empty for a server."""
        return {}

    def write_table(self, name: str, table: FileTable) -> None:
        """Write one of the `tables` again, with the time that the file had. A sandbox of files overrides this."""
        raise NotImplementedError

    def between_requests(self, change: Callable[[], T]) -> T:
        """Call a function that changes the data while no request is being answered; returns its result."""
        if self.loop is None:
            return change()

        async def call() -> T:
            return change()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result()

    def app(self) -> ASGIApp:
        """Return the application with its switches, at each call the same one."""
        if self.__app is None:
            switch = Route("/-/switches", self._switch, methods=["GET", "POST"])
            self.__app = _Switched(self, Starlette(routes=[switch, *self.routes()]))
        return self.__app

    async def _switch(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.switches.change(dict(await request.json()))
            except ValueError as exc:
                return JSONResponse({"error": str(exc)}, status_code=400)
        return JSONResponse(asdict(self.switches))


class _Switched:
    """Applies the switches to all requests except those for the switches themselves."""

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
            jitter = random.uniform(-switches.jitter, switches.jitter)
            await asyncio.sleep(max(switches.latency + jitter, 0.0) / 1000)
        if switches.down_after is not None:
            switches.down = switches.down or switches.down_after <= 0
            switches.down_after -= 1
        app = self._app
        if switches.down:
            app = sandbox.unavailable_response()
        elif switches.throttled or self._is_over_quota():
            sandbox.refused += 1
            app = sandbox.throttled_response()
        await app(scope, receive, send)

    def _is_over_quota(self) -> bool:
        """Whether the minute's requests are used up; counts this one if they are not."""
        limit, answered_at = self._sandbox.switches.requests_per_minute, self._sandbox.answered_at
        if limit is None:
            return False
        now = time.monotonic()
        while answered_at and answered_at[0] <= now - QUOTA_SECONDS:
            answered_at.popleft()
        if len(answered_at) >= limit:
            return True
        answered_at.append(now)
        return False


@contextlib.contextmanager
def served(*sandboxes: Sandbox) -> Iterator[None]:
    """
    Serve sandboxes on free loopback ports, in one separate thread, until the block ends.

    Raises:
        RuntimeError: the sandboxes did not start.
    """
    with contextlib.ExitStack() as listeners:
        servers = [_Server(sandbox, listeners.enter_context(_listen())) for sandbox in sandboxes]
        thread = threading.Thread(target=_run, args=(servers,), name="sandboxes", daemon=True)
        thread.start()
        try:
            for server in servers:
                server.ready.wait()
            if not all(server.started for server in servers):
                raise RuntimeError("the sandboxes did not start")
            yield
        finally:
            for server in servers:
                server.sandbox.loop = None
                server.should_exit = True
                server.force_exit = True
            thread.join(timeout=_STOP_TIMEOUT_SECONDS)


def _listen() -> socket.socket:
    """Bind a socket to a free loopback port."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio disables Nagle only with this protocol
    listener.bind((_LOOPBACK, 0))
    return listener


def _run(servers: Sequence[_Server]) -> None:
    """Run the servers, and release the waiting thread even if they fail."""

    async def serve() -> None:
        await asyncio.gather(*(server.serve(sockets=[server.listener]) for server in servers))

    try:
        with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
            runner.run(serve())
    finally:
        for server in servers:
            server.ready.set()


class _Server(uvicorn.Server):
    """The server of one sandbox, which does not handle the signals of the process."""

    def __init__(self, sandbox: Sandbox, listener: socket.socket) -> None:
        self.sandbox = sandbox
        sandbox.url = f"http://{_LOOPBACK}:{listener.getsockname()[1]}"
        super().__init__(uvicorn.Config(sandbox.app(), log_level="critical", access_log=False, lifespan="off"))
        self.listener = listener
        self.ready = threading.Event()
        """Set when the server has started or failed."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and announce it."""
        await super().startup(sockets)
        self.sandbox.loop = asyncio.get_running_loop()
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
