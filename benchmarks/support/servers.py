"""
Servers under load, each in a process of its own: `python -m benchmarks.support.servers NAME PORT STUDENTS`.

- `gateway`: the gateway over the district in memory; it executes each operation, with cached records.
- `shedding`: the same with the default load shedding.
- `cached`: the gateway with its default settings, which also caches complete responses.
- `stock`: Strawberry's own view and executor with the same schema, context and data.
- `static`: a Starlette route that sends the bytes of one response of `gateway`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from strawberry.asgi import GraphQL

from benchmarks.support.district import VIEWER, make_district, make_records, make_source
from benchmarks.support.in_process import create_app, post
from student_graph.gateway.cache import Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server import freeze_garbage_collector
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.load_shedding import LoadLimits
from student_graph.resolvers.context import Context
from student_graph.resolvers.schema import make_schema


def cached(students: int) -> ASGIApp:
    """The gateway with its default cache, which includes complete responses."""
    return _gateway(students, Limits())


def gateway(students: int) -> ASGIApp:
    """The gateway, which caches records but no complete responses."""
    return _gateway(students, Limits(responses=False))


def shedding(students: int) -> ASGIApp:
    """The same as `gateway`, with the default load shedding."""
    app = create_app(
        make_district(make_source(make_records(students))), limits=Limits(responses=False), loads=LoadLimits()
    )
    freeze_garbage_collector()
    return app


def _gateway(students: int, limits: Limits) -> ASGIApp:
    app = create_app(make_district(make_source(make_records(students))), limits=limits)
    freeze_garbage_collector()
    return app


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
    body = asyncio.run(post(gateway(students)))

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


SERVERS = {"gateway": gateway, "shedding": shedding, "cached": cached, "stock": stock, "static": static}


def main() -> None:
    """Serve until the process is stopped."""
    name, port, students = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    uvicorn.run(SERVERS[name](students), port=port, log_level="error", access_log=False, server_header=False)


if __name__ == "__main__":
    main()
