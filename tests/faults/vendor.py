"""
A vendor that can be as wrong as the network allows: raw sockets, one script for each fault.

Beside it an adapter that speaks to it, a well source, and the whole chain over both.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, TypeAdapter

from student_graph.adapters.concurrency import gather_by_key
from student_graph.adapters.contract import Adapter, AdapterSettings, Batch
from student_graph.adapters.keys import path_id
from student_graph.adapters.model import AssignmentWork, SectionId, StudentId, SubmissionStatus
from student_graph.adapters.reading import MAX_TEXT_CHARACTERS, read
from student_graph.adapters.sources import District, Source
from student_graph.gateway.http import NetworkOptions, VendorClient, create_client
from student_graph.gateway.server import Service
from student_graph.gateway.telemetry import count_call
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.small_district import DISTRICT, Ledger, Sis, source

CANARY = "Xanthippe-Canary"
"""Stands in everything that a vendor says and that nobody may be shown."""
VIEWER = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
HERE = (ip_network("127.0.0.0/8"),)


class Row(BaseModel):
    """A vendor's row: whose work, and what."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True, str_max_length=MAX_TEXT_CHARACTERS)

    student: str
    title: str
    points: float | None = None


_ROWS = TypeAdapter(list[Row])


class Work(Adapter):
    """An LMS that has each student's work at an address of its own."""

    async def assignment_work_by_student(self, ids: Sequence[StudentId]) -> Batch[StudentId, list[AssignmentWork]]:
        return await gather_by_key(ids, self._work, self.settings.concurrency)

    async def _work(self, number: StudentId) -> list[AssignmentWork] | None:
        answer = await self.http.get(f"/work/{path_id(number)}")
        if answer.status_code == 404:
            return None
        return [_record(row) for row in read(answer, _ROWS)]


def _record(row: Row) -> AssignmentWork:
    return AssignmentWork(
        vendor_id=row.title,
        student_id=StudentId(row.student),
        section_id=SectionId("1/Fall/A"),
        assignment_id="1",
        title=row.title,
        status=SubmissionStatus.SUBMITTED,
    )


def body(*students: str) -> bytes:
    """What a good answer holds: an essay of each student."""
    return json.dumps([{"student": student, "title": "Essay"} for student in students]).encode()


def http(status: str, content: bytes, *headers: str) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class Call:
    """One request, and the connection it came by."""

    number: int
    """How many came before it."""
    path: str
    head: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes, pause: float = 0.0) -> None:
        """Send some bytes, with pauses after each part."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            if pause:
                await asyncio.sleep(pause)

    async def well(self) -> None:
        """Answer as one should."""
        await self.send(http("200 OK", body(self.path.rpartition("/")[2])))

    def reset(self) -> None:
        """Break the connection off, at once and hard (a reset, not an end)."""
        plug = self.writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Call], Awaitable[None]]


@dataclass
class RawVendor:
    """A server of raw sockets."""

    script: Script
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    """Accepted since start."""
    sent: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while not reader.at_eof():
                    head = await reader.readuntil(b"\r\n\r\n")
                    call = Call(len(self.calls), head.split(b" ")[1].decode(), head, reader, writer)
                    self.calls.append(call)
                    await self.script(call)
            writer.close()
        finally:
            if not writer.is_closing():
                writer.transport.abort()


@contextlib.asynccontextmanager
async def vendor(script: Script, tls: Any = None) -> AsyncIterator[RawVendor]:
    """A vendor that answers by the script, until the block ends."""
    made = RawVendor(script)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(made.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # until the connections are closed


@dataclass
class Wired:
    """A district whose SIS is well and whose LMS is the vendor."""

    service: Any
    lms: Source
    calls: list[None]

    @property
    def http(self) -> VendorClient:
        """The client of the LMS."""
        found = self.lms.adapter.http
        assert isinstance(found, VendorClient)
        return found

    async def ask(self, *students: str, viewer: str = "t" * 32) -> dict[str, Any]:
        """What the graph says of students: by whom they are called `s`, then their number."""
        fields = " ".join(
            f's{n}: student(studentUniqueId: "{number}") {{ studentUniqueId name {{ firstName }} '
            "assignments { title provenance { stale } } }"
            for n, number in enumerate(students)
        )
        return await post(self.service, f"{{ {fields} }}", viewer)


async def post(app: Any, query: str, token: str) -> dict[str, Any]:
    """An application's answer to a query."""
    sent: list[Any] = []
    messages: list[Mapping[str, Any]] = [{"type": "http.request", "body": json.dumps({"query": query}).encode()}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    found: dict[str, Any] = json.loads(sent[1]["body"])
    return found


@contextlib.asynccontextmanager
async def district(
    address: str | RawVendor, wire: NetworkOptions | None = None, **settings: Any
) -> AsyncIterator[Wired]:
    """The district over a vendor, or over whatever answers at an address."""
    url = address if isinstance(address, str) else f"http://127.0.0.1:{address.port}"
    given = {"networks": HERE, **settings}
    made = AdapterSettings(base_url=AnyHttpUrl(url), **given)
    calls: list[None] = []

    def count() -> None:
        calls.append(None)
        count_call()

    adapter = Work("lms", made, create_client(made, count, wire))
    lms = Source("lms", "work", DISTRICT, adapter)
    sis = source(Sis, Ledger(students=[f"s{n}" for n in range(200)]), "sis")
    both = [District(DISTRICT, "Hill", (sis, lms))]
    service = Service(both, {"t" * 32: VIEWER}).app()
    try:
        yield Wired(service, lms, calls)
    finally:
        await adapter.http.aclose()


def codes(answer: dict[str, Any]) -> set[str]:
    """Codes of the errors of an answer."""
    return {error["extensions"]["code"] for error in answer.get("errors", ())}
