"""Under overload a connection itself refuses requests, as the application would, and leaves it all others."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.server import process
from student_graph.gateway.server.clients.early_refusals import EarlyRefusals, Headers
from student_graph.gateway.server.service import Service
from student_graph.gateway.web.app import GatewayApp
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.load_shedding import LoadLimits, LoadShedder, OverloadError
from student_graph.gateway.web.refusal_pacing import OVERLOAD_REFUSALS_BURST, RefusalPacing
from student_graph.gateway.web.request import MAX_BODY_BYTES
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.graph import ADMISSION, SCHEMA, start_operation
from tests.gateway.server.one_connection import OneConnection, request
from tests.gateway.small_district import Ledger, district
from tests.gateway.web.in_flight.simulated_process import Process

QUERY = request("/graphql", b'{"query": "{ role }"}')
DATE = [(b"date", b"Mon, 30 Nov 2026 08:00:00 GMT")]
HOST = "192.0.2.1"
VIEWERS = {name: Viewer(name, ViewerRole.TEACHER, frozenset({DistrictId("hill")})) for name in ("ada", "ben")}


class Refuses:
    """Refuses as long as a test says so."""

    def __init__(self) -> None:
        self.is_busy = True
        self.hosts: list[str] = []
        """Hosts of the clients about whose requests it was asked."""

    def __call__(self, host: str, _: Headers) -> bool:
        self.hosts.append(host)
        return self.is_busy


async def test_an_early_refusal_has_the_bytes_of_the_applications_response() -> None:
    """Byte for byte, with the headers that the server adds."""
    shedder = LoadShedder(LoadLimits(in_flight=0))
    view = GraphQLView(SCHEMA, ADMISSION, start_operation)
    usual = OneConnection(GatewayApp(view, view, ["*"], shedder, graphiql=False))
    early = OneConnection(refuses=Refuses())
    for connection in (usual, early):
        connection.server.server_state.default_headers = DATE
        await connection.send(QUERY)
    assert usual.statuses == [503]
    assert bytes(early.transport.written) == bytes(usual.transport.written)
    assert early.requests == []


async def test_the_next_request_on_the_connection_is_answered() -> None:
    """It is answered as usual as soon as there is less to do."""
    refuses = Refuses()
    connection = OneConnection(refuses=refuses)
    await connection.send(QUERY * 2)
    refuses.is_busy = False
    await connection.send(QUERY)
    assert connection.statuses == [503, 503, 200]
    assert [path for path, *_ in connection.requests] == ["/graphql"]
    assert not connection.is_closed


async def test_a_body_that_comes_later_is_read_and_thrown_away() -> None:
    """The response comes at its end, so that the next request is recognized."""
    refuses = Refuses()
    connection = OneConnection(refuses=refuses)
    for part in (QUERY[:-10], QUERY[-10:-5]):
        await connection.send(part)
        assert connection.statuses == []
    refuses.is_busy = False
    await connection.send(QUERY[-5:] + QUERY)
    assert connection.statuses == [503, 200]
    assert connection.requests[0][2] == b'{"query": "{ role }"}'


async def test_a_body_that_does_not_end_closes_the_connection() -> None:
    """As that of any other request."""
    connection = OneConnection(refuses=Refuses())
    await connection.send(QUERY[:-1])
    connection.pass_time(30)
    assert connection.is_closed
    assert connection.statuses == []


async def test_other_requests_are_left_to_the_application() -> None:
    """Those for other addresses, and those whose response is not the only thing to do on the connection."""
    requests = {
        "another address": request("/health/live"),
        "a query in the address": request("/graphql?query=x"),
        "another method": b"GET /graphql HTTP/1.1\r\nHost: gateway.example\r\n\r\n",
        "HTTP/1.0": request("/graphql").replace(b"HTTP/1.1", b"HTTP/1.0"),
        "the last request": request("/graphql", headers=b"Connection: close\r\n"),
        "a client that waits before it sends the body": request("/graphql", headers=b"Expect: 100-continue\r\n"),
        "too many headers": request("/graphql", headers=b"A: b\r\n" * 200),
    }
    hosts = {}
    for name, sent in requests.items():
        refuses = Refuses()
        await OneConnection(refuses=refuses).send(sent)
        hosts[name] = refuses.hosts
    assert not any(hosts.values()), hosts
    assert len(hosts) == len(requests)


async def test_a_request_behind_another_one_waits_for_its_turn() -> None:
    """Responses come in the order of the requests."""
    connection = OneConnection(refuses=(refuses := Refuses()))
    connection.may_answer.clear()
    await connection.send(request("/busy") + QUERY)
    assert refuses.hosts == []
    connection.may_answer.set()
    await connection.settle()
    assert connection.paths == ["/busy", "/graphql"]


async def test_a_client_that_does_not_read_gets_no_further_response() -> None:
    """Refusals would take memory without an end: the application waits until the client reads."""
    connection = OneConnection(refuses=(refuses := Refuses()))
    connection.server.pause_writing()
    await connection.send(QUERY)
    assert (refuses.hosts, connection.statuses) == ([], [])
    connection.server.resume_writing()
    await connection.settle()
    assert connection.statuses == [200]


class Observer:
    """Keeps what is counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[Any, ...]] = []

    def start_request(self, *_: object) -> None:
        """Begin no span."""

    def count_request(self, districts: Iterable[str], outcome: str, codes: Iterable[str], _: float) -> None:
        """Keep the districts, the outcome and the codes."""
        self.counted.append((set(districts), outcome, set(codes)))


async def no_app(*_: object) -> None:
    """Nothing reaches it."""


