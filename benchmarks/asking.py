"""Pages asked of the service in this process, without a socket between."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from benchmarks.district import PAGE, SECTION, VIEWER
from student_graph.gateway.cache import Limits
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.server import Service
from student_graph.gateway.web.load_shedding import LoadLimits

TOKEN = "bench-" + "t" * 32
BODY = json.dumps({"query": PAGE, "variables": {"section": SECTION}}).encode()
_HEADERS = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {TOKEN}".encode())]
_SCOPE = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": _HEADERS}


ALL = LoadLimits(wait=60.0, burst=60.0)
"""Everything is taken on: what is measured is how fast it is answered."""
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def application(*districts: Any, limits: Limits | None = None, loads: LoadLimits = ALL) -> ASGIApp:
    """The service over these districts, its record of disclosures in a folder that goes with the process."""
    folder = tempfile.TemporaryDirectory()
    _FOLDERS.append(folder)
    log = DisclosureLog(Path(folder.name), DisclosureKeys(b"k" * 32))
    limits = limits or Limits()
    return Service(
        districts, {TOKEN: VIEWER}, cache_limits=limits, executor="breadth", disclosure_log=log, load_limits=loads
    ).app()


async def ask(app: ASGIApp, body: bytes = BODY) -> bytes:
    """An application's answer to a request."""
    sent: list[Any] = []
    messages: list[Mapping[str, Any]] = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(dict(_SCOPE), receive, send)
    found: bytes = sent[1]["body"]
    return found


async def timed_pages(app: ASGIApp, count: int) -> list[float]:
    """Seconds of each of so many pages, one after the other, the fastest first."""
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        await ask(app)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)
