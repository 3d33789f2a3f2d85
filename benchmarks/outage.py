"""
`outage`: what vendors that fail cost those who ask.

All vendors down while what is kept is stale; one of four that hangs; and a vendor that fails every request, by how
much more it is asked than it would have been.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import httpx
from pydantic import AnyHttpUrl

from benchmarks.asking import application, ask, timed_pages
from benchmarks.district import HERE, SECTION, district, records, source
from benchmarks.measuring import Row
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AcademicRecord, StudentId
from student_graph.adapters.sources import Freshness, Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.http import create_client
from student_graph.gateway.telemetry import count_call

STALE, DEADLINE, AMPLIFIED = 1.2, 5.5, 1.1
"""p99 of a stale page over a fresh one; seconds of a page of which one vendor hangs; calls over questions."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    rows = await _stale(100 if quick else 1000)
    rows += await _amplified(100 if quick else 1000)
    return rows if quick else rows + await _hanging()


class _Failing:
    """A source in memory that can be switched off."""

    def __init__(self) -> None:
        kept = records(30)
        made = source(kept)
        ages = {lookup: Freshness(timedelta(seconds=0.2), timedelta(hours=1)) for lookup in kept.by_lookup}
        self.source = replace(made, freshness_by_lookup=ages)

    def fail(self) -> None:
        """Answer nothing any more."""

        async def down(*_: Any, **__: Any) -> Any:
            raise UnavailableError("failing (503)")

        for lookup in self.source.freshness_by_lookup:
            setattr(self.source.adapter, lookup, down)


async def _stale(count: int) -> list[Row]:
    """Pages of a class of 30 from what is kept, fresh and then stale."""
    failing = _Failing()
    app = application(district(failing.source), limits=Limits(responses=False))
    await ask(app)
    fresh = await timed_pages(app, count)
    await asyncio.sleep(0.3)
    failing.fail()
    await ask(app)
    stale = await timed_pages(app, count)
    data = json.loads(await ask(app))
    marks = [each["stale"] for each in _provenances(data["data"])]
    place = int(count * 0.99) - 1
    return [
        Row("outage", "all vendors down", "p99 over fresh", stale[place] / fresh[place], "x", STALE),
        Row("outage", "all vendors down", "median over fresh", stale[count // 2] / fresh[count // 2], "x"),
        Row("outage", "all vendors down", "values marked stale", sum(marks) / len(marks), "x", 1.0, "higher"),
        Row("outage", "all vendors down", "errors", len(data.get("errors", ())), "errors", 0.0),
    ]


def _provenances(part: Any) -> list[Mapping[str, Any]]:
    """Every provenance inside an answer."""
    if isinstance(part, list):
        return [found for each in part for found in _provenances(each)]
    if not isinstance(part, dict):
        return []
    own = [part["provenance"]] if "provenance" in part else []
    return own + [found for name, each in part.items() if name != "provenance" for found in _provenances(each)]


class _Records(Adapter):
    """A vendor that keeps academic records, all of them one request away."""

    async def academic_records_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AcademicRecord]]:
        """None of anybody's, once the vendor answers."""
        (await self.http.get("/")).raise_for_status()
        return {key: [] for key in ids}


Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def _silence(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _down(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


@contextlib.asynccontextmanager
async def _vendor(script: Script) -> AsyncIterator[tuple[Source, list[None]]]:
    """A source whose vendor does so, and the requests that it got."""
    got: list[None] = []
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                got.append(None)
                await script(writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        settings = AdapterSettings(
            base_url=AnyHttpUrl(f"http://{host}:{port}"), networks=(ip_network("127.0.0.0/8"),)
        )
        http: httpx.AsyncClient = create_client(settings, count_call)
        yield Source("records", "http", HERE, _Records("records", settings, http)), got
        await http.aclose()
        server.close()
        for task in serving:
            assert task is not None
            task.cancel()
        await asyncio.sleep(0.01)  # until its connections are closed


async def _amplified(count: int) -> list[Row]:
    """How often a vendor that fails every request is asked, over how often it would have been."""
    query = 'query { node(id: "%s") { ... on Section { roster { student { academicRecords { schoolYear } } } } } }'
    async with _vendor(_down) as (failing, got):
        app = application(district(source(records(1)), failing))
        body = json.dumps({"query": query % SECTION}).encode()
        for _ in range(count):
            await ask(app, body)
    return [Row("outage", "a vendor that always fails", "calls over questions", len(got) / count, "x", AMPLIFIED)]


async def _hanging() -> list[Row]:
    """A page of four sources of which one hangs, before the breaker opens and after."""
    query = """query ($section: ID!) { section(id: $section) { courseTitle roster { student { studentUniqueId
        courseGrades { numeric } assessments { schoolYear } academicRecords { schoolYear } } } } }"""
    body = json.dumps({"query": query, "variables": {"section": SECTION}}).encode()
    kept = records(30).by_lookup
    names = [("roster", set(kept) - {"course_grades_by_student", "assessment_results_by_student"})]
    names += [("grades", {"course_grades_by_student"}), ("tests", {"assessment_results_by_student"})]
    well = [replace(source(records(30), name), allowed_lookups=frozenset(only)) for name, only in names]
    async with _vendor(_silence) as (hanging, _):
        app = application(district(*well, hanging), limits=Limits(memory=0))
        started = time.perf_counter()
        first = json.loads(await ask(app, body))
        slow = time.perf_counter() - started
        await asyncio.gather(*(ask(app, body.replace(b" }", b"  }", n)) for n in range(6)))
        for _ in range(4):
            await ask(app, body)
        started = time.perf_counter()
        last = json.loads(await ask(app, body))
        quick = time.perf_counter() - started
    paths = {error["path"][-1] for answer in (first, last) for error in answer["errors"]}
    assert paths == {"academicRecords"}, paths
    return [
        Row("outage", "one of four hangs", "page", slow, "s", DEADLINE),
        Row("outage", "one of four hangs", "page once it is left alone", quick, "s", 0.1),
    ]
