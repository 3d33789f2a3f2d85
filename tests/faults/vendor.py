"""
A vendor that plays faults: a server of raw sockets with one script for each fault.

The module also holds an adapter for this vendor, and a district with a healthy SIS and this vendor as its LMS.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, TypeAdapter

from student_graph.adapters.concurrency import answer_by_key
from student_graph.adapters.contract import Adapter, AdapterSettings, Batch
from student_graph.adapters.keys import path_id
from student_graph.adapters.model import AssignmentWork, SectionId, StudentId, SubmissionStatus
from student_graph.adapters.reading import MAX_TEXT_CHARACTERS, read
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache import Limits
from student_graph.gateway.http import NetworkOptions, VendorClient, create_client
from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.telemetry import count_call
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.small_district import DISTRICT, Ledger, Sis, source

CANARY = "Xanthippe-Canary"
"""Text that is part of every faulty response and must reach no client and no log."""
VIEWER = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
OPERATOR = Viewer("operator", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}), operator=True)
LOOPBACK = (ip_network("127.0.0.0/8"),)


class WorkRow(BaseModel):
    """The vendor's row for one piece of a student's work."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True, str_max_length=MAX_TEXT_CHARACTERS)

    student: str
    title: str
    points: float | None = None


_ROWS = TypeAdapter(list[WorkRow])


class WorkAdapter(Adapter):
    """The adapter of an LMS that serves each student's work at its own URL."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        return await answer_by_key(ids, self._fetch_work, self.settings.concurrency)

    async def _fetch_work(self, student: StudentId) -> list[AssignmentWork] | None:
        response = await self.http.get(f"/work/{path_id(student)}")
        if response.status_code == 404:
            return None
        return [_work(row) for row in read(response, _ROWS)]


def _work(row: WorkRow) -> AssignmentWork:
    return AssignmentWork(
        vendor_id=row.title,
        student_id=StudentId(row.student),
        section_id=SectionId("1/Fall/A"),
        assignment_id="1",
        title=row.title,
        status=SubmissionStatus.SUBMITTED,
    )


def body(*students: str) -> bytes:
    """The body of a good response: one essay of each student."""
    return json.dumps([{"student": student, "title": "Essay"} for student in students]).encode()


def http_response(status: str, content: bytes, *headers: str) -> bytes:
    """The bytes of an HTTP response."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


GZIP_BITS = zlib.MAX_WBITS + 16
"""Tells zlib to write the format of gzip."""


def zip_bomb(bits: int) -> bytes:
    """64 MiB of blanks in a few bytes: one compressed block again and again. The checksum at its end is wrong."""
    compressor = zlib.compressobj(wbits=bits)
    start = compressor.compress(b"[") + compressor.flush(zlib.Z_FULL_FLUSH)
    block = compressor.compress(b" " * 65_536) + compressor.flush(zlib.Z_FULL_FLUSH)
    return start + 1024 * block + compressor.compress(b"]") + compressor.flush()


@dataclass
class Request:
    """A request that the vendor received, and its connection."""

    number: int
    """Number of earlier requests to this vendor."""
    path: str
    head: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes, pause: float = 0.0) -> None:
        """Send bytes; wait `pause` seconds after each part."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            if pause:
                await asyncio.sleep(pause)

    async def answer(self) -> None:
        """Send the response of a healthy vendor."""
        await self.send(http_response("200 OK", body(self.path.rpartition("/")[2])))

    def reset(self) -> None:
        """Abort the connection with a TCP reset instead of an orderly close."""
        tcp_socket = self.writer.get_extra_info("socket")
        tcp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Request], Awaitable[None]]
"""How a vendor handles one request."""


@dataclass
class FaultyVendor:
    """A server of raw sockets that handles each request by a script."""

    script: Script
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    """Connections accepted since the start."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle the requests of one connection."""
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while not reader.at_eof():
                    head = await reader.readuntil(b"\r\n\r\n")
                    request = Request(len(self.requests), head.split(b" ")[1].decode(), head, reader, writer)
                    self.requests.append(request)
                    await self.script(request)
            writer.close()
        finally:
            if not writer.is_closing():
                writer.transport.abort()


@contextlib.asynccontextmanager
async def vendor(script: Script, tls: Any = None) -> AsyncIterator[FaultyVendor]:
    """A running vendor; it stops at the end of the block and closes its connections."""
    faulty = FaultyVendor(script)
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.create_task(faulty.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    faulty.port = server.sockets[0].getsockname()[1]
    try:
        yield faulty
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


@dataclass
class DistrictHarness:
    """A gateway over a district with a healthy SIS and the faulty vendor as its LMS."""

    service: Any
    lms: Source
    sent_requests: list[None]
    """One item for each request that the LMS client sent."""

    @property
    def http(self) -> VendorClient:
        """The HTTP client of the LMS."""
        client = self.lms.adapter.http
        assert isinstance(client, VendorClient)
        return client

    async def ask(self, *students: str, viewer: str = "t" * 32) -> dict[str, Any]:
        """The response to a query for students; their aliases are `s0`, `s1` and so on."""
        fields = " ".join(
            f's{n}: student(studentUniqueId: "{student}") {{ studentUniqueId name {{ firstName }} '
            "assignments { title provenance { stale } } }"
            for n, student in enumerate(students)
        )
        return await post(self.service, f"{{ {fields} }}", viewer)


async def post(app: Any, query: str, token: str) -> dict[str, Any]:
    """The response of an ASGI application to a GraphQL query."""
    sent_messages: list[Any] = []
    messages: list[Mapping[str, Any]] = [{"type": "http.request", "body": json.dumps({"query": query}).encode()}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent_messages.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    response: dict[str, Any] = json.loads(b"".join(message["body"] for message in sent_messages[1:]))
    return response


@contextlib.asynccontextmanager
async def district(
    address: str | FaultyVendor,
    network: NetworkOptions | None = None,
    cache_limits: Limits | None = None,
    **settings: Any,
) -> AsyncIterator[DistrictHarness]:
    """The district over a vendor, or over the server at an address. `settings` are settings of the LMS adapter."""
    url = address if isinstance(address, str) else f"http://127.0.0.1:{address.port}"
    lms_settings = AdapterSettings(base_url=AnyHttpUrl(url), **{"networks": LOOPBACK, **settings})
    sent_requests: list[None] = []

    def count() -> None:
        sent_requests.append(None)
        count_call()

    adapter = WorkAdapter("lms", lms_settings, create_client(lms_settings, count, network, "lms"))
    lms = Source("lms", "work", DISTRICT, adapter)
    sis = source(Sis, Ledger(students=[f"s{n}" for n in range(200)]), "sis")
    districts = [District(DISTRICT, "Hill", (sis, lms))]
    service = Service(districts, {"t" * 32: VIEWER, "o" * 32: OPERATOR}, cache_limits=cache_limits or Limits())
    application = Application(service)
    try:
        yield DistrictHarness(application.asgi, lms, sent_requests)
    finally:
        await application.pipeline.close()  # ends the work that goes on after its operations
        await adapter.http.aclose()


def error_codes(response: dict[str, Any]) -> set[str]:
    """The codes of the errors in a response."""
    return {error["extensions"]["code"] for error in response.get("errors", ())}
