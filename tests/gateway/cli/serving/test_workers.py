"""Several workers on one port are one gateway: purges, settings, cursors, health and record are those of all."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from student_graph.adapters.sandbox.serving import Sandbox
from tests.clients import get, post
from tests.gateway.cli.serving.gateway import STATUS, SettingsFiles, small_district
from tests.gateway.cli.serving.worker_gateway import HEADERS, WorkerGateway, ask, running_workers, wait_until
from tests.gateway.servers import run_forked, run_here

SCHOOLS = "{ districts { schools { name } } }"


@pytest.fixture(scope="module")
def vendors() -> Iterator[dict[str, Sandbox]]:
    """Running sandboxes of one small district, by kind."""
    with small_district() as sandboxes:
        yield sandboxes


@pytest.fixture(scope="module")
def gateway(vendors: dict[str, Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerGateway]:
    """A running gateway with two workers, which share no Redis."""
    files = SettingsFiles(tmp_path_factory.mktemp("gateway"), list(vendors.values()))
    with running_workers(files) as running:
        yield running


def names(client: httpx.Client) -> list[str]:
    """The names of the districts that a worker answers with."""
    return [district["name"] for district in ask(client)["districts"]]


def test_a_purge_reaches_all_workers(gateway: WorkerGateway, vendors: dict[str, Sandbox]) -> None:
    """Each of them asks the vendor again, and the health counts the calls of all."""
    sis = vendors["edfi"]
    with gateway.connections() as clients:
        for client in clients:
            ask(client, SCHOOLS)
        sis.requests.clear()
        for client in clients:
            ask(client, SCHOOLS)
        calls_without_purge = len(sis.requests)
        post(f"{gateway.url}/cache/purge", json={"district": "hill"}, headers=HEADERS).raise_for_status()
        for client in clients:
            ask(client, SCHOOLS)

    [district] = gateway.report("/status")["districts"]
    health = {source["name"]: source["health"] for source in district["sources"]}
    assert calls_without_purge == 0
    assert sum("/schools" in request for request in sis.requests) == len(gateway.workers)
    assert health["edfi"]["calls"] >= 2 * len(gateway.workers)
    assert gateway.report("/health/memory")["answers"]["maxBytes"] <= 512 << 20


def test_a_cursor_of_one_worker_is_valid_in_all(gateway: WorkerGateway) -> None:
    """Pages of a list may come from different workers."""
    query = "{ districts { students(first: 2%s) { edges { node { id } } pageInfo { endCursor } } } }"
    with gateway.connections() as clients:
        [first] = ask(clients[0], query % "")["districts"]
        after = f', after: "{first["students"]["pageInfo"]["endCursor"]}"'
        pages = [ask(client, query % after)["districts"][0]["students"]["edges"] for client in clients]

    assert all(page == pages[0] for page in pages)
    assert pages[0]
    assert pages[0] != first["students"]["edges"]


def test_settings_are_applied_by_all_workers_or_by_none(gateway: WorkerGateway) -> None:
    """A mistake leaves all of them as they are, and each says so; a reload reaches each of them."""
    files = gateway.files
    with gateway.connections() as clients:
        files.name, files.server = "District 1", "graphiql = 7"
        files.write()
        gateway.process.send_signal(signal.SIGHUP)
        for client in clients:
            wait_until(lambda client=client: client.get(STATUS).json()["refusal"] is not None)  # type: ignore[misc]
        refused = [names(client) for client in clients]
        files.server = ""
        files.write()
        gateway.process.send_signal(signal.SIGHUP)
        for client in clients:
            wait_until(lambda client=client: client.get(STATUS).json()["reloads"] == 1)  # type: ignore[misc]
        applied = [names(client) for client in clients]

    assert refused == [["District 0"]] * len(clients)
    assert applied == [["District 1"]] * len(clients)


def test_a_worker_that_dies_is_replaced(gateway: WorkerGateway) -> None:
    """Only its own connections end; the new worker has its number, and its lines of the record stay valid."""
    before = gateway.workers
    with gateway.connections() as clients, opened_to_all_workers(gateway) as opened:
        for client in clients:
            ask(client)
        os.kill(before[1], signal.SIGKILL)
        # Before the new worker is there: on a slow machine that takes longer than a quiet connection stays open.
        answered = [connection for connection in opened if is_answered(connection)]
        wait_until(lambda: gateway.workers.get(1) not in (None, before[1]))

    files = gateway.files
    verified = run_here("disclosures", "--config", str(files.path), environ=files.secrets)
    assert 0 < len(answered) < len(opened)
    assert gateway.workers[2] == before[2]
    assert gateway.report("/health/workers")["restarts"] == 1
    assert len(list((files.path.parent / "disclosures").glob("*.jsonl"))) == 3
    assert verified.returncode == 0, verified.stdout + verified.stderr


@contextlib.contextmanager
def opened_to_all_workers(gateway: WorkerGateway) -> Iterator[list[socket.socket]]:
    """Open connections until each worker has one: they share a socket, and one may accept many in a row."""
    address = urlsplit(gateway.url).hostname, urlsplit(gateway.url).port
    before = gateway.connection_counts()
    opened: list[socket.socket] = []
    with contextlib.ExitStack() as stack:
        # Two more, because one of them may be the connection that asks for the counts.
        while any(count < before[number] + 2 for number, count in gateway.connection_counts().items()):
            opened.append(stack.enter_context(socket.create_connection(address)))
            assert is_answered(opened[-1])
        yield opened


def is_answered(connection: socket.socket) -> bool:
    """Whether a request on a connection is answered: its worker has not ended."""
    try:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: gateway\r\n\r\n")
        response = b""
        while not response.endswith(b"}"):  # the head and the body may come one after the other
            part = connection.recv(4096)
            if not part:
                return False
            response += part
    except ConnectionError:
        return False
    return response.startswith(b"HTTP/1.1 200")


def test_it_is_unready_before_any_worker_stops(files: SettingsFiles) -> None:
    """After SIGTERM all workers still answer while a proxy notices; a second signal ends all of them at once."""
    files.drain = 60.0
    files.write()
    with running_workers(files) as gateway, gateway.connections() as clients:
        gateway.process.send_signal(signal.SIGTERM)
        for client in clients:
            wait_until(lambda client=client: client.get("/health/ready").status_code == 503)  # type: ignore[misc]
        new = get(f"{gateway.url}/health/ready")
        answers = [names(client) for client in clients]
        gateway.process.send_signal(signal.SIGTERM)

        assert gateway.process.wait(timeout=60) == 0
        assert new.json() == {"status": "draining"}
        assert answers == [["District 0"]] * len(clients)


@pytest.mark.parametrize("number", ["0", "-1", "two", "1000", ""])
def test_a_wrong_number_of_workers_is_named(files: SettingsFiles, number: str) -> None:
    """Nothing starts."""
    process = run_here("serve", "--config", str(files.path), f"--workers={number}")

    assert process.returncode == 2
    assert "--workers: must be a number from 1 to 256" in process.stderr


@pytest.mark.parametrize("workers", ["0", '"two"', "257"])
def test_a_wrong_number_in_the_file_is_named(files: SettingsFiles, workers: str) -> None:
    """As any other wrong setting."""
    files.server = f"workers = {workers}"
    files.write()
    process = run_here("serve", "--config", str(files.path), environ=files.secrets)

    assert process.returncode == 2
    assert "server.workers" in process.stderr


def test_a_mistake_in_the_settings_is_reported_once_and_no_worker_is_restarted(files: SettingsFiles) -> None:
    """The first worker finds it, before there are others."""
    files.server = "workers = 2\ngraphiql = 7"
    files.write()
    process = run_forked("serve", "--config", str(files.path), environ=files.secrets)

    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.count("server.graphiql") == 1
