"""
Servers to send load to, each a process of its own: `python -m benchmarks.servers NAME PORT STUDENTS`.

`gateway` is the service itself over the district in memory, carrying out each operation anew from what is cached;
`whole` is the same with whole answers, as it is served; `stock` is Strawberry's own view and executor on the same
schema, context and data, `static` a Starlette route that sends bytes made beforehand.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp
from strawberry.asgi import GraphQL

from benchmarks.district import PAGE, SECTION, VIEWER, district, records, source
from gateway.cache import Limits
from gateway.fetching import Operations
from gateway.seal import HmacSeal
from gateway.server import Service, spare_collector
from resolvers.context import Context
from resolvers.schema import make_schema

TOKEN = "bench-" + "t" * 32
BODY = json.dumps({"query": PAGE, "variables": {"section": SECTION}}).encode()
"""What the load sends."""


def whole(students: int) -> ASGIApp:
    """The service, as it is served."""
    return _service(students, Limits())


def gateway(students: int) -> ASGIApp:
    """The service, which keeps answers of sources but none of its own."""
    return _service(students, Limits(whole=False))


def _service(students: int, limits: Limits) -> ASGIApp:
    sources = [district(source(records(students)))]
    made = Service(sources, {TOKEN: VIEWER}, cache=limits, executor="breadth").app()
    spare_collector()
    return made


class _Stock(GraphQL[Context, None]):
    """Strawberry's view, with our context."""

    def __init__(self, students: int) -> None:
        super().__init__(make_schema())
        self._operations = Operations([district(source(records(students)))], HmacSeal(b"k" * 32))

    async def get_context(self, request: Any, response: Any) -> Context:
        return self._operations.begin(VIEWER)


def stock(students: int) -> ASGIApp:
    """Strawberry as it comes."""
    return _Stock(students)


def static(students: int) -> ASGIApp:
    """The gateway's own bytes, made once."""
    body = asyncio.run(_bytes(gateway(students)))

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


async def _bytes(app: ASGIApp) -> bytes:
    """What an application answers to the load's request."""
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": BODY}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {TOKEN}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    body: bytes = sent[1]["body"]
    return body


SERVERS = {"gateway": gateway, "whole": whole, "stock": stock, "static": static}


def main() -> None:
    """Serve until told to stop."""
    name, port, students = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    uvicorn.run(SERVERS[name](students), port=port, log_level="error", access_log=False, server_header=False)


if __name__ == "__main__":
    main()
