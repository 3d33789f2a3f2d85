"""Credentials and limits of one district's vendor are never those of another's, also on one server."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.http import gate_of
from student_graph.gateway.server.service import Application

TOKENS = {"hill": "h" * 40, "dale": "d" * 40}
"""Of the vendors of two districts."""


@contextlib.asynccontextmanager
async def vendor() -> AsyncIterator[tuple[int, list[tuple[str, str]]]]:
    """The port of a vendor of both districts, and the account in the path and the credentials of each request."""
    received: list[tuple[str, str]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                credentials = {name.lower(): value for name, value in fields.items()}.get("authorization", "")
                received.append((head.split("/")[1], credentials))
                writer.write(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
                )
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], received
    finally:
        server.close()
        await server.wait_closed()


def settings(port: int) -> str:
    """Settings for both districts, whose accounts at the vendor differ by path."""
    lines = ["[cache]\ncalendars = false\n[disclosure]\nkey_env = 'KEY'"]
    for district in TOKENS:
        lines.append(f'[[districts]]\nid = "{district}"\nname = "{district}"\ntime_zone = "UTC"')
        lines.append(f'[[districts.sources]]\nname = "lms"\nkind = "canvas"\ntoken_env = "{district.upper()}"')
        lines.append(f'base_url = "http://127.0.0.1:{port}/{district}"\nnetworks = ["127.0.0.0/8"]')
    lines.append('[[viewers]]\nsubject = "ada"\nrole = "superintendent"\ndistricts = ["hill"]\ntoken_env = "ADA"')
    return "\n".join(lines)


async def test_credentials_reach_the_vendor_of_their_own_district_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One vendor serves both districts under two paths of one server: no request has the other one's token."""
    for name, value in {"HILL": TOKENS["hill"], "DALE": TOKENS["dale"], "ADA": "a" * 40}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KEY", base64.b64encode(b"k" * 32).decode())
    path = tmp_path / "gateway.toml"
    async with vendor() as (port, received):
        path.write_text(settings(port))
        application = Application(ServiceLoader(path).start())
        clients = [source.adapter.http for source in application.pipeline.sources]
        adapters = [source.adapter for source in application.pipeline.sources] * 5
        await asyncio.gather(*(adapter.check() for adapter in adapters), return_exceptions=True)
        assert set(received) == {(district, f"Bearer {token}") for district, token in TOKENS.items()}
        assert len({id(client) for client in clients}) == len({id(gate_of(client)) for client in clients}) == 2
        await application.close()
