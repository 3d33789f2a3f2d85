"""The response to too long a request reaches a client that sends all of it before it reads, over real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send

from student_graph.gateway.server.clients.client_connection import MAX_LINGER_BYTES, MAX_REQUEST_BYTES
from student_graph.gateway.web.request import BadRequestError, read_body
from tests.gateway.servers import client_for
from tests.patience import OPERATION_SECONDS

PIECE = b"a" * 65_536


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a long body with status 413, and each request for `/refused` before its body is read."""
    status = 401
    if scope["path"] != "/refused":
        try:
            await read_body(receive)
            status = 200
        except BadRequestError as error:
            status = error.status
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Host and port of a server with the gateway's connections."""
    with client_for(app) as client:
        url = urlsplit(str(client.base_url))
        yield url.hostname or "", url.port or 0


@pytest.mark.parametrize(
    "size", [128 * 1024, MAX_REQUEST_BYTES - 1024, MAX_REQUEST_BYTES + 1, 3 * MAX_REQUEST_BYTES]
)
@pytest.mark.parametrize(("path", "status"), [("/", b"413"), ("/refused", b"401")])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_sends_everything_first_gets_the_response(
    address: tuple[str, int], size: int, path: str, status: bytes, chunked: bool
) -> None:
    """It can send to its end, learns whether the connection closes, and sees an orderly end instead of a reset."""
    with socket.create_connection(address, timeout=OPERATION_SECONDS) as client:
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: gateway.example\r\n{framing}\r\n\r\n".encode())
        client.sendall(_chunked(size) if chunked else b"a" * size)
        response = _read_to_the_end(client)
    assert response.startswith(b"HTTP/1.1 " + status)
    assert response.count(b"HTTP/1.1") == 1


def test_an_endless_request_is_cut(address: tuple[str, int]) -> None:
    """The server stops reading after so many bytes, and closes the connection."""
    with socket.create_connection(address, timeout=OPERATION_SECONDS) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: gateway.example\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = _send_until_it_is_cut(client, 10 * MAX_LINGER_BYTES)
    assert sent < 8 * MAX_LINGER_BYTES  # the systems of both sides hold some of it


def _send_until_it_is_cut(client: socket.socket, max_bytes: int) -> int:
    """Send chunks until the server resets the connection, and return how many bytes could be sent."""
    for sent in range(0, max_bytes, len(PIECE)):
        try:
            client.sendall(b"10000\r\n" + PIECE + b"\r\n")
        except OSError:
            return sent
    return max_bytes


def _chunked(size: int) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(PIECE), PIECE) for _ in range(size // len(PIECE))) + b"0\r\n\r\n"


def _read_to_the_end(client: socket.socket) -> bytes:
    """Read one response, end a connection that stays open after it, and read what else comes."""
    received = b""
    while part := client.recv(65_536):
        received += part
        if received.endswith(b"ok") and b"connection: close" not in received:
            client.shutdown(socket.SHUT_WR)
    return received
