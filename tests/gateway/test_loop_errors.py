"""Errors that the event loop reports: one of uvloop's own says nothing to an operator, all others are logged."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop
from uvloop.loop import SSLProtocol

from student_graph.gateway import logs
from student_graph.gateway.demo.rehearsal.vendors.certificates import AUTHORITY, VALID, write_certificates


@pytest.fixture
def contexts(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS of a client and of a vendor that it trusts."""
    write_certificates(tmp_path)
    vendor = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    vendor.load_cert_chain(tmp_path / VALID)
    return ssl.create_default_context(cafile=str(tmp_path / AUTHORITY)), vendor


class Connection(asyncio.Transport):
    """The connection below TLS: it holds what is written to it, until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self._is_closing = b"", False

    def write(self, data: Any) -> None:
        """Hold the bytes; raise what uvloop raises if it is closed."""
        if self._is_closing:
            raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")
        self.written += bytes(data)

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._is_closing

    def close(self) -> None:
        """Close it."""
        self._is_closing = True

    abort = close

    def _force_close(self, _: object) -> None:  # as uvloop calls it after an error
        self.close()


async def close_during_handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Let a vendor end the handshake, and close the connection before uvloop has sent its last bytes."""
    loop, connection = asyncio.get_running_loop(), Connection()
    waiter: asyncio.Future[None] = loop.create_future()
    protocol = SSLProtocol(loop, asyncio.Protocol(), client, waiter, server_hostname="127.0.0.1")
    protocol.connection_made(connection)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    vendor = server.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(connection.written)
    with pytest.raises(ssl.SSLWantReadError):
        vendor.do_handshake()
    answer = outgoing.read()
    protocol.get_buffer(len(answer))[: len(answer)] = answer
    protocol.buffer_updated(len(answer))
    connection.close()
    await waiter
    for _ in range(3):
        await asyncio.sleep(0)


def run_with_errors(work: Callable[[], Any], handler: Any) -> None:
    """Run work in an event loop of uvloop with this handler of its errors."""

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(handler)
        await work()

    uvloop.run(run())


def test_a_connection_that_is_closed_in_its_handshake_is_no_error_in_the_log(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], caplog: pytest.LogCaptureFixture
) -> None:
    """Without the handler it is, with the lines of uvloop's code: this test notices if uvloop mends it."""
    run_with_errors(lambda: close_during_handshake(*contexts), None)
    [error] = [entry for entry in caplog.records if entry.levelno >= logging.ERROR]
    assert (error.name, error.exc_info and error.exc_info[0]) == ("asyncio", RuntimeError)
    caplog.clear()

    run_with_errors(lambda: close_during_handshake(*contexts), logs.handle_loop_error)

    assert [entry for entry in caplog.records if entry.levelno > logging.DEBUG] == []


@pytest.mark.parametrize("is_closed", [False, True])
def test_every_other_error_of_the_event_loop_is_logged(
    *, is_closed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in a callback, and errors of connections that are open or of another protocol."""
    connection = Connection()
    if is_closed:
        connection.close()

    async def fail() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)
        tls = SSLProtocol(loop, asyncio.Protocol(), ssl.create_default_context(), loop.create_future())
        error = RuntimeError("another one") if not is_closed else ValueError("another one")
        for protocol in (tls, asyncio.Protocol()):
            context = {"message": "failed", "exception": error, "transport": connection, "protocol": protocol}
            loop.call_exception_handler(context)
        loop.call_exception_handler({"message": "without an exception"})

    run_with_errors(fail, logs.handle_loop_error)

    errors = [entry for entry in caplog.records if entry.levelno >= logging.ERROR]
    assert [entry.name for entry in errors] == ["asyncio"] * 4
