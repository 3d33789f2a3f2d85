"""The one HTTP client: one origin, no cookies, no redirects, no endless answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from pydantic import AnyHttpUrl
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.reading import MAX_BODY_BYTES
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.http import create_client

HERE = (ip_network("127.0.0.0/8"),)


class Vendor(Sandbox):
    """A vendor that tries what vendors should not."""

    kind = "odd"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/headers", self._headers),
            Route("/cookie", self._cookie),
            Route("/away", lambda _: RedirectResponse("/headers")),
            Route("/long/{size:int}", self._long),
            Route("/packed", lambda _: Response(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})),
        ]

    def settings(self) -> dict[str, Any]:
        return {"base_url": self.url}

    def known_keys(self, kind: str) -> list[str]:
        return []

    def throttled_response(self) -> Response:
        return Response(status_code=429)

    async def _headers(self, request: Request) -> Response:
        return JSONResponse(dict(request.headers))

    async def _cookie(self, _: Request) -> Response:
        response = JSONResponse({})
        response.set_cookie("session", "of-the-first-viewer")
        return response

    async def _long(self, request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(request.path_params["size"] // 1024):
                yield b"x" * 1024

        return StreamingResponse(body())


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    """The vendor, answering."""
    made = Vendor()
    with served(made):
        yield made


def ask(vendor: Sandbox, calls: list[None] | None = None) -> httpx.AsyncClient:
    """A client of that vendor."""
    settings = AdapterSettings(base_url=AnyHttpUrl(vendor.url), networks=HERE)
    return create_client(settings, lambda: None if calls is None else calls.append(None))


async def test_it_says_what_it_is_and_what_it_can_unpack(vendor: Vendor) -> None:
    """A vendor can tell our requests from others, and pack its answers in the one way we unpack."""
    async with ask(vendor) as http:
        headers = (await http.get("/headers")).json()

    assert headers["user-agent"].startswith("student-graph/")
    assert headers["accept-encoding"] == "gzip"


@pytest.mark.row("A24")
async def test_no_cookie_is_kept(vendor: Vendor) -> None:
    """What a vendor sets on one viewer's answer is not sent with the next one's request."""
    async with ask(vendor) as http:
        await http.get("/cookie")
        headers = (await http.get("/headers")).json()

    assert "cookie" not in headers


@pytest.mark.row("A25")
async def test_no_redirect_is_followed(vendor: Vendor) -> None:
    """A redirect is an answer like any other."""
    async with ask(vendor) as http:
        answer = await http.get("/away")

    assert answer.status_code == 307


@pytest.mark.row("C04")
async def test_another_origin_is_asked_nothing(vendor: Vendor) -> None:
    """An address elsewhere is refused before anything is sent, whoever gave it to the adapter."""
    other = Vendor()
    with served(other):
        async with ask(vendor) as http:
            with pytest.raises(PayloadError):
                await http.get(f"{other.url}/headers", headers={"X-Api-Key": "secret"})

    assert other.requests == []


async def test_an_answer_may_be_as_long_as_the_limit(vendor: Vendor) -> None:
    """The limit itself is allowed."""
    async with ask(vendor) as http:
        answer = await http.get(f"/long/{MAX_BODY_BYTES}")

    assert len(answer.content) == MAX_BODY_BYTES


async def test_a_longer_answer_is_refused(vendor: Vendor) -> None:
    """One that does not say its length is cut where the limit is."""
    async with ask(vendor) as http:
        with pytest.raises(PayloadError):
            await http.get(f"/long/{MAX_BODY_BYTES + 1024}")


async def test_an_answer_that_cannot_be_unpacked_is_refused(vendor: Vendor) -> None:
    """It says that it is packed, and ends before anything is."""
    async with ask(vendor) as http:
        with pytest.raises(PayloadError):
            await http.get("/packed")


async def test_each_request_is_counted(vendor: Vendor) -> None:
    """Requests that leave are counted; refused ones do not leave."""
    calls: list[None] = []
    async with ask(vendor, calls) as http:
        await http.get("/headers")
        await http.get("/headers")
        with pytest.raises(PayloadError):
            await http.get("http://127.0.0.1:1/")

    assert len(calls) == 2


@pytest.mark.row("C08")
async def test_the_environment_sends_nothing_through_a_proxy(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the environment would see every record."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with ask(vendor) as http:
        answer = await http.get("/headers")

    assert answer.status_code == 200


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextlib.asynccontextmanager
async def hanging_up(connections: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """The address of a vendor that closes so many connections instead of answering, and the requests it got."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        if len(got) > connections:
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}", got


@pytest.mark.row("A06")
async def test_a_connection_that_was_just_closed_costs_nothing() -> None:
    """A06: a vendor that closes before its answer is asked once more, and the question has its answer."""
    calls: list[None] = []
    async with hanging_up(1) as (url, got):
        settings = AdapterSettings(base_url=AnyHttpUrl(url), networks=HERE)
        async with create_client(settings, lambda: calls.append(None)) as http:
            assert (await http.get("/students")).json() == {}

    assert (len(got), len(calls)) == (2, 2)


async def test_a_vendor_that_always_hangs_up_is_asked_a_few_times_and_no_more() -> None:
    """And what is no question is never sent again."""
    async with (
        hanging_up(9) as (url, got),
        create_client(AdapterSettings(base_url=AnyHttpUrl(url), networks=HERE), lambda: None) as http,
    ):
        with pytest.raises(httpx.ReadError):
            await http.get("/students")
        assert len(got) == 2
        with pytest.raises(httpx.ReadError):
            await http.post("/token", content=b"x")
        assert len(got) == 3
