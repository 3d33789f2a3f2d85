"""
Servers under load, each in a process of its own: `python -m benchmarks.support.servers NAME PORT STUDENTS`.

- `gateway`: the gateway over the district in memory; it executes each operation, with cached records.
- `shedding`: the same with the default load shedding.
- `cached`: the gateway with its default cache, which also holds complete responses.

These have the connections, early refusals and garbage collection of `student-graph serve`. The others run on
uvicorn alone:

- `stock`: Strawberry's own view and executor with the same schema, context and data.
- `static`: a Starlette route that sends the bytes of one response of `gateway`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.asgi import GraphQL

from benchmarks.support.district import VIEWER, make_district, make_records, make_source
from benchmarks.support.in_process import NO_LOAD_SHEDDING, create_app, create_service, post
from student_graph.gateway.cache import Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.clients.connection_table import ConnectionTable
from student_graph.gateway.server.garbage import GarbageCollection
from student_graph.gateway.server.process import server_config
from student_graph.gateway.server.service import Application
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.load_shedding import LoadLimits
from student_graph.resolvers.context import Context
from student_graph.resolvers.schema import make_schema

HOLD_SAMPLE_SECONDS = 0.001


def cached(students: int) -> uvicorn.Config:
    """The gateway with its default cache, which includes complete responses."""
    return _gateway_server(students, Limits())


def gateway(students: int) -> uvicorn.Config:
    """The gateway, which caches records but no complete responses."""
    return _gateway_server(students, Limits(responses=False))


def shedding(students: int) -> uvicorn.Config:
    """The gateway of `gateway` with the default load shedding; it also measures holds of its event loop."""
    return _gateway_server(students, Limits(responses=False), LoadLimits(), HoldProbe)


def _gateway_server(
    students: int,
    limits: Limits,
    loads: LoadLimits = NO_LOAD_SHEDDING,
    wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> uvicorn.Config:
    """The gateway's own server."""
    service = create_service(make_district(make_source(make_records(students))), limits=limits, loads=loads)
    application = Application(service)
    GarbageCollection(cached_bytes=lambda: application.memory.used_bytes).start()
    return server_config(wrap(application.asgi), ConnectionTable(), refuses=application.early_refusals.refuses)


class HoldProbe:
    """Sends requests to an app, and answers those for `/holds` with the holds of the event loop in between."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._holds: list[tuple[float, float]] = []
        self._probe: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. The holds are the longest ones since the last answer, in milliseconds."""
        if scope["type"] == "http" and scope["path"] == "/holds":
            await self._send_holds(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _send_holds(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._probe = self._probe or asyncio.create_task(self._measure())
        elapsed = sorted(seconds for seconds, _ in self._holds)
        worked = sorted(seconds for _, seconds in self._holds)
        names = {"elapsed": elapsed, "worked": worked}
        figures = {name: {"max": _ms(s, 1.0), "p99": _ms(s, 0.99)} for name, s in names.items()}
        self._holds.clear()
        await JSONResponse(figures)(scope, receive, send)

    async def _measure(self) -> None:
        """Note, each millisecond or as soon as the loop is free, how long it was held, and the work meanwhile."""
        loop = asyncio.get_running_loop()
        while True:
            started, worked = loop.time(), time.thread_time()
            await asyncio.sleep(HOLD_SAMPLE_SECONDS)
            self._holds.append((loop.time() - started - HOLD_SAMPLE_SECONDS, time.thread_time() - worked))


def _ms(seconds: list[float], share: float) -> float:
    """The milliseconds at a share of sorted seconds; 0 without any."""
    return seconds[int((len(seconds) - 1) * share)] * 1000 if seconds else 0.0


class _StrawberryView(GraphQL[Context, None]):
    """Strawberry's view with the gateway's context."""

    def __init__(self, students: int) -> None:
        super().__init__(make_schema())
        self._pipeline = FetchPipeline([make_district(make_source(make_records(students)))], HmacSigner(b"k" * 32))

    async def get_context(self, request: Any, response: Any) -> Context:
        return self._pipeline.start_operation(VIEWER)


def stock(students: int) -> ASGIApp:
    """Strawberry's own view and executor."""
    return _StrawberryView(students)


def static(students: int) -> ASGIApp:
    """A route that sends the bytes of one response of `gateway`."""
    body = asyncio.run(post(create_app(make_district(make_source(make_records(students))))))

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


SERVERS: dict[str, Callable[[int], ASGIApp | uvicorn.Config]] = {
    "gateway": gateway,
    "shedding": shedding,
    "cached": cached,
    "stock": stock,
    "static": static,
}


def main() -> None:
    """Serve until the process is stopped."""
    name, port, students = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    server = SERVERS[name](students)
    if isinstance(server, uvicorn.Config):
        config = server
    else:
        config = uvicorn.Config(server, log_level="error", access_log=False, server_header=False)
    config.port = port
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