class Busy:
    """A process in which Ada has as many pages in progress as she may have under overload."""

    def __init__(self, *, has_other_origins: bool = False, works_on: bool = True) -> None:
        self.process, self.observer = Process(), Observer()
        self.shedder = self.process.shedder
        ada = VIEWERS["ada"].person
        for _ in range(200):
            with self.shedder.admit(ada):
                self.process.work(0.01, ada)
        with contextlib.suppress(OverloadError):
            while True:
                self.process.begin(ada)
        if works_on:
            self.process.work(0.2, ada)
        self.pacing = RefusalPacing(no_app, clock=self.process.clock)
        self.refusals = EarlyRefusals(
            self.shedder, Authenticator(VIEWERS), self.pacing, self.observer, has_other_origins=has_other_origins
        )
        self.refused_before = self.shedder.refused

    def refuses(self, token: str | None, headers: Sequence[tuple[bytes, bytes]] = (), host: str = HOST) -> bool:
        """Whether a request with this token is refused by its head."""
        tokens = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
        return self.refusals.refuses(host, [*tokens, *headers])

    @property
    def refused(self) -> int:
        """Requests that were counted as refused."""
        return self.shedder.refused - self.refused_before

    def close(self) -> None:
        """End what is in progress."""
        self.process.in_progress.close()
        self.shedder.stop()


@pytest.fixture
async def start_busy() -> Any:
    """Return a function that starts a busy process."""
    started: list[Busy] = []

    def start(**options: bool) -> Busy:
        started.append(Busy(**options))
        return started[-1]

    yield start
    for busy in started:
        busy.close()


async def test_only_clients_that_would_wait_too_long_are_refused(start_busy: Callable[..., Busy]) -> None:
    """Ada has pages in progress, Ben has none, and the others are not known; each refusal is counted once."""
    busy = start_busy()
    assert busy.refuses("ada")
    assert not any(busy.refuses(token) for token in ("ben", "nobody", None))
    assert busy.refused == 1
    assert busy.observer.counted == [({"hill"}, "shed", {"OVERLOADED"})]
    assert all(busy.refuses("ada") for _ in range(50))
    assert busy.refused == 51


async def test_early_refusals_begin_with_the_first_refusal(start_busy: Callable[..., Busy]) -> None:
    """Of hundreds of requests that arrive together, also before the process measures how busy it is."""
    assert start_busy(works_on=False).refuses("ada")


async def test_a_refused_client_pays_for_the_refusal(start_busy: Callable[..., Busy]) -> None:
    """The same holds for a refusal by the application."""
    busy = start_busy()
    budgets = busy.shedder.budgets
    charged, to_strangers = budgets.charged_seconds, budgets.charged_to_strangers_seconds
    assert busy.refuses("ada")
    assert budgets.charged_seconds > charged
    assert budgets.charged_to_strangers_seconds == to_strangers


async def test_nobody_is_refused_early_without_overload(start_busy: Callable[..., Busy]) -> None:
    """Then the application decides, and connections do not even look for the token."""
    busy = start_busy()
    busy.process.in_progress.close()
    busy.process.rest(5.0)
    assert not busy.refuses("ada")


async def test_requests_with_another_response_are_left_to_the_application(
    start_busy: Callable[..., Busy],
) -> None:
    """They get the errors for what is wrong with them, or headers for the page that sends them."""
    busy = start_busy(has_other_origins=True)
    for header in (
        (b"authorization", b"Bearer ben"),
        (b"content-length", str(MAX_BODY_BYTES + 1).encode()),
        (b"origin", b"https://dashboard.example"),
    ):
        assert not busy.refuses("ada", [header])
    assert busy.refused == 0
    assert busy.refuses("ada")
    assert start_busy().refuses("ada", [(b"origin", b"https://gateway.example")])


async def test_refusals_of_connections_are_paced(start_busy: Callable[..., Busy]) -> None:
    """An address that gets too many is left to the application, which answers it later."""
    busy = start_busy()
    for _ in range(OVERLOAD_REFUSALS_BURST - 1):
        busy.pacing.delay(HOST, is_overload=True)
    assert busy.refuses("ada")
    for _ in range(2):
        busy.pacing.delay(HOST, is_overload=True)
    assert not busy.refuses("ada")
    assert busy.refuses("ada", host="192.0.2.2")
    assert busy.refused == 2


class Server:
    """In place of the server of a process: ends at once."""

    configs: ClassVar[list[Any]] = []
    exit_status = 0

    def __init__(self, config: Any, *_: object, **__: object) -> None:
        self.configs.append(config)

    def run(self, **_: object) -> None:
        """End at once."""

    def remember_hangup(self, *_: object) -> None:
        """Handle no signal."""


async def test_a_served_process_asks_its_present_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without settings that may be read again. Who may have no request in flight refuses every one."""
    for name in ("configure_allocator", "logs.configure", "signal.signal", "max_connections"):
        monkeypatch.setattr(f"student_graph.gateway.server.process.{name}", lambda *_, **__: None)
    monkeypatch.setattr(process, "_Server", Server)
    monkeypatch.setattr(LoadShedder, "refuses_requests", True)
    refusing, accepting = (
        Service([district(Ledger())], VIEWERS, load_limits=LoadLimits(in_flight=limit)) for limit in (0, 10)
    )
    loader: Any = object()
    with socket.socket() as listener:
        assert process.run(refusing, listener, list) == 0
        assert process.run(refusing, listener, list, loader) == 0
        assert process.run(accepting, listener, list, loader) == 0
    assert [config.http.args[1](HOST, []) for config in Server.configs] == [True, True, False]
