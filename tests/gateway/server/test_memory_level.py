"""A process that answers ever new documents, purposes and viewers takes no more memory than at first."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
import weakref
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from student_graph.gateway.authorization import reach_cache
from student_graph.gateway.cache import Limits
from student_graph.gateway.documents import cost_cache, store
from student_graph.gateway.execution import EncodingExecutor
from student_graph.gateway.execution.plan import PlanCache
from student_graph.gateway.execution.row_cache import RowCache
from student_graph.gateway.server import process
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.web.load_shedding import LoadLimits
from tests.gateway.execution.product import lms, sis
from tests.long_runs import size
from tests.resolvers.third_party import third_party_source
from tests.resolvers.two_districts import VIEWER, World

VIEWERS = {f"viewer-{number}": replace(VIEWER, subject=f"viewer {number}") for number in range(300)}
WARM_UP, MEASURED = size(64, 400), size(16, 400)
"""Requests that fill the caches, and requests after which the memory is compared."""
CACHE_BYTES = 100_000
"""Memory of each cache, so that few requests fill it."""
MAX_GROWTH_BLOCKS = 2_000
"""Blocks of memory: a plan has about as many, and the caches hold more or fewer of them from time to time."""


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Application:
    """A gateway whose caches are small."""
    monkeypatch.setattr(EncodingExecutor, "plans", PlanCache(4 * CACHE_BYTES))
    monkeypatch.setattr(EncodingExecutor, "row_cache", RowCache(CACHE_BYTES))
    monkeypatch.setattr(cost_cache, "MAX_CACHED_BYTES", CACHE_BYTES // 10)
    monkeypatch.setattr(reach_cache, "MAX_CACHED_BYTES", CACHE_BYTES // 10)
    monkeypatch.setattr(store, "MAX_CACHED_BYTES", CACHE_BYTES)
    monkeypatch.setattr("student_graph.gateway.auth.jwt.MAX_CACHED_TOKEN_BYTES", CACHE_BYTES // 10)
    world = World([third_party_source("sis", sis()), third_party_source("lms", lms())], VIEWER)
    return Application(
        Service(
            list(world.districts().values()),
            VIEWERS,
            cache_limits=Limits(memory=4 * CACHE_BYTES),
            load_limits=LoadLimits(wait=600.0, burst=600.0),
        )
    )


def request(number: int) -> dict[str, Any]:
    """A request unlike all others: a valid document, one with a mistake, or one with a condition."""
    fields = (
        f"n{number}: id name {{ firstName }} courseGrades {{ c{number}: courseName }} enrollments {{ entryDate }}"
    )
    if number % 4 == 0:
        fields += f" unknown{number}"
    fields += f" ... @include(if: $on) {{ x{number}: studentUniqueId }}"
    variables = {"id": str(number % 3 + 1), "on": number % 2 == 1, f"v{number}": [number] * 50}
    query = f"query Q{number}($id: String, $on: Boolean!) {{ student(studentUniqueId: $id) {{ {fields} }} }}"
    return {"query": query, "variables": variables}


async def answer(app: Any, number: int) -> bytes:
    """The response to a request of one of the viewers, with a purpose of its own."""
    sent: list[Any] = []
    body = json.dumps(request(number)).encode()
    messages = [{"type": "http.request", "body": body}]
    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", f"Bearer viewer-{number % len(VIEWERS)}".encode()),
        (b"student-graph-purpose", f"purpose {number}".encode()),
    ]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


@pytest.mark.long_run
async def test_memory_is_level_after_the_first_requests(application: Application) -> None:
    """
    More documents, variables, purposes and viewers than are remembered add nothing; the caches are full before.

    Every part of the account stays within its bound.
    """
    for number in range(WARM_UP):
        content = json.loads(await answer(application.asgi, number))
        assert ("errors" in content) == (number % 4 == 0), content
    blocks = []
    for start in (WARM_UP, WARM_UP + MEASURED):
        for number in range(start, start + MEASURED):
            await answer(application.asgi, number)
            for name, row in application.memory.report().items():
                assert row["bytes"] <= row["maxBytes"], name
        gc.collect()
        blocks.append(sys.getallocatedblocks())

    assert application.memory.used_bytes > application.memory.max_bytes / 4
    assert blocks[1] - blocks[0] <= MAX_GROWTH_BLOCKS


def test_the_first_settings_are_freed_when_others_are_in_use(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process does not keep what a reload has removed."""

    def reload(server: Any, **_: Any) -> None:
        assert server._garbage_collection._cached_bytes() == server._reloadable.application.memory.used_bytes
        first = weakref.ref(server._reloadable.application)
        server._reloadable._running.application = application
        gc.collect()
        assert first() is None
        assert server._garbage_collection._cached_bytes() == application.memory.used_bytes
        raise StopIteration

    for name in ("logs.configure", "configure_allocator", "signal.signal"):
        monkeypatch.setattr(f"student_graph.gateway.server.process.{name}", lambda *_, **__: None)
    monkeypatch.setattr(process._Server, "run", reload)
    loader: Any = SimpleNamespace()
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(StopIteration):
        process.run(Service([], {}), listener, lambda: None, loader)
