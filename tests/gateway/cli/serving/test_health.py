"""`student-graph health` says by its exit status whether a gateway accepts requests."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.gateway.web.routes.health import Readiness
from tests.gateway.servers import client_for, run_here


@pytest.fixture
def readiness() -> Readiness:
    """The readiness of a gateway that starts."""
    return Readiness()


@pytest.fixture
def url(readiness: Readiness) -> Iterator[str]:
    """The address of a server with the health checks of the gateway."""
    with client_for(Starlette(routes=readiness.routes())) as client:
        yield str(client.base_url)


def test_it_follows_a_gateway_from_its_start_to_its_end(readiness: Readiness, url: str) -> None:
    """The exit status is 0 only while new requests are accepted."""
    results = [run_here("health", "--url", url)]
    readiness.start()
    results.append(run_here("health", "--url", url))
    readiness.drain()
    results.append(run_here("health", "--url", url))

    assert [(done.returncode, done.stdout) for done in results] == [
        (1, "starting\n"),
        (0, "ready\n"),
        (1, "draining\n"),
    ]


def test_a_process_that_stops_is_alive(readiness: Readiness, url: str) -> None:
    """Nothing may kill it because it is draining."""
    readiness.drain()

    done = run_here("health", "--live", "--url", url)

    assert (done.returncode, done.stdout) == (0, "alive\n")


def test_a_program_reads_the_answer_as_json(readiness: Readiness, url: str) -> None:
    """With the word of the gateway, and whether it accepts requests."""
    readiness.start()

    assert json.loads(run_here("health", "--url", url, "--json").stdout) == {"status": "ready", "healthy": True}


def test_an_address_without_a_server_is_reported() -> None:
    """In one line, without a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    done = run_here("health", "--url", url)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"no gateway answers at {url}\n"


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "127.0.0.1", "http://127.0.0.1:port"])
def test_an_invalid_address_is_reported(address: str) -> None:
    """It is a wrong option, and the message shows what an address is."""
    done = run_here("health", "--url", address)

    assert (done.returncode, done.stdout) == (2, "")
    assert "--url: must be an address such as http://127.0.0.1:8000" in done.stderr


def test_another_server_does_not_count_as_a_gateway() -> None:
    """A 200 alone does not count."""

    async def page(_: object) -> JSONResponse:
        return JSONResponse(["hello"])

    with client_for(Starlette(routes=[Route("/health/ready", page)])) as client:
        done = run_here("health", "--url", str(client.base_url))

    assert done.returncode == 1


def test_a_server_that_does_not_answer_is_left() -> None:
    """After the time that the option sets."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = run_here("health", "--timeout", "0.1", "--url", f"http://127.0.0.1:{silent.getsockname()[1]}")

    assert done.returncode == 1
