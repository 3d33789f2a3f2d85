"""
`outage`: response times and vendor requests while vendors fail.

Three cases: all vendors are down and cached records are stale; one of four vendors hangs; a vendor fails every
request, and the number of requests to it is compared with the number of queries.
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

from benchmarks.support.district import DISTRICT, SECTION, make_district, make_records, make_source
from benchmarks.support.figures import Row
from benchmarks.support.in_process import create_app, page_seconds, post
from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import Batch
from student_graph.adapters.model import AcademicRecord, StudentId
from student_graph.adapters.sources import Freshness, Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.http import create_client
from student_graph.gateway.telemetry import count_call

MAX_STALE_OVER_FRESH = 1.2
"""Goal: 99th percentile of the time of a stale page, as a multiple of a fresh one."""
MAX_HANGING_PAGE_SECONDS = 5.5
"""Goal: time of a page while one of its vendors hangs."""
MAX_REQUESTS_PER_QUERY = 1.1
"""Goal: requests to a vendor that always fails, per query."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    rows = await _stale(100 if quick else 1000)
    rows += await _always_failing(100 if quick else 1000)
    return rows if quick else rows + await _hanging()


class _SwitchableSource:
    """A source in memory that can be made to fail."""

    def __init__(self) -> None:
        records = make_records(30)
        freshness = {lookup: Freshness(timedelta(seconds=0.2), timedelta(hours=1)) for lookup in records.by_lookup}
        self.source = replace(make_source(records), freshness_by_lookup=freshness)

    def fail(self) -> None:
        """Make every lookup fail from now on."""

        async def unavailable(*_: Any, **__: Any) -> Any:
            raise UnavailableError("failing (503)")

        for lookup in self.source.freshness_by_lookup:
            setattr(self.source.adapter, lookup, unavailable)


async def _stale(count: int) -> list[Row]:
    """Pages of a class of 30 from the cache, first with fresh records and then with stale ones."""
    switchable = _SwitchableSource()
    app = create_app(make_district(switchable.source), limits=Limits(responses=False))
    await post(app)
    fresh = await page_seconds(app, count)
    await asyncio.sleep(0.3)
    switchable.fail()
    await post(app)
    stale = await page_seconds(app, count)
    data = json.loads(await post(app))
    stale_marks = [provenance["stale"] for provenance in _provenances(data["data"])]
    p99 = int(count * 0.99) - 1
    return [
        Row("outage", "all vendors down", "p99 over fresh", stale[p99] / fresh[p99], "x", MAX_STALE_OVER_FRESH),
        Row("outage", "all vendors down", "median over fresh", stale[count // 2] / fresh[count // 2], "x"),
        Row(
            "outage",
            "all vendors down",
            "values marked stale",
            sum(stale_marks) / len(stale_marks),
            "x",
            1.0,
            "higher",
        ),
        Row("outage", "all vendors down", "errors", len(data.get("errors", ())), "errors", 0.0),
    ]


def _provenances(data: Any) -> list[Mapping[str, Any]]:
    """Every provenance in the data of a response."""
    if isinstance(data, list):
        return [provenance for item in data for provenance in _provenances(item)]
    if not isinstance(data, dict):
        return []
    own = [data["provenance"]] if "provenance" in data else []
    nested = [value for name, value in data.items() if name != "provenance"]
    return own + _provenances(nested)


class _AcademicRecordsAdapter(Adapter):
    """An adapter for academic records that sends one request per lookup."""

    async def academic_records_by_student(
        self, ids: Sequence[StudentId]
    ) -> Batch[StudentId, list[AcademicRecord]]:
        """An empty list for each student after the vendor's response."""
        (await self.http.get("/")).raise_for_status()
        return {key: [] for key in ids}


Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def _hang(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _respond_503(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


@contextlib.asynccontextmanager
async def _running_vendor(script: Script) -> AsyncIterator[tuple[Source, list[None]]]:
    """A source whose vendor runs the script for each request, and a list with one item per request."""
    requests: list[None] = []
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                requests.append(None)
                await script(writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        settings = AdapterSettings(
            base_url=AnyHttpUrl(f"http://{host}:{port}"), networks=(ip_network("127.0.0.0/8"),)
        )
        http: httpx.AsyncClient = create_client(settings, count_call)
        yield Source("records", "http", DISTRICT, _AcademicRecordsAdapter("records", settings, http)), requests
        await http.aclose()
        server.close()
        for task in tasks:
            assert task is not None
            task.cancel()
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


async def _always_failing(count: int) -> list[Row]:
    """Requests to a vendor that fails every request, per query."""
    query = 'query { node(id: "%s") { ... on Section { roster { student { academicRecords { schoolYear } } } } } }'
    async with _running_vendor(_respond_503) as (failing, requests):
        app = create_app(make_district(make_source(make_records(1)), failing))
        body = json.dumps({"query": query % SECTION}).encode()
        for _ in range(count):
            await post(app, body)
    return [
        Row(
            "outage",
            "a vendor that always fails",
            "calls over questions",
            len(requests) / count,
            "x",
            MAX_REQUESTS_PER_QUERY,
        )
    ]


async def _hanging() -> list[Row]:
    """A page of four sources of which one hangs, before and after the circuit breaker opens."""
    query = """query ($section: ID!) { section(id: $section) { courseTitle roster { student { studentUniqueId
        courseGrades { numeric } assessments { schoolYear } academicRecords { schoolYear } } } } }"""
    body = json.dumps({"query": query, "variables": {"section": SECTION}}).encode()
    lookups = make_records(30).by_lookup.keys()
    lookups_by_source = [("roster", set(lookups) - {"course_grades_by_student", "assessment_results_by_student"})]
    lookups_by_source += [("grades", {"course_grades_by_student"}), ("tests", {"assessment_results_by_student"})]
    healthy = [
        replace(make_source(make_records(30), name), allowed_lookups=frozenset(names))
        for name, names in lookups_by_source
    ]
    async with _running_vendor(_hang) as (hanging, _):
        app = create_app(make_district(*healthy, hanging), limits=Limits(memory=0))
        started = time.perf_counter()
        first = json.loads(await post(app, body))
        first_seconds = time.perf_counter() - started
        await asyncio.gather(*(post(app, body.replace(b" }", b"  }", n)) for n in range(6)))
        for _ in range(4):
            await post(app, body)
        started = time.perf_counter()
        last = json.loads(await post(app, body))
        last_seconds = time.perf_counter() - started
    paths = {error["path"][-1] for response in (first, last) for error in response["errors"]}
    assert paths == {"academicRecords"}, paths
    return [
        Row("outage", "one of four hangs", "page", first_seconds, "s", MAX_HANGING_PAGE_SECONDS),
        Row("outage", "one of four hangs", "page once it is left alone", last_seconds, "s", 0.1),
    ]
