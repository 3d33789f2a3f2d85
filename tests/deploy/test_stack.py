"""The proxy, Redis and two gateways, started by the files of the compose file."""

from __future__ import annotations

import http.server
import json
import shutil
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS
from tests.deploy.files import needs
from tests.deploy.stack import TOKEN, Requests, Stack, free_ports, wait_for
from tests.long_runs import LONG_RUNS

KINDS = ("edfi", "canvas", "oneroster")
STUDENTS = "{ viewer { districts { students(first: 5) { totalCount edges { node { name { firstName } } } } } } }"
HEAD = (
    "POST /graphql HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 100\r\n"
    f"Content-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n"
).encode()
FORGED_ADDRESS = "203.0.113.7"
MAX_SECONDS_FOR_A_HEAD, MAX_SECONDS_FOR_A_BODY = 10.0, 15.0
pytestmark = [
    needs("caddy"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server"),
]


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    """Running vendors of two small districts, by kind."""
    loaders = [
        entry_point.load() for kind in KINDS for entry_point in entry_points(group=SANDBOX_ENTRY_POINTS, name=kind)
    ]
    running = [loader(make_district(30, 1)) for loader in loaders]
    with served(*running):
        yield {sandbox.kind: sandbox for sandbox in running}


@pytest.fixture
def stack(tmp_path: Path, sandboxes: dict[str, Sandbox]) -> Iterator[Stack]:
    """The parts, with nothing started."""
    parts = Stack(tmp_path, sandboxes)
    try:
        yield parts
    finally:
        parts.stop()


@pytest.fixture(scope="class")
def fleet(tmp_path_factory: pytest.TempPathFactory, sandboxes: dict[str, Sandbox]) -> Iterator[Stack]:
    """The parts, all of them started."""
    parts = Stack(tmp_path_factory.mktemp("fleet"), sandboxes)
    try:
        redis_port, *ports = free_ports(3)
        parts.start_redis(redis_port)
        parts.start_gateways(redis_port, ports)
        parts.start_proxy(*(f"127.0.0.1:{port}" for port in ports))
        yield parts
    finally:
        parts.stop()


class Echo(http.server.BaseHTTPRequestHandler):
    """Stands for a gateway: answers with the headers that it gets."""

    def do_GET(self) -> None:
        """Answer each path alike, so that the proxy takes it for ready."""
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a server that answers with the headers that it gets."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.long_run
class TestStack:
    """Starts several processes in each test, and waits for limits of time."""

    __test__ = LONG_RUNS

    def test_a_page_is_answered_behind_tls(self, fleet: Stack) -> None:
        """The client trusts the proxy's authority only; what operators read is not there."""
        with fleet.client() as client:
            answer = client.post(
                "/graphql", json={"query": STUDENTS}, headers={"Authorization": f"Bearer {TOKEN}"}
            )
            assert answer.json()["data"]["viewer"]["districts"][0]["students"]["totalCount"] > 0, answer.text
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            # Redis has 50 milliseconds for an answer, which a busy machine may need longer for.
            joined = {"status": "ready", "fleet": "joined"}
            wait_for(lambda: client.get("/health/ready").json() == joined, fleet.gateways[0])
            assert client.get("/metrics").status_code == 404
        plain = httpx.get(f"http://localhost:{fleet.http_port}/", trust_env=False)
        assert (plain.status_code, plain.headers["location"].partition(":")[0]) == (308, "https")

    def test_a_body_that_does_not_come_is_cut(self, fleet: Stack) -> None:
        """The gateway says so, whose limit is shorter than the proxy's."""
        answer, seconds = self.first_answer(fleet, HEAD + b"\r\n{")

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert seconds < MAX_SECONDS_FOR_A_BODY + 10

    def test_the_record_has_the_address_that_the_proxy_saw(self, fleet: Stack) -> None:
        """A client that names another address changes nothing."""
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": FORGED_ADDRESS}
        with fleet.client() as client:
            answer = client.post("/graphql", json={"query": STUDENTS}, headers=headers)
            assert "errors" not in answer.json()

        lines = [
            json.loads(line)
            for file in fleet.folder.glob("*/disclosures/disclosure-*.jsonl")
            for line in file.read_text().splitlines()
        ]
        addresses = {line["address"] for line in lines if "address" in line}
        assert addresses == {"127.0.0.1"}

    def test_a_gateway_stops_unnoticed(self, fleet: Stack) -> None:
        """While it drains and ends, every request gets its answer, from the other one if need be."""
        with Requests(fleet, STUDENTS) as requests:
            before = len(requests.statuses)
            fleet.gateways[0].send_signal(signal.SIGTERM)
            assert fleet.gateways[0].wait(timeout=60) == 0
            after = len(requests.statuses)
            while len(requests.statuses) < after + 10:
                time.sleep(0.05)
        assert after > before
        assert set(requests.statuses) == {"200 False"}

    def test_the_address_of_a_client_is_what_the_proxy_saw(self, stack: Stack, echo: str) -> None:
        """What the client says about itself is replaced."""
        stack.start_proxy(echo)
        forged = {
            "X-Forwarded-For": "203.0.113.7, 172.30.10.2",
            "Forwarded": "for=203.0.113.7",
            "X-Forwarded-Proto": "http",
            "X-Forwarded-Host": "elsewhere.example",
        }

        with stack.client() as client:
            received = client.get("/graphql", headers=forged).json()

        assert received["x-forwarded-for"] == "127.0.0.1"
        assert received["x-forwarded-proto"] == "https"
        assert received["x-forwarded-host"] == f"localhost:{stack.https_port}"
        assert "forwarded" not in received

    def test_a_head_that_does_not_come_is_cut(self, stack: Stack, echo: str) -> None:
        """By the proxy: no gateway sees it."""
        stack.start_proxy(echo)

        answer, seconds = self.first_answer(stack, HEAD)

        assert answer == b""
        assert seconds < MAX_SECONDS_FOR_A_HEAD + 10

    def first_answer(self, stack: Stack, beginning: bytes) -> tuple[bytes, float]:
        """What comes after only the beginning of a request, empty if the connection is closed; and in how long."""
        context = ssl.create_default_context(cafile=str(stack.authority))
        with (
            socket.create_connection(("127.0.0.1", stack.https_port)) as connection,
            context.wrap_socket(connection, server_hostname="localhost") as secure,
        ):
            secure.settimeout(60)
            begun = time.monotonic()
            secure.sendall(beginning.replace(b"PORT", str(stack.https_port).encode()))
            return secure.recv(4096), time.monotonic() - begun

    def test_a_header_that_is_too_long_is_refused(self, stack: Stack, echo: str) -> None:
        """Before a gateway has to read it."""
        stack.start_proxy(echo)

        with stack.client() as client:
            assert client.get("/graphql", headers={"X-Long": "x" * 40_000}).status_code == 431

    def test_the_log_of_the_proxy_holds_no_token_and_no_variable(self, stack: Stack, echo: str) -> None:
        """Headers and what follows the path of an address are left out."""
        stack.start_proxy(echo)

        with stack.client() as client:
            client.get("/graphql?variables=604822", headers={"Authorization": f"Bearer {TOKEN}"})

        log = (stack.folder / "caddy.log").read_text()
        assert '"uri":"/graphql"' in log
        assert TOKEN not in log
        assert "604822" not in log
