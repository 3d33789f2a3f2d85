"""A gateway with live documents over a small district, whose time tests set, and a client that reads events."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import uvicorn
from starlette.applications import Starlette

from student_graph.adapters.contract import Adapter
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog, DisclosureRecorder, UnwritableError
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.clients.connection_table import ConnectionTable
from student_graph.gateway.server.parts import live_documents
from student_graph.gateway.server.process import server_config
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.live import timer as live_timer
from student_graph.gateway.web.live.document import SETTLE_SECONDS
from student_graph.gateway.web.live.documents import LiveDocuments
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder
from student_graph.gateway.web.observing import ObservedApp
from student_graph.gateway.web.routes.webhooks import Webhooks, signature
from student_graph.gateway.web.runner import OperationRunner
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.schema import core_schema, make_schema
from tests.clients import async_client
from tests.gateway.cache.small_cache import Clock
from tests.gateway.cache.test_response_cache import VIEWERS
from tests.gateway.small_district import Ledger, district, enrollment, event

KEY = b"k" * 32
EVENTS = "query ($id: String!) { student(studentUniqueId: $id) { attendanceEvents { totalCount } } }"
"""A document that rests on a student, and on events that are fresh for a minute."""
FRESH_SECONDS = 60.0
STREAM = "text/event-stream"


class SetTimer(live_timer.Timer):
    """A timer whose time the tests set."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._clock_of_tests = clock
        self._waiting: dict[asyncio.Future[None], float] = {}
        self._arrived = asyncio.Event()

    async def wait(self, event: asyncio.Event, until: float) -> None:
        """Wait until an event is set, or until the tests have set such a time."""
        if event.is_set() or until <= self.now():
            return
        due = asyncio.get_running_loop().create_future()
        self._waiting[due] = until
        self._arrived.set()
        setting = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((due, setting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._waiting[due]
            setting.cancel()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._clock_of_tests.now += seconds
        for due, until in self._waiting.items():
            if until <= self.now() and not due.done():
                due.set_result(None)

    async def wait_for(self, documents: int) -> None:
        """Wait until so many documents wait, each for a time that has not come."""
        async with asyncio.timeout(60):
            while sum(until > self.now() for until in self._waiting.values()) < documents:
                self._arrived.clear()
                await self._arrived.wait()


class Tokens(Authenticator):
    """An authenticator whose viewers change."""

    def __init__(self) -> None:
        super().__init__(VIEWERS)
        self.by_name: dict[str, Viewer | None] = dict(VIEWERS)

    async def viewer(self, authorization: str) -> Viewer | None:
        """The viewer whose name is the token."""
        return self.by_name.get(authorization.removeprefix("Bearer "))


class Log:
    """A record of disclosures in memory."""

    def __init__(self) -> None:
        self.keys = DisclosureKeys(KEY)
        self.requests: list[str] = []
        """Ids of the requests whose disclosures were recorded."""
        self.is_full = False

    def write(self, _: Any, __: Any, request_id: str) -> None:
        """Record the disclosures of a request."""
        if self.is_full:
            raise UnwritableError
        self.requests.append(request_id)


@dataclass
class Stream:
    """The events of a live document."""

    response: httpx.Response
    lines: AsyncIterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.response.aiter_lines()

    async def event(self) -> tuple[str, Any]:
        """The name and the content of the next event; `:` and nothing for a comment."""
        name, data = "", None
        async with asyncio.timeout(60):
            async for line in self.lines:
                if line == ":":
                    name = ":"
                elif line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = json.loads(line.removeprefix("data: "))
                elif not line:
                    return name, data
        return "end of the response", None

    async def count(self) -> int:
        """The number of attendance events in the next event of the stream, which is an answer."""
        name, content = await self.event()
        assert name == "next", (name, content)
        number: int = content["data"]["student"]["attendanceEvents"]["totalCount"]
        return number


@dataclass
class LiveGateway:
    """A gateway with live documents."""

    limits: LiveLimits = field(default_factory=LiveLimits)
    load_limits: LoadLimits = field(default_factory=LoadLimits)
    defer: bool = False
    ledger: Ledger = field(
        default_factory=lambda: Ledger(
            students=["s1", "s2"],
            enrollments=[enrollment("s1", "1"), enrollment("s2", "1")],
            events=[event("s1", "1", 3)],
        )
    )
    is_stopping: bool = False

    def __post_init__(self) -> None:
        clock = Clock()
        self.timer, self.tokens = SetTimer(clock), Tokens()
        self.pipeline = FetchPipeline([district(self.ledger, coarse_calls=100)], HmacSigner(b"k"), clock=clock)
        schema = make_schema(BreadthExecutor, defer=self.defer)
        shedder = LoadShedder(self.load_limits)
        admission = self.admission = Admission(self.tokens, load_shedder=shedder)
        self.log = Log()
        recorder = DisclosureRecorder(core_schema(schema), cast("DisclosureLog", self.log), "")
        runner = OperationRunner(schema, recorder=recorder)
        self.live: LiveDocuments = live_documents(
            self.limits, admission, runner, self.pipeline, lambda: self.is_stopping, timer=self.timer
        )
        view = GraphQLView(
            schema,
            admission,
            self.pipeline.start_operation,
            cache=self.pipeline.cache,
            recorder=recorder,
            live=self.live,
        )
        self._webhooks = 0
        hooks = Webhooks({("hill", "sis"): KEY}, self.pipeline.cache.purge)
        app = GatewayApp(view, Starlette(routes=hooks.routes()), ["*"], shedder, graphiql=False)
        self.outcomes: list[str] = []
        self._app = ObservedApp(app, self)

    def start_request(self, *_: Any) -> None:
        """Trace no request."""

    def count_request(self, _: Any, outcome: str, *__: Any, **___: Any) -> None:
        """Note what became of a request."""
        self.outcomes.append(outcome)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Serve it on a free port."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = _Server(server_config(self._app, ConnectionTable()))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            host, port = listener.getsockname()
            try:
                async with async_client(base_url=f"http://{host}:{port}") as self.client:
                    yield
            finally:
                server.should_exit = True
                await serving
                await self.pipeline.close()

    def request(self, query: str = EVENTS, viewer: str = "head", student: str = "s1", **headers: str) -> Any:
        """The arguments of a request for a document."""
        return {
            "json": {"query": query, "variables": {"id": student} if "$id" in query else {}},
            "headers": {"Authorization": f"Bearer {viewer}", "Accept": STREAM, **headers},
        }

    @asynccontextmanager
    async def opened(
        self, query: str = EVENTS, viewer: str = "head", student: str = "s1"
    ) -> AsyncIterator[Stream]:
        """A live document."""
        request = self.request(query, viewer, student)
        async with self.client.stream("POST", "/graphql", **request) as response:
            assert response.status_code == 200
            yield Stream(response)

    async def report_change(self, **change: Any) -> None:
        """Let the SIS report a change by its webhook, and a moment pass."""
        self._webhooks += 1  # a repeated call is refused
        content, timestamp = json.dumps(change).encode(), str(int(time.time()) + self._webhooks)
        headers = {
            "X-Student-Graph-Timestamp": timestamp,
            "X-Student-Graph-Signature": signature(KEY, timestamp, content),
        }
        response = await self.client.post("/hooks/hill/sis", content=content, headers=headers)
        assert response.status_code == 204
        self.timer.advance(SETTLE_SECONDS)

    def add_event(self, day: int, student: str = "s1") -> None:
        """Record one more day at the vendor."""
        self.ledger.events.append(event(student, "1", day))

    def asks(self, lookup: str = Adapter.attendance_events_by_student.__name__) -> int:
        """How often the vendor was asked."""
        return [name for name, _ in self.ledger.calls].count(lookup)


class _Server(uvicorn.Server):
    """A server that does not handle the process's signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
