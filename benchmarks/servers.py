"""
Servers to send load to, each a process of its own: `python -m benchmarks.servers NAME PORT STUDENTS`.

`gateway` is the service itself over the district in memory, carrying out each operation anew from what is cached;
`shedding` is that as it meets an overload; `whole` is the same with whole answers, as it is served; `stock` is
Strawberry's own view and executor on the same schema, context and data; `static` is a Starlette route that sends
bytes made beforehand.
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

from benchmarks.asking import application, ask
from benchmarks.district import VIEWER, district, records, source
from student_graph.gateway.cache import Limits
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server import freeze_garbage_collector
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.load_shedding import LoadLimits
from student_graph.resolvers.context import Context
from student_graph.resolvers.schema import make_schema


def whole(students: int) -> ASGIApp:
    """The service, as it is served."""
    return _service(students, Limits())


def gateway(students: int) -> ASGIApp:
    """The service, which keeps answers of sources but none of its own."""
    return _service(students, Limits(responses=False))


def shedding(students: int) -> ASGIApp:
    """The same as `gateway`, which takes on no more than it can answer, as it is served."""
    made = application(district(source(records(students))), limits=Limits(responses=False), loads=LoadLimits())
    freeze_garbage_collector()
    return made


def _service(students: int, limits: Limits) -> ASGIApp:
    made = application(district(source(records(students))), limits=limits)
    freeze_garbage_collector()
    return made


class _Stock(GraphQL[Context, None]):
    """Strawberry's view, with our context."""

    def __init__(self, students: int) -> None:
        super().__init__(make_schema())
        self._operations = FetchPipeline([district(source(records(students)))], HmacSigner(b"k" * 32))

    async def get_context(self, request: Any, response: Any) -> Context:
        return self._operations.start_operation(VIEWER)


def stock(students: int) -> ASGIApp:
    """Strawberry as it comes."""
    return _Stock(students)


def static(students: int) -> ASGIApp:
    """The gateway's own bytes, made once."""
    body = asyncio.run(ask(gateway(students)))

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


SERVERS = {"gateway": gateway, "shedding": shedding, "whole": whole, "stock": stock, "static": static}


def main() -> None:
    """Serve until told to stop."""
    name, port, students = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    uvicorn.run(SERVERS[name](students), port=port, log_level="error", access_log=False, server_header=False)


if __name__ == "__main__":
    main()
