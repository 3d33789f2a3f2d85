"""The gateway as an ASGI app in this process, and requests to it without a socket."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from benchmarks.support.district import PAGE, SECTION, VIEWER
from student_graph.gateway.cache import Limits
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.gateway.fetch.pipeline import OPERATION_TIMEOUT_SECONDS
from student_graph.gateway.server.service import Service
from student_graph.gateway.telemetry import TelemetrySettings
from student_graph.gateway.web.load_shedding import LoadLimits
from student_graph.resolvers.context import Viewer, ViewerRole

TOKEN = "bench-" + "t" * 32
SERVICE_TOKEN = "bench-" + "s" * 32
"""Token of a service that may see the same as the viewer."""
PAGE_REQUEST = json.dumps({"query": PAGE, "variables": {"section": SECTION}}).encode()
_HEADERS = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {TOKEN}".encode())]
_ASGI_SCOPE = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": _HEADERS}


NO_LOAD_SHEDDING = LoadLimits(wait=60.0, burst=60.0)
"""Admits every request, for benchmarks that measure the speed of responses."""
LARGE_ANSWERS = DocumentLimits(answer_records=100_000, answer_mib=32)
"""Admits a page of 2,000 students, which has more records than an answer may have by default."""
_LOG_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []
"""Folders of disclosure logs; they are deleted when the process ends."""


def create_app(*districts: Any, **options: Any) -> ASGIApp:
    """The gateway over these districts; `options` are those of `create_service`."""
    return create_service(*districts, **options).app()


def create_service(
    *districts: Any,
    limits: Limits | None = None,
    loads: LoadLimits = NO_LOAD_SHEDDING,
    operation_seconds: float = OPERATION_TIMEOUT_SECONDS,
    viewer: Viewer = VIEWER,
    telemetry: TelemetrySettings | None = None,
) -> Service:
    """The service of these districts for a viewer, with a disclosure log in a temporary folder."""
    folder = tempfile.TemporaryDirectory()
    _LOG_FOLDERS.append(folder)
    log = DisclosureLog(Path(folder.name), DisclosureKeys(b"k" * 32))
    limits = limits or Limits()
    viewers = {TOKEN: viewer, SERVICE_TOKEN: replace(VIEWER, subject="service", role=ViewerRole.SERVICE)}
    return Service(
        districts,
        viewers,
        cache_limits=limits,
        executor="breadth",
        disclosure_log=log,
        load_limits=loads,
        document_limits=LARGE_ANSWERS,
        operation_seconds=operation_seconds,
        telemetry=telemetry or TelemetrySettings(),
    )


async def post(app: ASGIApp, body: bytes = PAGE_REQUEST) -> bytes:
    """The body of an app's response to a POST request."""
    sent_messages: list[Any] = []
    messages: list[Mapping[str, Any]] = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent_messages.append(message)

    await app(dict(_ASGI_SCOPE), receive, send)
    return b"".join([message["body"] for message in sent_messages[1:]])


async def page_seconds(app: ASGIApp, count: int) -> list[float]:
    """The seconds that each of `count` sequential page requests took, in ascending order."""
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        await post(app)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)
